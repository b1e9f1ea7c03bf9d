//! Tags: what a client has is not sent to it again.

use serde_json::{Value, json};

use crate::contract::operations;
use crate::harness::Request;
use crate::reads::{path, seeded};
use crate::site::Site;

#[test]
fn whatever_the_document_says_has_a_tag_is_not_sent_to_who_has_it() {
    let site = seeded();
    let mut tagged = 0;
    for (_, operation) in operations().filter(|(method, _)| *method == "get") {
        let path = path(&operation);
        let fresh = site.get(&path);
        let responses = operation.responses();
        let is_tagged = responses.get("304").is_some();
        assert_eq!(fresh.header("etag").is_some(), is_tagged && fresh.status == 200, "{path}");
        assert_eq!(responses["200"]["headers"].get("ETag").is_some(), is_tagged, "{path}");
        let Some(tag) = fresh.header("etag") else { continue };
        tagged += 1;
        let again = site.call(&Request::get(&path).header("if-none-match", tag));
        assert_eq!((again.status, again.bytes.len(), again.header("etag")), (304, 0, Some(tag)), "{path}");
        assert!(again.header("x-request-id").is_some(), "{path}");
        assert_eq!(again.header("cache-control"), fresh.header("cache-control"), "{path}");
        let head = site.call(&Request::new("HEAD", &path).header("if-none-match", tag));
        assert_eq!(head.status, 304, "{path}");
    }
    assert!(tagged > 20, "{tagged}");
}

#[test]
fn a_tag_goes_with_what_is_there() {
    let site = Site::start();
    let pay = || site.pay("world", "a", "USD/2", 5);
    pay();
    let account = "/v1/ledgers/main/accounts/a";
    let tag = site.get(account).header("etag").unwrap().to_owned();
    let known = || site.call(&Request::get(account).header("if-none-match", &tag));
    site.pay("world", "b", "USD/2", 5);
    assert_eq!(known().status, 304, "another account is not this one");
    pay();
    let reply = known();
    assert_eq!((reply.status, &reply.json()["balances"][0]["posted"]), (200, &json!("10")));
    assert_ne!(reply.header("etag"), Some(&*tag));
}

#[test]
fn an_entry_keeps_its_tag_until_something_is_said_of_it() {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    let path = "/v1/ledgers/main/transactions/0";
    let tag = || site.get(path).header("etag").unwrap().to_owned();
    let before = tag();
    site.pay("world", "a", "USD/2", 5);
    assert_eq!(tag(), before);
    assert_eq!(site.post(&format!("{path}/reversals"), &json!({})).status, 201);
    assert_ne!(tag(), before);
}

#[test]
fn a_problem_is_told_whatever_a_client_has() {
    let site = Site::start();
    let any = |path: &str| site.call(&Request::get(path).header("if-none-match", "*"));
    assert_eq!(any("/v1/ledgers/main").status, 304);
    for (path, status) in [("/v1/ledgers/none", 404), ("/v1/ledgers?limit=0", 400)] {
        let reply = any(path);
        assert_eq!((reply.status, reply.header("etag")), (status, None), "{path}");
        assert!(reply.json().get("code").is_some_and(Value::is_string), "{path}");
    }
}

#[test]
fn a_key_that_is_no_good_is_told_so_whatever_it_has() {
    let site = Site::start();
    let request = Request::get("/v1/ledgers/main").header("if-none-match", "*").key("florin_nobody");
    assert_eq!(site.call(&request).status, 401);
}
