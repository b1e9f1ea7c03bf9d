//! Tests of the text forms: they stay as they are, and everything comes back.

use super::*;
use ledger::{
    Address, Amount, Asset, Capture, EntryNumber, Hold, Metadata, Origin, Posting, Postings, Release,
    ReleaseCause, Reversal, Timestamp, Transaction,
};

const TEXT: &str = r#"{"postings":[["world","users:42","USD/2","1250"],["users:42","fees","USD/2","0"]],"metadata":{"order":"1001","π":"\"3\""},"balances":[["fees","USD/2","0","0","0","0"],["users:42","USD/2","1250","0","0","7"],["world","USD/2","0","170141183460469231731687303715884105727","3","0"]]}"#;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn entry() -> Entry {
    let asset = Asset::parse("USD/2").unwrap();
    let posting = |source, destination, amount| {
        Posting::new(address(source), address(destination), asset.clone(), Amount::from(amount)).unwrap()
    };
    let metadata = [("order", "1001"), ("π", "\"3\"")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let balance =
        |account, balance| (BalanceKey { account: address(account), asset: asset.clone() }, balance);
    let users = Balance { posted_in: Amount::from(1250), pending_out: Amount::from(7), ..Balance::default() };
    let world = Balance { posted_out: Amount::MAX, pending_in: Amount::from(3), ..Balance::default() };
    Entry {
        number: EntryNumber(7),
        recorded_at: Timestamp::default(),
        effective_at: Timestamp::default(),
        body: EntryBody::Transaction(Transaction {
            postings: Postings::new(vec![
                posting("world", "users:42", 1250_u64),
                posting("users:42", "fees", 0),
            ])
            .unwrap(),
            reference: None,
            metadata: Metadata::new(metadata.into()).unwrap(),
            origin: Origin::Posted,
        }),
        balances: vec![
            balance("fees", Balance::default()),
            balance("users:42", users),
            balance("world", world),
        ],
    }
}

fn set(entry: &mut Entry, change: impl FnOnce(&mut Transaction)) {
    match &mut entry.body {
        EntryBody::Transaction(transaction) => change(transaction),
        _ => unreachable!("the fixture is a transaction"),
    }
}

fn part_of_error(text: &str) -> (&'static str, String) {
    match decode(TRANSACTION, text, None) {
        Err(DecodeError::Part { part, text }) => (part, text),
        other => panic!("{text} gives {other:?}"),
    }
}

#[test]
fn the_text_form_stays_as_it_was_first_written() {
    assert_eq!(encode(&entry()), TEXT);
    assert_eq!(kind(&entry()), "transaction");
}

#[test]
fn a_text_gives_back_what_was_written() {
    let Entry { body, balances, .. } = entry();
    assert_eq!(decode(TRANSACTION, TEXT, None).unwrap(), DecodedBody { body, balances });
    let reference = Reference::parse("order-1").unwrap();
    let decoded = decode(TRANSACTION, TEXT, Some(reference.clone())).unwrap();
    assert_eq!(decoded.body.reference(), Some(&reference));
}

#[test]
fn a_change_of_an_account_comes_back_and_has_no_reference() {
    let (account, metadata) = (address("users:42"), Metadata::default());
    let policy = ledger::Policy { closed: true, ..ledger::Policy::standard(&account).clone() };
    let body = EntryBody::Account(ledger::AccountChange { account, policy, metadata });
    let entry = Entry { body, balances: vec![], ..entry() };
    let text = encode(&entry);
    let decoded = decode(kind(&entry), &text, None).unwrap();
    assert_eq!(decoded, DecodedBody { body: entry.body, balances: vec![] });
    let reference = Reference::parse("order-1").unwrap();
    assert!(matches!(
        decode(ACCOUNT, &text, Some(reference)),
        Err(DecodeError::Part { part: "reference", .. })
    ));
}

#[test]
fn a_kind_that_is_not_known_is_refused() {
    assert!(matches!(decode("loan", TEXT, None), Err(DecodeError::Kind(kind)) if kind == "loan"));
    assert!(matches!(decode(ACCOUNT, TEXT, None), Err(DecodeError::Shape(_))));
}

#[test]
fn no_metadata_takes_no_space_and_comes_back_as_none() {
    let mut entry = entry();
    set(&mut entry, |transaction| transaction.metadata = Metadata::default());
    let text = encode(&entry);
    assert!(!text.contains("metadata"), "{text}");
    assert!(decode(TRANSACTION, &text, None).unwrap().body.metadata().is_empty());
}

#[test]
fn the_largest_transaction_comes_back_whole() {
    let mut entry = entry();
    let posting = |n| {
        let users = address(&format!("users:{n}"));
        Posting::new(address("world"), users, Asset::parse("USD/2").unwrap(), Amount::MAX).unwrap()
    };
    let postings = Postings::new((0..Postings::MAX).map(posting).collect()).unwrap();
    set(&mut entry, |transaction| transaction.postings = postings.clone());
    let decoded = decode(TRANSACTION, &encode(&entry), None).unwrap();
    assert_eq!(decoded.body.postings(), postings.as_slice());
}

#[test]
fn texts_of_another_shape_are_refused() {
    for text in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"postings":[["a","b","USD/2","1"]]}"#,
        r#"{"postings":[["a","b","USD/2"]],"balances":[]}"#,
        r#"{"postings":[["a","b","USD/2",1]],"balances":[]}"#,
        r#"{"postings":[["a","b","USD/2","1"]],"balances":[["a","USD/2","0","0","0"]]}"#,
        r#"{"postings":[["a","b","USD/2","1"]],"balances":[],"metadata":{"k":1}}"#,
    ] {
        assert!(matches!(decode(TRANSACTION, text, None), Err(DecodeError::Shape(_))), "{text}");
    }
}

#[test]
fn parts_that_are_not_valid_are_named_and_shown() {
    for (postings, part, shown) in [
        (r#"["a b","b","USD/2","1"]"#, "account", "a b"),
        (r#"["a","","USD/2","1"]"#, "account", ""),
        (r#"["a","b","usd","1"]"#, "asset", "usd"),
        (r#"["a","b","USD/2","-1"]"#, "amount", "-1"),
        (
            r#"["a","b","USD/2","170141183460469231731687303715884105728"]"#,
            "amount",
            "170141183460469231731687303715884105728",
        ),
        (r#"["a","a","USD/2","1"]"#, "posting", "source and destination are the same"),
        ("", "postings", ""),
    ] {
        let text = format!(r#"{{"postings":[{postings}],"balances":[]}}"#);
        assert_eq!(part_of_error(&text), (part, shown.to_owned()));
    }
    for (balance, part, shown) in [
        (r#"[":","USD/2","0","0","0","0"]"#, "account", ":"),
        (r#"["a","2","0","0","0","0"]"#, "asset", "2"),
        (r#"["a","USD/2","0","0","0","1.5"]"#, "amount", "1.5"),
    ] {
        let text = format!(r#"{{"postings":[["a","b","USD/2","1"]],"balances":[{balance}]}}"#);
        assert_eq!(part_of_error(&text), (part, shown.to_owned()));
    }
    let text = r#"{"postings":[["a","b","USD/2","1"]],"balances":[],"metadata":{"":"v"}}"#;
    assert_eq!(part_of_error(text), ("metadata", String::new()));
}

#[test]
fn captures_and_reversals_say_of_what_and_come_back() {
    let released = entry().body.postings().to_vec();
    let capture = |closes, released| Origin::Capture(Capture { hold: EntryNumber(3), closes, released });
    let reversal = |forced| Origin::Reversal(Reversal { of: EntryNumber(5), forced });
    for (origin, shown) in [
        (capture(false, vec![]), r#","captures":{"hold":3,"closes":false},"#),
        (
            capture(true, released),
            r#","captures":{"hold":3,"closes":true,"released":[["world","users:42","USD/2","1250"],["users:42","fees","USD/2","0"]]},"#,
        ),
        (reversal(false), r#","reverses":{"transaction":5},"#),
        (reversal(true), r#","reverses":{"transaction":5,"forced":true},"#),
    ] {
        let mut entry = entry();
        set(&mut entry, |transaction| transaction.origin = origin);
        let text = encode(&entry);
        assert!(text.contains(shown), "{text}");
        assert_eq!(kind(&entry), "transaction");
        let decoded = decode(TRANSACTION, &text, None).unwrap();
        assert_eq!(decoded, DecodedBody { body: entry.body, balances: entry.balances });
    }
    let both = TEXT.replace(
        r#","metadata""#,
        r#","captures":{"hold":3,"closes":false},"reverses":{"transaction":5},"metadata""#,
    );
    assert_eq!(part_of_error(&both).0, "reverses");
}

#[test]
fn holds_and_their_ends_come_back() {
    let Entry { body, balances, .. } = entry();
    let postings = Postings::new(body.postings().to_vec()).unwrap();
    let expires_at = Timestamp::from_micros(7);
    for (expires_at, metadata, shown) in [
        (None, Metadata::none(), r#"]],"balances""#),
        (expires_at, body.metadata().clone(), r#"]],"expires_at":7,"metadata":{"order""#),
    ] {
        let reference = Some(Reference::parse("order-1").unwrap());
        let hold = Hold { postings: postings.clone(), reference: reference.clone(), metadata, expires_at };
        let entry = Entry { body: EntryBody::Hold(hold), ..entry() };
        let text = encode(&entry);
        assert!(text.contains(shown), "{text}");
        let decoded = decode(kind(&entry), &text, reference).unwrap();
        assert_eq!(decoded, DecodedBody { body: entry.body, balances: balances.clone() });
    }
    for (cause, shown) in [(ReleaseCause::Voided, "voided"), (ReleaseCause::Expired, "expired")] {
        let postings = body.postings().to_vec();
        let release = Release { hold: EntryNumber(3), cause, postings };
        let entry = Entry { body: EntryBody::Release(release), ..entry() };
        let text = encode(&entry);
        assert!(text.starts_with(&format!(r#"{{"hold":3,"cause":"{shown}","postings":[["world""#)), "{text}");
        let decoded = decode(kind(&entry), &text, None).unwrap();
        assert_eq!(decoded, DecodedBody { body: entry.body, balances: balances.clone() });
    }
}

#[test]
fn counters_that_no_balance_can_have_are_refused() {
    for (from, to) in [
        ("\"1250\",\"0\",\"0\",\"7\"", "\"0\",\"MAX\",\"0\",\"1\""),
        ("\"0\",\"MAX\",\"3\",\"0\"", "\"MAX\",\"0\",\"3\",\"0\""),
    ] {
        let [from, to] = [from, to].map(|counters| counters.replace("MAX", &Amount::MAX.to_string()));
        assert!(TEXT.contains(&from));
        assert_eq!(part_of_error(&TEXT.replace(&from, &to)).0, "balance", "{to}");
    }
}
