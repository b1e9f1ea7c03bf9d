//! What is written reads back the same, and whatever else stands in a line is refused by the name of the member.

use std::collections::BTreeMap;

use ledger::{
    AccountChange, Capture, EntryBody, Floors, Frozen, Hold, Origin, Policy, Posting, Reference, Release,
    ReleaseCause, Reversal, Transaction, TransactionChange,
};
use serde_json::{Value as Json, json};

use super::super::{entry, ledger};
use super::*;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn usd() -> Asset {
    Asset::parse("USD/2").unwrap()
}

fn metadata() -> Metadata {
    Metadata::new([("k\"\\".to_owned(), "two\nlines 🜚\u{2028}".to_owned())].into()).unwrap()
}

fn header() -> Ledger {
    let name = LedgerName::parse("main").unwrap();
    Ledger { name, created_at: Timestamp::MIN, entries: EntryNumber(11), metadata: metadata() }
}

/// A record of each kind, and one with as little as there can be.
fn records() -> Vec<LogRecord> {
    let posting = Posting::new(address("world"), address("users:42"), usd(), Amount::MAX).unwrap();
    let balance = |account, balance| (BalanceKey { account: address(account), asset: usd() }, balance);
    let balances = vec![
        balance("users:42", Balance { posted_in: Amount::MAX, ..Balance::default() }),
        balance(
            "world",
            Balance {
                posted_out: Amount::from(5),
                pending_in: Amount::MAX,
                pending_out: Amount::from(7),
                ..Balance::default()
            },
        ),
    ];
    let postings = Postings::new(vec![posting.clone(), posting.clone()]).unwrap();
    let of_origin = |reference, metadata, origin| {
        let postings = postings.clone();
        EntryBody::Transaction(Transaction { postings, reference, metadata, origin })
    };
    let transaction = |reference, metadata| of_origin(reference, metadata, Origin::Posted);
    let capture = Capture { hold: EntryNumber(3), closes: true, released: vec![posting.clone()] };
    let hold = |expires_at| {
        let (postings, reference) = (postings.clone(), Reference::parse("r").ok());
        EntryBody::Hold(Hold { postings, reference, metadata: metadata(), expires_at })
    };
    let release = |cause, postings| EntryBody::Release(Release { hold: EntryNumber(3), cause, postings });
    let annotate =
        |metadata| EntryBody::TransactionChange(TransactionChange { transaction: EntryNumber(1), metadata });
    let floors: BTreeMap<_, _> = [(usd(), -5000), (Asset::parse("X").unwrap(), 0)].into();
    let policy = Policy { floors: Floors::PerAsset(floors), frozen: Frozen::Debits, closed: true };
    let change = AccountChange { account: address("users:42"), policy, metadata: metadata() };
    let key = IdempotencyKey::parse("=1").unwrap();
    let request = KeyedRequest { key, fingerprint: RequestFingerprint([7; 16]) };
    let reference = Reference::parse("order \"1\"").unwrap();
    [
        (transaction(Some(reference), metadata()), balances.clone(), Some(request)),
        (transaction(None, Metadata::default()), balances, None),
        (EntryBody::Account(change), Vec::new(), None),
        (hold(None), Vec::new(), None),
        (hold(Some(Timestamp::MAX)), Vec::new(), None),
        (of_origin(None, metadata(), Origin::Capture(capture)), Vec::new(), None),
        (
            of_origin(None, metadata(), Origin::Reversal(Reversal { of: EntryNumber(1), forced: true })),
            Vec::new(),
            None,
        ),
        (release(ReleaseCause::Voided, Vec::new()), Vec::new(), None),
        (release(ReleaseCause::Expired, vec![posting.clone()]), Vec::new(), None),
        (annotate(metadata()), Vec::new(), None),
        (annotate(Metadata::default()), Vec::new(), None),
    ]
    .into_iter()
    .zip(0..)
    .map(|((body, balances, request), number)| {
        let (recorded_at, effective_at) = (Timestamp::from_micros(number).unwrap(), Timestamp::MAX);
        let number = EntryNumber(number.unsigned_abs());
        LogRecord { entry: Entry { number, recorded_at, effective_at, body, balances }, request }
    })
    .collect()
}

fn line_of(record: &LogRecord) -> Vec<u8> {
    let mut line = Vec::new();
    entry(record, &mut line);
    line
}

fn begun() -> NdjsonLines {
    let mut line = Vec::new();
    ledger(&header(), &mut line);
    NdjsonLines::begin(&line).unwrap()
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut lines = begun();
    assert_eq!(*lines.ledger(), header());
    for record in records() {
        assert!(!lines.is_complete());
        assert_eq!(lines.next(), record.entry.number);
        assert_eq!(lines.read(&line_of(&record)), Ok(record));
    }
    assert!(lines.is_complete());
    let more = lines.read(&line_of(&records()[0])).unwrap_err().to_string();
    assert_eq!(more, "the first line counts 11 entries, and here is one more");
}

#[test]
fn keys_that_the_service_made_come_back() {
    let place_of_a_batch = format!("florin:batch:{}:7", "0".repeat(64));
    for key in [place_of_a_batch.as_str(), "schedule 7 at 1767225600000000"] {
        let key = IdempotencyKey::stored(key).unwrap();
        let request = Some(KeyedRequest { key, fingerprint: RequestFingerprint([7; 16]) });
        let record = LogRecord { request, ..records().swap_remove(0) };
        assert_eq!(begun().read(&line_of(&record)), Ok(record));
    }
}

/// Reads the line of a record with something changed in it, and returns what is said of it.
fn refused(record: usize, change: impl FnOnce(&mut Json)) -> String {
    let records = records();
    let mut line: Json = serde_json::from_slice(&line_of(&records[record])).unwrap();
    change(&mut line);
    let mut lines = begun();
    lines.next = records[record].entry.number;
    match lines.read(line.to_string().as_bytes()) {
        Ok(read) => panic!("{line} was read as {read:?}"),
        Err(error) => {
            assert_eq!(lines.next(), records[record].entry.number, "it may come again, corrected");
            error.to_string()
        }
    }
}

#[test]
fn what_is_wrong_is_refused_by_its_name() {
    for (record, pointer, value, said) in [
        (0, "/type", json!("hold?"), "type is none that this version knows"),
        (0, "/type", json!(7), "type must be a string"),
        (0, "/type", json!("account"), "reference is nothing that an entry of type account has"),
        (2, "/type", json!("transaction"), "account is nothing that an entry of type transaction has"),
        (0, "/number", json!(1), "number must be 0"),
        (0, "/number", json!("0"), "number must be a whole number"),
        (0, "/recorded_at", json!("yesterday"), "recorded_at must be an RFC 3339 time"),
        (0, "/effective_at", json!("2026-02-30T00:00:00Z"), "effective_at is a date or time that does not"),
        (0, "/request/idempotency_key", json!("a b"), "request.idempotency_key must be 1 to 255"),
        (0, "/request/fingerprint", json!("07"), "request.fingerprint must be 32 hexadecimal digits"),
        (0, "/request/fingerprint", json!("+".repeat(32)), "request.fingerprint must be 32"),
        (0, "/request/fingerprint", json!("A".repeat(32)), "request.fingerprint must be 32"),
        (0, "/reference", json!(""), "reference is empty"),
        (0, "/postings", json!([]), "postings must have 1 to 1000 items"),
        (0, "/postings/1/source", json!("a b"), "postings[1].source must be an address"),
        (0, "/postings/1/destination", json!("world"), "postings[1].destination must be another account"),
        (0, "/postings/0/asset", json!("usd"), "postings[0].asset must be an asset"),
        (0, "/postings/0/amount", json!("1.5"), "postings[0].amount must be a whole number"),
        (0, "/account", json!("users:42"), "account is nothing that an entry of type transaction has"),
        (0, "/metadata", json!(null), "metadata must be an object"),
        (0, "/metadata", json!({ "k": 1 }), "metadata.k must be a string"),
        (0, "/balances", json!("none"), "balances must be a list"),
        (0, "/balances/1/pending_in", json!("-1"), "balances[1].pending_in must be a whole number"),
        (0, "/balances/1/posted", json!("5"), "balances[1].posted must be -5, which follows"),
        (0, "/balances/1/available", json!("-5"), "balances[1].available must be -12, which follows"),
        (
            0,
            "/balances/1/pending_out",
            json!(Amount::MAX.to_string()),
            "balances[1].pending_out is too large",
        ),
        (2, "/account", json!(null), "account is required"),
        (2, "/policy", json!(null), "policy is required"),
        (2, "/policy/floor", json!(null), "policy.floor is required"),
        (2, "/policy/floor/X", json!(null), "policy.floor has an asset without a floor"),
        (2, "/policy/frozen", json!("no"), "policy.frozen must be none, debits, credits or all"),
        (2, "/policy/closed", json!("yes"), "policy.closed must be true or false"),
        (2, "/reference", json!("r"), "reference is nothing that an entry of type account has"),
        (4, "/type", json!("transaction"), "expires_at is nothing that an entry of type transaction has"),
        (5, "/captures/hold", json!("3"), "captures.hold must be a whole number"),
        (5, "/captures/closes", json!(1), "captures.closes must be true or false"),
        (5, "/captures/released", json!(null), "captures.released must be a list"),
        (5, "/type", json!("hold"), "captures is nothing that an entry of type hold has"),
        (6, "/reverses/transaction", json!(-1), "reverses.transaction must be a whole number"),
        (6, "/reverses/forced", json!(null), "reverses.forced must be true or false"),
        (7, "/releases/cause", json!("lost"), "releases.cause must be voided or expired"),
        (7, "/metadata", json!({ "k": "v" }), "metadata is nothing that an entry of type release has"),
        (8, "/releases", json!(null), "releases is required"),
        (9, "/transaction", json!(null), "transaction is required"),
        (9, "/transaction", json!("1"), "transaction must be a whole number"),
        (9, "/type", json!("hold"), "transaction is nothing that an entry of type hold has"),
        (9, "/reference", json!("r"), "reference is nothing that an entry of type transaction_change has"),
    ] {
        let error = refused(record, |line| *line.pointer_mut(pointer).unwrap() = value.clone());
        assert!(error.contains(said), "{pointer} as {value}: {error}");
    }
}

#[test]
fn nothing_is_left_out_and_nothing_is_passed_over() {
    for (record, pointer) in [
        (0, ""),
        (0, "/request"),
        (0, "/postings/0"),
        (0, "/balances/0"),
        (2, "/policy"),
        (5, "/captures"),
        (6, "/reverses"),
        (7, "/releases"),
    ] {
        let line: Json = serde_json::from_slice(&line_of(&records()[record])).unwrap();
        let at = line.pointer(pointer).unwrap().as_object().unwrap().clone();
        for name in at.keys() {
            // What is null in the line may be left out.
            let may_be_left_out = pointer.is_empty() && ["request", "reference"].contains(&&**name);
            if !at[name].is_null() && !may_be_left_out {
                let error = refused(record, |line| {
                    line.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
                });
                assert!(error.contains(&format!("{name} is required")), "{pointer} {name}: {error}");
            }
        }
        let error = refused(record, |line| line.pointer_mut(pointer).unwrap()["more"] = json!(1));
        assert!(error.contains("more is unknown"), "{pointer}: {error}");
    }
}

#[test]
fn a_file_begins_with_the_line_of_its_ledger() {
    let mut good = Vec::new();
    ledger(&header(), &mut good);
    let begin = |change: &dyn Fn(&mut Json)| {
        let mut line: Json = serde_json::from_slice(&good).unwrap();
        change(&mut line);
        NdjsonLines::begin(line.to_string().as_bytes()).unwrap_err().to_string()
    };
    for (member, value, said) in [
        ("type", json!("transaction"), "type must be ledger"),
        ("version", json!(2), "version must be 1"),
        ("name", json!("Main"), "name must be 1 to 63"),
        ("created_at", json!(0), "created_at must be a string"),
        ("metadata", json!([]), "metadata must be an object"),
        ("entries", json!(-1), "entries must be a whole number"),
    ] {
        let error = begin(&|line| line[member] = value.clone());
        assert!(error.contains(said), "{member}: {error}");
        let error = begin(&|line| drop(line.as_object_mut().unwrap().remove(member)));
        assert!(error.contains(&format!("{member} is required")), "{member}: {error}");
    }
    for (line, said) in [
        (&b""[..], "the line is empty"),
        (b"{", "the line is not JSON"),
        (b"\xff", "the line is not UTF-8 from byte 0 on"),
        (b"[]", "the line must be an object, not a list"),
        (b"{} {}", "the line is not JSON"),
    ] {
        let error = NdjsonLines::begin(line).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
}
