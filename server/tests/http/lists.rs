//! Lists: every page size leads through the same list, and every filter lets through what it says.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Client;
use crate::history::{self, postings, text};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

const LISTS: [&str; 6] = [
    "/v1/ledgers",
    TRANSACTIONS,
    "/v1/ledgers/main/accounts",
    "/v1/ledgers/main/accounts/users:1/entries",
    "/v1/ledgers/main/balances?depth=2",
    "/v1/ledgers/main/log",
];

/// Adds parameters to a path that may have some.
fn with(path: &str, parameters: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    if parameters.is_empty() { path.to_owned() } else { format!("{path}{joint}{parameters}") }
}

/// Gets a list on one page, and checks that it is all of it.
fn whole(client: &mut Client, path: &str) -> Vec<Value> {
    let reply = client.get(&with(path, "limit=1000"));
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    let page = reply.json();
    assert_eq!(page["next_cursor"], json!(null), "{path}");
    page["items"].as_array().unwrap().clone()
}

/// Walks through a list, page by page.
fn walked(client: &mut Client, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let page = client.get(&with(&with(path, &format!("limit={limit}")), &next)).json();
        let found = page["items"].as_array().unwrap_or_else(|| panic!("{path}: {page}"));
        assert!(found.len() <= limit, "{path}");
        items.extend_from_slice(found);
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        assert_eq!(found.len(), limit, "{path}: only the last page of a short list is short");
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
        next = format!("cursor={cursor}");
    }
}

/// Walks with small pages, and compares with the whole.
fn leads_to_all(client: &mut Client, path: &str) -> Vec<Value> {
    let all = whole(client, path);
    for limit in [1, 2, 7] {
        assert_eq!(walked(client, path, limit), all, "{path} with limit={limit}");
    }
    all
}

#[test]
fn every_list_is_the_same_whatever_the_page() {
    let site = Site::start();
    history::write(&site);
    for name in ["b", "c", "d", "e", "f", "g", "h", "i"] {
        site.post("/v1/ledgers", &json!({ "name": name }));
    }
    for path in LISTS {
        let all = leads_to_all(&mut site.connect(), path);
        assert!(all.len() > 7, "{path} has more than one page");
        let standard = site.json(path);
        assert_eq!(standard["items"], json!(all), "{path}");
    }
}

#[test]
fn a_page_has_fifty_items_where_nobody_says_otherwise() {
    let site = Site::start();
    let postings: Vec<_> = (0..60).map(|n| posting("world", &format!("users:{n:02}"), "USD/2", 1)).collect();
    site.transact(&json!({ "postings": postings }));
    let page = site.json("/v1/ledgers/main/accounts?prefix=users:");
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    let cursor = text(&page, "next_cursor");
    let rest = site.json(&format!("/v1/ledgers/main/accounts?prefix=users:&cursor={cursor}"));
    assert_eq!(rest["items"].as_array().unwrap().len(), 10);
    assert_eq!(rest["next_cursor"], json!(null));
    let lines = site.json("/v1/ledgers/main/accounts/world/entries");
    assert_eq!(lines["items"].as_array().unwrap().len(), 50, "lines of one transaction are paged too");
    assert_eq!(leads_to_all(&mut site.connect(), "/v1/ledgers/main/accounts/world/entries").len(), 60);
}

#[test]
fn an_empty_list_is_an_empty_page() {
    let site = Site::start();
    for path in
        [TRANSACTIONS, "/v1/ledgers/main/accounts", "/v1/ledgers/main/balances", "/v1/ledgers/main/log"]
    {
        assert_eq!(site.json(path), json!({ "items": [], "next_cursor": null }), "{path}");
    }
}

/// Transactions as the filters in a query should let them through, in the order that it asks for.
fn expected(log: &[Value], query: &[&str]) -> Vec<Value> {
    let query: Vec<&str> = query.iter().flat_map(|part| part.split('&')).collect();
    let value = |name: &str| query.iter().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let clock = if value("clock") == Some("effective") { "effective_at" } else { "recorded_at" };
    let names = |pattern: Option<&str>, address: &str| match pattern {
        None => true,
        Some(pattern) => match pattern.strip_suffix('*').unwrap_or(pattern) {
            under if under.ends_with(':') => address.starts_with(under),
            exactly => address == exactly,
        },
    };
    let mut found: Vec<Value> = log
        .iter()
        .filter(|transaction| {
            let time = text(transaction, clock);
            postings(transaction).any(|posting| {
                let (source, destination) = (text(posting, "source"), text(posting, "destination"));
                names(value("source"), source)
                    && names(value("destination"), destination)
                    && (names(value("account"), source) || names(value("account"), destination))
                    && value("asset").is_none_or(|asset| text(posting, "asset") == asset)
            }) && value("reference").is_none_or(|wanted| transaction["reference"] == wanted)
                && value("metadata[kind]").is_none_or(|wanted| transaction["metadata"]["kind"] == wanted)
                && value("from").is_none_or(|from| from <= time)
                && value("to").is_none_or(|to| time < to)
        })
        .cloned()
        .collect();
    // Texts of UTC times are in the order of the times; sorting keeps the order of the log among equals.
    found.sort_by_key(|transaction| text(transaction, clock).to_owned());
    if value("order") != Some("asc") {
        found.reverse();
    }
    found
}

/// What each filter is tried with.
fn filters(log: &[Value]) -> Vec<Vec<String>> {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let recorded = |index: usize| text(&log[index], "recorded_at").to_owned();
    vec![
        owned(&["", "account=users:1", "account=users:", "account=shops:*"]),
        owned(&["", "source=world", "source=users:*"]),
        owned(&["", "destination=shops:7", "destination=users:2:"]),
        owned(&["", "asset=USD/2", "asset=EUR/2"]),
        owned(&["", "reference=order-4"]),
        owned(&["", "metadata[kind]=buy"]),
        vec![
            String::new(),
            "from=2026-01-01T00:00:00.000000Z".into(),
            "to=2026-02-01T00:00:00.000000Z".into(),
            "from=2026-01-01T00:00:00.000000Z&to=2026-02-01T00:00:00.000000Z".into(),
            format!("from={}&to={}", recorded(5), recorded(12)),
            format!("from={0}&to={0}", recorded(5)),
        ],
    ]
}

const CLOCKS_AND_ORDERS: [[&str; 2]; 4] =
    [["", ""], ["", "order=asc"], ["clock=effective", ""], ["clock=effective", "order=asc"]];

fn is_as_expected(client: &mut Client, log: &[Value], query: &[&str], walk: bool) -> usize {
    let parameters: Vec<&str> = query.iter().copied().filter(|part| !part.is_empty()).collect();
    let path = with(TRANSACTIONS, &parameters.join("&"));
    let found = if walk { leads_to_all(client, &path) } else { whole(client, &path) };
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].to_string()).collect::<Vec<_>>().join(" ");
    let expected = expected(log, &parameters);
    assert_eq!(ids(&found), ids(&expected), "{path}");
    assert_eq!(found, expected, "{path}");
    found.len()
}

#[test]
fn each_filter_alone_lets_through_what_it_says_on_both_clocks_and_in_both_orders() {
    let site = Site::start();
    let log = history::write(&site);
    let mut client = site.connect();
    for values in filters(&log) {
        for value in &values {
            // Held against the description of the API, too.
            site.json(&with(TRANSACTIONS, value));
            for [clock, order] in CLOCKS_AND_ORDERS {
                is_as_expected(&mut client, &log, &[value, clock, order], true);
            }
        }
    }
}

#[test]
fn filters_together_let_through_what_all_of_them_do() {
    let site = Site::start();
    let log = history::write(&site);
    let mut client = site.connect();
    let filters = filters(&log);
    let combinations: usize = filters.iter().map(Vec::len).product();
    let mut not_empty = 0;
    // A step that has no factor in common with any of the lengths reaches all sorts of combinations.
    for choice in (0..combinations).step_by(5) {
        let mut rest = choice;
        let mut query: Vec<&str> = Vec::new();
        for values in &filters {
            query.push(&values[rest % values.len()]);
            rest /= values.len();
        }
        query.extend(CLOCKS_AND_ORDERS[choice % 4]);
        not_empty += usize::from(is_as_expected(&mut client, &log, &query, choice % 11 == 0) > 0);
    }
    assert!(not_empty > 100, "{not_empty} of them found something");
}

#[test]
fn a_colon_at_the_end_means_everything_under_an_address_and_not_the_address() {
    let site = Site::start();
    history::write(&site);
    let ids = |query: &str| -> Vec<Value> {
        let page = site.json(&with(TRANSACTIONS, query));
        page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
    };
    assert_eq!(ids("account=users"), [5, 4]);
    assert_eq!(ids("account=users:"), ids("account=users:*"));
    assert_eq!(ids("account=users%3A"), ids("account=users:"));
    assert_eq!(ids("account=users:"), [14, 11, 10, 9, 8, 7, 3, 2, 1, 0]);
    assert_eq!(ids("account=users:2:"), [9, 8, 7, 1]);
    assert_eq!(ids("account=users:2"), [0; 0]);
    assert_eq!(ids("account=shops:7"), [17, 16, 12, 11, 7, 6, 5, 2], "and not shops:70");
    assert_eq!(ids("source=users:&destination=users:"), [9], "on either side of one posting");
    assert_eq!(ids("account=nobody:"), [0; 0]);
}

#[test]
fn filters_hold_for_one_and_the_same_posting() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 10);
    site.transact(&json!({ "postings": [posting("world", "b", "EUR/2", 1), posting("a", "c", "USD/2", 1)] }));
    let count = |query: &str| site.json(&with(TRANSACTIONS, query))["items"].as_array().unwrap().len();
    assert_eq!(count("destination=b&asset=EUR/2"), 1);
    assert_eq!(count("destination=b&asset=USD/2"), 0);
    assert_eq!(count("source=world&destination=c"), 0);
    assert_eq!(count("account=a&destination=c&asset=USD/2"), 1);
}

#[test]
fn metadata_filters_all_have_to_hold() {
    let site = Site::start();
    history::write(&site);
    let count = |query: &str| site.json(&with(TRANSACTIONS, query))["items"].as_array().unwrap().len();
    assert_eq!(count("metadata[kind]=move"), 2);
    assert_eq!(count("metadata[kind]=move&metadata[first%20letter]=m"), 2);
    assert_eq!(count("metadata[kind]=move&metadata[first%20letter]=b"), 0);
    assert_eq!(count("metadata[kind]="), 0, "a value that is empty is a value");
    assert_eq!(count("metadata[other]=move"), 0);
}

#[test]
fn a_cursor_leads_through_its_own_list_only() {
    let site = Site::start();
    history::write(&site);
    let first = site.json(&with(TRANSACTIONS, "account=users:1&limit=2"));
    let cursor = format!("cursor={}", text(&first, "next_cursor"));
    assert_snapshot!(shown(&site.get(&with(TRANSACTIONS, &cursor))), @r#"
    400
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#request.invalid",
      "title": "The request is malformed",
      "status": 400,
      "code": "request.invalid",
      "request_id": "[id]",
      "errors": [
        {
          "field": "cursor",
          "message": "is of another list; keep path and filters as they were, or start without it"
        }
      ]
    }
    "#);
    site.post("/v1/ledgers", &json!({ "name": "other" }));
    for path in [
        with(TRANSACTIONS, "account=users:2:wallet"),
        with(TRANSACTIONS, "account=users:1&asset=USD/2"),
        with(TRANSACTIONS, "account=users:1&order=asc"),
        with(TRANSACTIONS, "account=users:1&clock=effective"),
        with(TRANSACTIONS, "source=users:1"),
        "/v1/ledgers/other/transactions?account=users:1".to_owned(),
        "/v1/ledgers/main/accounts".to_owned(),
        "/v1/ledgers/main/accounts/users:1/entries".to_owned(),
        "/v1/ledgers/main/balances".to_owned(),
        "/v1/ledgers/main/log".to_owned(),
        "/v1/ledgers".to_owned(),
    ] {
        let reply = site.get(&with(&path, &cursor));
        assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{path}");
        assert_eq!(reply.json()["errors"][0]["field"], "cursor", "{path}");
    }
    // Another page size, and another order of the parameters, are the same list.
    let rest = site.json(&with(TRANSACTIONS, &format!("limit=1000&{cursor}&account=users:1")));
    let both = [&first["items"], &rest["items"]].map(|items| items.as_array().unwrap().clone()).concat();
    assert_eq!(both, whole(&mut site.connect(), &with(TRANSACTIONS, "account=users:1")));
}

#[test]
fn what_comes_in_the_meantime_neither_repeats_nor_hides_anything() {
    let site = Site::start();
    let before = history::write(&site);
    let mut client = site.connect();
    for order in ["asc", "desc"] {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = client.get(&with(TRANSACTIONS, &format!("order={order}&limit=5{cursor}"))).json();
            ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
            if ids.len() < 30 {
                site.pay("world", "late", "USD/2", 1);
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), ids.len(), "{order}: {ids:?}");
        for transaction in &before {
            assert!(ids.contains(&transaction["id"].as_u64().unwrap()), "{order}: {ids:?}");
        }
    }
}
