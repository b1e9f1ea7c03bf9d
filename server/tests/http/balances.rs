//! Balances summed over groups of accounts: whatever the groups, nothing is made and nothing is lost.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::Value;

use crate::history::{self, Sums, text};
use crate::shown::shown;
use crate::site::Site;

const BALANCES: &str = "/v1/ledgers/main/balances";

fn items(site: &Site, path: &str) -> Vec<Value> {
    site.json(path)["items"].as_array().unwrap().clone()
}

#[test]
fn balances_are_summed_by_the_first_segment_where_nobody_says_otherwise() {
    let site = Site::start();
    site.pay("world", "users:1", "USD/2", 300);
    site.pay("users:1", "users:2", "USD/2", 100);
    assert_snapshot!(shown(&site.get(BALANCES)), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "account": "users",
          "balances": [
            {
              "asset": "USD/2",
              "posted_in": "400",
              "posted_out": "100",
              "pending_in": "0",
              "pending_out": "0",
              "posted": "300",
              "available": "300"
            }
          ]
        },
        {
          "account": "world",
          "balances": [
            {
              "asset": "USD/2",
              "posted_in": "0",
              "posted_out": "300",
              "pending_in": "0",
              "pending_out": "0",
              "posted": "-300",
              "available": "-300"
            }
          ]
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[test]
fn groups_are_the_accounts_that_share_their_first_segments() {
    let site = Site::start();
    let log = history::write(&site);
    for depth in [1, 2, 3, 4, 128] {
        for prefix in ["", "u", "users", "users:", "users:2", "users:2:", "shops:7", "x"] {
            let group = |account: &str| {
                let segments: Vec<_> = account.split(':').take(depth).collect();
                account.starts_with(prefix).then(|| segments.join(":"))
            };
            let parameter = if prefix.is_empty() { String::new() } else { format!("&prefix={prefix}") };
            let path = format!("{BALANCES}?depth={depth}{parameter}");
            assert_eq!(items(&site, &path), Sums::of(&log, group).items("account"), "{path}");
        }
    }
}

#[test]
fn all_balances_of_an_asset_add_up_to_nothing() {
    let site = Site::start();
    history::write(&site);
    for depth in 1..=3 {
        let mut sums = BTreeMap::<String, (i64, i64)>::new();
        for group in items(&site, &format!("{BALANCES}?depth={depth}")) {
            for balance in group["balances"].as_array().unwrap() {
                let sum = sums.entry(text(balance, "asset").to_owned()).or_default();
                let number = |member| text(balance, member).parse::<i64>().unwrap();
                sum.0 += number("posted");
                sum.1 += number("posted_in") - number("posted_out");
            }
        }
        assert_eq!(sums.len(), 3, "{sums:?}");
        assert!(sums.values().all(|sum| *sum == (0, 0)), "{sums:?}");
    }
}
