//! Good requests with a few bytes changed, at random: whatever comes of it, it is one of the answers that
//! are meant, and the ledger adds up.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::contract;
use crate::harness::Request;
use crate::site::{Site, TRANSACTIONS};

const BODY: &str = r#"{"postings":[{"source":"world","destination":"users:42:w","asset":"USD/2","amount":"1250"},{"source":"users:42:w","destination":"b","asset":"USD/2","amount":12}],"effective_at":"2026-01-31T12:00:00Z","metadata":{"a":"1","b":"\u00e4"},"dry_run":false}"#;

const PATHS: [&str; 4] = [
    "/v1/ledgers/main/transactions?account=users:*&from=2026-01-01T00:00:00Z&metadata[a]=1&limit=3&order=asc",
    "/v1/ledgers/main/accounts/users:42:w/entries?asset=USD/2&limit=2&clock=effective",
    "/v1/ledgers/main/balances?depth=2&prefix=us",
    "/v1/ledgers/main/log?after=3&cursor=AQAAAAAAAAAA",
];

/// What is put in somewhere: what has a meaning to some reader on the way.
const PIECES: [&[u8]; 24] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"1e5",
    b"-",
    b"0",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\0",
    b" ",
    b"%",
    b"%00",
    b"&",
    b"=",
    b"340282366920938463463374607431768211456",
    b"amount",
];

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Insert(Index, &'static [u8]),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (place(), select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (place(), 1..12_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (place(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let until = |at: usize, length: usize| (at + length).min(bytes.len());
        match change {
            Change::Replace(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Replace(..) => {}
            Change::Insert(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            Change::Remove(at, length) => {
                let at = at.index(bytes.len() + 1);
                let end = until(at, *length);
                bytes.drain(at..end);
            }
            Change::Repeat(at, length) => {
                let at = at.index(bytes.len() + 1);
                let again = bytes[at..until(at, *length)].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

fn any_request() -> impl Strategy<Value = Vec<u8>> {
    let changes = || proptest::collection::vec(any_change(), 1..6);
    let write = changes()
        .prop_map(|changes| Request::post(TRANSACTIONS).json("").body(changed(BODY, &changes)).bytes());
    let read = (select(&PATHS[..]), changes()).prop_map(|(path, changes)| {
        [b"GET ", &*changed(path, &changes), b" HTTP/1.1\r\nhost: h\r\n\r\n"].concat()
    });
    prop_oneof![write, read]
}

#[test]
fn a_request_that_was_damaged_on_its_way_is_refused_or_taken_whole() {
    let site = Site::start();
    let recorded = Cell::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any_request(), |request| {
        let mut client = site.connect();
        client.try_send(&request).unwrap();
        let reply = client.reply();
        match reply.status {
            200 => {}
            201 => recorded.set(recorded.get() + 1),
            400 | 404 | 405 | 422 => prop_assert_eq!(contract::fault_of_problem(&reply), None),
            status => prop_assert!(false, "{status}: {reply:?}"),
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(site.entries(), recorded.get());
    let mut sums = std::collections::BTreeMap::<String, i128>::new();
    for group in site.json("/v1/ledgers/main/balances?limit=1000")["items"].as_array().unwrap() {
        for balance in group["balances"].as_array().unwrap() {
            let text = |member: &str| balance[member].as_str().map(str::to_owned).unwrap_or_default();
            *sums.entry(text("asset")).or_default() += text("posted").parse::<i128>().unwrap();
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
}
