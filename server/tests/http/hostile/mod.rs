//! Requests that no well-behaved client sends: each has its exact answer, and none changes the ledger.

mod bodies;
mod connections;
mod http2;
mod mutations;
mod requests;

use std::fmt::Write as _;

use serde_json::Value;

use crate::contract;
use crate::harness::{Reply, Request};
use crate::site::{Site, TRANSACTIONS};

/// A body that nothing is wrong with.
const GOOD: &str = r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"1"}]}"#;

/// Stands for more fields than a row could list; an answer lists a hundred at most.
const MANY: &str = "…";

/// What is sent.
enum Sent {
    /// A body to where transactions are created.
    Body(Vec<u8>),
    /// A path with its query, to be read.
    Get(String),
    /// Headers beside a good body.
    Headers(Vec<u8>),
    /// The whole request, byte for byte.
    Raw(Vec<u8>),
}

/// A request, and the answer that has to come.
struct Row {
    claim: &'static str,
    sent: Sent,
    status: u16,
    code: &'static str,
    /// The fields that the answer names, in order, where the request is malformed.
    fields: Option<&'static str>,
}

/// A request that is refused for what it is: malformed in these fields, and no others.
fn invalid(claim: &'static str, sent: Sent, fields: &'static str) -> Row {
    Row { claim, sent, status: 400, code: "request.invalid", fields: Some(fields) }
}

fn refused(claim: &'static str, sent: Sent, status: u16, code: &'static str) -> Row {
    Row { claim, sent, status, code, fields: None }
}

impl Sent {
    fn bytes(self) -> Vec<u8> {
        let post = |headers: &[u8]| {
            let start = format!("POST {TRANSACTIONS} HTTP/1.1\r\nhost: x\r\n");
            let end = format!("content-length: {}\r\n\r\n{GOOD}", GOOD.len());
            [start.as_bytes(), headers, end.as_bytes()].concat()
        };
        match self {
            Self::Body(body) => Request::post(TRANSACTIONS).json("").body(body).bytes(),
            Self::Headers(headers) => post(&headers),
            Self::Get(path) => Request::get(path).bytes(),
            Self::Raw(bytes) => bytes,
        }
    }
}

/// Says in what an answer is not the one that has to come.
fn fault(row: &Row, reply: &Reply) -> Option<String> {
    let problem: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
    let errors = problem["errors"].as_array();
    let fields =
        errors.map(|errors| errors.iter().map(|error| error["field"].as_str().unwrap()).collect::<Vec<_>>());
    let named = match (row.fields, &fields) {
        (None, None) => true,
        (Some(MANY), Some(fields)) => (60..=100).contains(&fields.len()),
        (Some(wanted), Some(fields)) => fields.join(" ") == wanted,
        _ => false,
    };
    let right = reply.status == row.status && problem["code"] == row.code && named;
    let Row { claim, status, code, fields, .. } = row;
    (!right).then(|| {
        let body: String = reply.body.chars().take(400).collect();
        format!("{claim}: wanted {status} {code} {fields:?}, got {} {body}", reply.status)
    })
}

fn each_has_its_answer(rows: Vec<Row>) {
    let site = Site::start();
    let mut wrong = String::new();
    for mut row in rows {
        let sent = std::mem::replace(&mut row.sent, Sent::Raw(Vec::new())).bytes();
        let fault = match site.connect().exchange(sent) {
            Ok(reply) => fault(&row, &reply).or_else(|| contract::fault_of_problem(&reply)),
            Err(error) => Some(format!("{}: no reply: {error}", row.claim)),
        };
        if let Some(fault) = fault {
            writeln!(wrong, "{fault}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(site.entries(), 0);
    assert_eq!(site.json("/v1/ledgers")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn amounts_that_are_none_are_refused() {
    each_has_its_answer(bodies::amounts());
}

#[test]
fn accounts_and_assets_that_are_none_are_refused() {
    each_has_its_answer(bodies::names());
}

#[test]
fn bodies_of_another_shape_are_refused() {
    each_has_its_answer(bodies::shapes());
}

#[test]
fn members_that_are_out_of_bounds_are_refused() {
    each_has_its_answer(bodies::members());
}

#[test]
fn headers_that_do_not_fit_are_refused() {
    each_has_its_answer(bodies::headers());
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    each_has_its_answer(requests::paths());
}

#[test]
fn queries_that_are_not_understood_are_refused() {
    each_has_its_answer(requests::queries());
}

#[test]
fn methods_that_a_path_does_not_take_are_refused() {
    each_has_its_answer(requests::methods());
}

#[test]
fn messages_that_are_not_http_are_refused() {
    each_has_its_answer(requests::messages());
}
