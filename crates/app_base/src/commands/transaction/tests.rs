//! What requests to create a transaction are read as, and how the others are refused.

use std::collections::BTreeSet;

use ledger::{Address, Amount, Asset, Posting};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::http::json::read_body;

const POSTING: &str = r#"{"source": "world", "destination": "users:42", "asset": "USD/2", "amount": "1250"}"#;

fn read(body: &str) -> Result<CreateTransactionRequest, Vec<String>> {
    let mut errors = FieldErrors::default();
    match read_body(body.as_bytes(), &mut errors) {
        Some(request) if errors.is_empty() => Ok(request),
        _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
    }
}

fn with(rest: &str) -> String {
    format!(r#"{{"postings": [{POSTING}]{rest}}}"#)
}

fn posting(source: &str, destination: &str, amount: u64) -> Posting {
    Posting::new(
        Address::parse(source).unwrap(),
        Address::parse(destination).unwrap(),
        Asset::parse("USD/2").unwrap(),
        Amount::from(amount),
    )
    .unwrap()
}

fn micros(text: &str) -> i64 {
    let request = read(&with(&format!(r#", "effective_at": "{text}""#))).unwrap();
    request.effective_at.unwrap().micros()
}

#[test]
fn postings_alone_make_a_request() {
    let request = read(&with("")).unwrap();
    assert_eq!(request.postings.as_slice(), [posting("world", "users:42", 1250).into()]);
    assert!(request.expect.as_slice().is_empty());
    assert_eq!((request.reference, request.effective_at, request.dry_run), (None, None, false));
    assert!(request.metadata.is_empty());
}

#[test]
fn a_full_request_becomes_the_command_that_it_says() {
    let request = read(&with(
        r#", "reference": "order-1001", "effective_at": "2026-01-31T13:00:00+01:00",
            "metadata": {"order": "1001"}, "dry_run": true,
            "expect": [{"account": "users:42", "asset": "USD/2", "posted": {"at_least": "1250"}}]"#,
    ))
    .unwrap();
    assert!(request.dry_run);
    let Command::PostTransaction(command) = Command::from(request) else { panic!("it moves money") };
    assert_eq!(command.postings.as_slice(), [posting("world", "users:42", 1250).into()]);
    assert_eq!(command.expectations.as_slice()[0].bounds().posted.at_least, Some(1250));
    assert_eq!(command.reference.unwrap().as_str(), "order-1001");
    assert_eq!(command.effective_at.unwrap().micros(), 1_769_860_800_000_000);
    assert_eq!(command.metadata.get("order"), Some("1001"));
}

#[test]
fn times_keep_their_microseconds() {
    assert_eq!(micros("2026-01-31T12:00:00.000001Z") - micros("2026-01-31T12:00:00Z"), 1);
}

#[test]
fn postings_keep_their_order_up_to_a_thousand() {
    let postings = |count: u64| {
        let each = |n| format!(r#"{{"source":"world","destination":"a","asset":"USD/2","amount":{n}}}"#);
        format!(r#"{{"postings": [{}]}}"#, (0..count).map(each).collect::<Vec<_>>().join(","))
    };
    let request = read(&postings(1000)).unwrap();
    let amounts = request.postings.as_slice().iter().map(Posting::amount);
    assert!(amounts.eq((0..1000).map(|n| Quantity::Exactly(Amount::from(n)))));
    assert_eq!(read(&postings(1001)).unwrap_err(), ["postings"]);
}

#[test]
fn every_fault_is_named() {
    let same = r#"{"source": "a", "destination": "a", "asset": "USD/2", "amount": 1}"#;
    let up_to_nothing = r#"{"source": "a", "destination": "b", "asset": "USD/2", "amount": {}}"#;
    for (body, fields) in [
        ("{}".to_owned(), &["postings"][..]),
        (r#"{"postings": null}"#.into(), &["postings"]),
        (r#"{"postings": []}"#.into(), &["postings"]),
        (r#"{"postings": {}}"#.into(), &["postings"]),
        (r#"{"postings": [1, null]}"#.into(), &["postings[0]", "postings[1]"]),
        (
            r#"{"postings": [{}]}"#.into(),
            &["postings[0].source", "postings[0].destination", "postings[0].asset", "postings[0].amount"],
        ),
        (
            format!(
                r#"{{"postings": [{POSTING}, {{"source": "a b", "destination": "", "asset": "usd", "amount": -1, "memo": 1}}]}}"#
            ),
            &[
                "postings[1].source",
                "postings[1].destination",
                "postings[1].asset",
                "postings[1].amount",
                "postings[1].memo",
            ],
        ),
        (format!(r#"{{"postings": [{same}]}}"#), &["postings[0].destination"]),
        (with(r#", "postings": []"#), &["postings"]),
        (with(r#", "reference": """#), &["reference"]),
        (with(r#", "reference": 1001"#), &["reference"]),
        (with(r#", "effective_at": 1769860800"#), &["effective_at"]),
        (with(r#", "effective_at": "2016-12-31T23:59:60Z""#), &["effective_at"]),
        (with(r#", "metadata": {"order": 1001, "tags": ["a"]}"#), &["metadata.order", "metadata.tags"]),
        (with(r#", "dry_run": 1"#), &["dry_run"]),
        (with(r#", "expected": [], "Reference": "a""#), &["expected", "Reference"]),
        (with(r#", "expect": {}"#), &["expect"]),
        (
            with(r#", "expect": [{"account": "a", "asset": "USD/2", "posted": {}}, {}]"#),
            &["expect[0].posted", "expect[1].account", "expect[1].asset", "expect[1]"],
        ),
        (format!(r#"{{"postings": [{up_to_nothing}]}}"#), &["postings[0].amount.up_to"]),
    ] {
        assert_eq!(read(&body).unwrap_err(), fields, "{body}");
    }
}

#[test]
fn the_schema_lists_what_is_read() {
    for (schema, body) in [
        (schemars::schema_for!(CreateTransactionRequest), with(r#", "nothing": 1"#)),
        (schemars::schema_for!(PostingRequest), r#"{"postings": [{"nothing": 1}]}"#.to_owned()),
    ] {
        let mut errors = FieldErrors::default();
        let _: Option<CreateTransactionRequest> = read_body(body.as_bytes(), &mut errors);
        let unknown = errors.as_slice().iter().find(|error| error.field.ends_with("nothing")).unwrap();
        let (_, known) = unknown.message.split_once("known here: ").unwrap();
        let properties = schema.get("properties").unwrap().as_object().unwrap();
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(
            names(properties.keys().map(String::as_str).collect()),
            names(known.split(", ").collect())
        );
    }
    let required = schemars::schema_for!(CreateTransactionRequest).get("required").cloned();
    assert_eq!(required, Some(json!(["postings"])));
}

proptest! {
    #[test]
    fn any_damage_to_a_request_is_read_or_refused(at in 0usize..100, byte in 0u8..128, cut in 0usize..200) {
        let mut body = with(r#", "reference": "a", "metadata": {"a": "b"}"#).into_bytes();
        let at = at % body.len();
        body[at] = byte;
        let mut errors = FieldErrors::default();
        let _: Option<CreateTransactionRequest> = read_body(&body, &mut errors);
        body.truncate(cut);
        let _: Option<CreateTransactionRequest> = read_body(&body, &mut errors);
    }
}
