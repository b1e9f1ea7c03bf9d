//! What queries match. Stores that filter in SQL have to agree with it.

use super::*;
use ledger::{AccountChange, EntryBody, Postings, Transaction};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn asset(text: &str) -> Asset {
    Asset::parse(text).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn exactly(text: &str) -> AddressPattern {
    AddressPattern::Exactly(address(text))
}

fn under(text: &str) -> AddressPattern {
    AddressPattern::Under(address(text))
}

/// Dollars from `world` to `users:1`, then euros from `users:1` to `fees`.
fn entry() -> Entry {
    let posting = |source, destination, asset_text| {
        Posting::new(address(source), address(destination), asset(asset_text), Amount::from(1)).unwrap()
    };
    Entry {
        number: EntryNumber(3),
        recorded_at: at(200),
        effective_at: at(100),
        body: EntryBody::Transaction(Transaction {
            postings: Postings::new(vec![
                posting("world", "users:1", "USD/2"),
                posting("users:1", "fees", "EUR/2"),
            ])
            .unwrap(),
            reference: Some(Reference::parse("order-1").unwrap()),
            origin: ledger::Origin::Posted,
            metadata: Metadata::new(
                [("order", "1"), ("note", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            )
            .unwrap(),
        }),
        balances: vec![],
    }
}

#[test]
fn a_time_range_holds_its_first_moment_and_not_its_last() {
    let from_to = TimeRange { from: Some(at(10)), to: Some(at(20)) };
    assert_eq!([9, 10, 19, 20].map(|micros| from_to.contains(at(micros))), [false, true, true, false]);
    let everything = TimeRange::default();
    assert!(everything.contains(Timestamp::MIN) && everything.contains(Timestamp::MAX));
    let backwards = TimeRange { from: Some(at(20)), to: Some(at(10)) };
    assert!(!backwards.contains(at(15)));
}

#[test]
fn a_pattern_means_one_account_or_all_beneath_it() {
    let (one, beneath) = (exactly("users:1"), under("users:1"));
    for (text, is_it, is_beneath) in [
        ("users:1", true, false),
        ("users:1:wallet", false, true),
        ("users:1:wallet:main", false, true),
        ("users:10", false, false),
        ("users:10:wallet", false, false),
        ("users", false, false),
        ("my:users:1:wallet", false, false),
    ] {
        assert_eq!((one.matches(&address(text)), beneath.matches(&address(text))), (is_it, is_beneath));
    }
}

#[test]
fn a_query_without_filters_matches_everything() {
    assert!(TransactionQuery::default().matches(&entry()));
}

#[test]
fn filters_on_accounts_and_asset_have_to_hold_for_one_posting() {
    let any = TransactionQuery::default;
    let dollars = || Some(asset("USD/2"));
    for (query, matches) in [
        (TransactionQuery { source: Some(exactly("world")), ..any() }, true),
        (TransactionQuery { source: Some(exactly("fees")), ..any() }, false),
        (TransactionQuery { destination: Some(exactly("fees")), ..any() }, true),
        (TransactionQuery { destination: Some(exactly("world")), ..any() }, false),
        (TransactionQuery { account: Some(exactly("world")), ..any() }, true),
        (TransactionQuery { account: Some(exactly("fees")), ..any() }, true),
        (TransactionQuery { account: Some(under("users")), ..any() }, true),
        (TransactionQuery { account: Some(exactly("users")), ..any() }, false),
        (TransactionQuery { asset: dollars(), ..any() }, true),
        (TransactionQuery { asset: Some(asset("USD")), ..any() }, false),
        // Each holds for some posting, but not both for the same.
        (
            TransactionQuery { source: Some(exactly("world")), destination: Some(exactly("fees")), ..any() },
            false,
        ),
        (TransactionQuery { destination: Some(exactly("fees")), asset: dollars(), ..any() }, false),
        (TransactionQuery { account: Some(exactly("fees")), asset: dollars(), ..any() }, false),
        (TransactionQuery { account: Some(exactly("fees")), source: Some(exactly("world")), ..any() }, false),
        (
            TransactionQuery { account: Some(exactly("users:1")), source: Some(exactly("world")), ..any() },
            true,
        ),
        (TransactionQuery { account: Some(under("users")), asset: dollars(), ..any() }, true),
    ] {
        assert_eq!(query.matches(&entry()), matches, "{query:?}");
    }
}

#[test]
fn bounds_of_an_amount_have_to_hold_for_the_posting_of_the_other_filters() {
    let any = TransactionQuery::default;
    let range = |at_least: Option<u64>, at_most: Option<u64>| AmountRange {
        at_least: at_least.map(Amount::from),
        at_most: at_most.map(Amount::from),
    };
    let mut entry = entry();
    if let EntryBody::Transaction(transaction) = &mut entry.body {
        let postings = transaction.postings.as_slice();
        let postings = vec![postings[0].clone(), postings[1].with_amount(Amount::from(9))];
        transaction.postings = Postings::new(postings).unwrap();
    }
    for (amount, fees, matches) in [
        (range(None, None), true, true),
        (range(Some(1), Some(1)), false, true),
        (range(Some(2), Some(8)), false, false),
        (range(Some(9), None), false, true),
        (range(Some(10), None), false, false),
        (range(None, Some(0)), false, false),
        // Each holds for some posting, but not both for the same.
        (range(None, Some(8)), true, false),
        (range(Some(9), Some(9)), true, true),
    ] {
        let destination = fees.then(|| exactly("fees"));
        let query = TransactionQuery { destination, amount, ..any() };
        assert_eq!(query.matches(&entry), matches, "{query:?}");
    }
}

#[test]
fn reference_and_metadata_have_to_be_the_same_text() {
    let any = TransactionQuery::default;
    let reference = |text| Some(Reference::parse(text).unwrap());
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    for (query, matches) in [
        (TransactionQuery { reference: reference("order-1"), ..any() }, true),
        (TransactionQuery { reference: reference("order-10"), ..any() }, false),
        (TransactionQuery { reference: reference("ORDER-1"), ..any() }, false),
        (TransactionQuery { metadata: pairs(&[("order", "1")]), ..any() }, true),
        (TransactionQuery { metadata: pairs(&[("order", "1"), ("note", "")]), ..any() }, true),
        (TransactionQuery { metadata: pairs(&[("order", "1"), ("note", "x")]), ..any() }, false),
        (TransactionQuery { metadata: pairs(&[("order", "1"), ("order", "2")]), ..any() }, false),
        (TransactionQuery { metadata: pairs(&[("absent", "")]), ..any() }, false),
    ] {
        assert_eq!(query.matches(&entry()), matches, "{query:?}");
    }
    let mut without = entry();
    if let EntryBody::Transaction(transaction) = &mut without.body {
        transaction.reference = None;
    }
    assert!(!TransactionQuery { reference: reference("order-1"), ..any() }.matches(&without));
}

#[test]
fn a_change_of_an_account_is_no_transaction() {
    let account = address("users:1");
    let (policy, metadata) = (Policy::standard(&account).clone(), entry().body.metadata().clone());
    let change = Entry { body: EntryBody::Account(AccountChange { account, policy, metadata }), ..entry() };
    assert!(!TransactionQuery::default().matches(&change));
    assert!(weight(&change) > 256);
}

#[test]
fn time_and_position_go_by_the_clock_of_the_query() {
    let time = TimeRange { from: Some(at(150)), to: None };
    for (clock, position, matches) in [(Clock::Recorded, 200, true), (Clock::Effective, 100, false)] {
        let query = TransactionQuery { time, clock, ..TransactionQuery::default() };
        assert_eq!(query.matches(&entry()), matches, "{clock:?}");
        let expected = TransactionPosition { time: at(position), number: EntryNumber(3) };
        assert_eq!(TransactionPosition::of(&entry(), clock), expected);
    }
}

#[test]
fn sums_pass_the_bound_of_one_amount_and_stop_at_their_own() {
    let full = Balance {
        posted_in: Amount::MAX,
        posted_out: Amount::from(2),
        pending_in: Amount::from(3),
        pending_out: Amount::from(4),
    };
    let mut sum = BalanceSum::default();
    sum.add(&full);
    sum.add(&full);
    let twice = 2 * Amount::MAX.get();
    let expected = BalanceSum { posted_in: twice, posted_out: 4, pending_in: 6, pending_out: 8 };
    assert_eq!(sum, expected);
    sum.add(&full);
    assert_eq!(sum.posted_in, u128::MAX);
}
