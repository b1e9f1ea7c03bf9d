//! Statements on each store, of an odd history: every account, by either clock.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Client;
use crate::oddities;
use crate::place::Place;

/// Moments between which, and before and after which, transactions count.
const BOUNDS: [&str; 5] = [
    "0001-01-01T00:00:00.000001Z",
    "1400-01-01T00:00:00Z",
    "2024-02-29T12:00:00.000001Z",
    "2025-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
];

fn number(value: &Value) -> i128 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

/// Reads a statement, checks that it adds up, and returns its opening and closing balances by asset.
fn read(client: &mut Client, account: &str, query: &str) -> BTreeMap<String, (i128, i128)> {
    let reply = client.get(&format!("/v1/ledgers/main/accounts/{account}/statement?{query}"));
    assert_eq!(reply.status, 200, "{reply:?}");
    let mut balances = BTreeMap::new();
    for section in reply.json()["assets"].as_array().unwrap() {
        let opening = number(&section["opening"]);
        let mut balance = opening;
        for line in section["lines"].as_array().unwrap() {
            let amount = number(&line["amount"]);
            balance += if line["direction"] == "credit" { amount } else { -amount };
            assert_eq!(number(&line["balance"]), balance, "{account} {query} {line}");
        }
        let closing = number(&section["closing"]);
        assert_eq!(closing, balance, "{account} {query}");
        balances.insert(section["asset"].as_str().unwrap().to_owned(), (opening, closing));
    }
    balances
}

#[test]
fn periods_that_follow_each_other_lead_from_nothing_to_the_balance_of_the_account() {
    for place in Place::on_each() {
        let service = place.start();
        oddities::write(&service, &mut fastrand::Rng::with_seed(10), 150);
        let mut client = service.connect();
        let accounts = client.get("/v1/ledgers/main/accounts?limit=1000").json();
        for account in accounts["items"].as_array().unwrap() {
            let address = account["address"].as_str().unwrap();
            for clock in ["recorded", "effective"] {
                let clock = format!("clock={clock}");
                let mut last = read(&mut client, address, &format!("{clock}&to={}", BOUNDS[0]));
                assert!(last.values().all(|(opening, _)| *opening == 0));
                for pair in BOUNDS.windows(2) {
                    let next =
                        read(&mut client, address, &format!("{clock}&from={}&to={}", pair[0], pair[1]));
                    assert!(next.iter().all(|(asset, (opening, _))| *opening == last[asset].1), "{address}");
                    last = next;
                }
                let end = read(&mut client, address, &format!("{clock}&from={}", BOUNDS[4]));
                assert!(end.iter().all(|(asset, (opening, _))| *opening == last[asset].1), "{address}");
                let now = account["balances"].as_array().unwrap().iter().map(|balance| {
                    (balance["asset"].as_str().unwrap().to_owned(), number(&balance["posted"]))
                });
                let closing = end.into_iter().map(|(asset, (_, closing))| (asset, closing));
                assert_eq!(closing.collect::<BTreeMap<_, _>>(), now.collect(), "{address} {clock}");
            }
        }
    }
}
