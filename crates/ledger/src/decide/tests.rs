//! Tests of decisions that the promises do not make: what exactly an entry holds.

mod holds;
mod reversals;
mod versions;

use super::postings::shortfall;
use super::*;
use crate::{Amount, Asset, Balance, BalanceKey, EntryNumber, Posting};

fn posting(source: &str, destination: &str, amount: u64) -> Posting {
    Posting::new(
        Address::parse(source).unwrap(),
        Address::parse(destination).unwrap(),
        Asset::parse("USD/2").unwrap(),
        Amount::from(amount),
    )
    .unwrap()
}

fn post(postings: Vec<Posting>) -> PostTransaction {
    asking(postings.into_iter().map(Posting::from).collect())
}

fn asking(postings: Vec<Posting<Quantity>>) -> PostTransaction {
    PostTransaction {
        postings: Postings::new(postings).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "captures and reversals take postings or none")]
fn of(postings: Vec<Posting>) -> Option<Postings<Quantity>> {
    Some(asking(postings.into_iter().map(Posting::from).collect()).postings)
}

fn key(account: &str) -> BalanceKey {
    BalanceKey { account: Address::parse(account).unwrap(), asset: Asset::parse("USD/2").unwrap() }
}

/// Returns a book in which these accounts got so much.
fn book_of(accounts: &[(&str, u64)]) -> Book {
    let mut book = Book::default();
    for (account, amount) in accounts {
        let posted_in = Amount::from(*amount);
        book.load_balance(key(account), Balance { posted_in, ..Balance::default() });
    }
    book
}

/// Decides on a command, applies what it decided, and returns it. Of a transaction, all can be reversed afterwards.
fn accept(book: &mut Book, command: &Command, now: i64) -> Entry {
    let entry = decide(book, command, at(now)).expect("nothing speaks against it");
    book.apply(&entry);
    if let Some(transaction) = entry.body.transaction() {
        book.load_unreversed(entry.number, crate::Remainder::whole(transaction.postings.clone()));
    }
    entry
}

/// Changes what an account allows.
fn change(book: &mut Book, account: &str, policy: PolicyPatch) {
    let account = Address::parse(account).unwrap();
    accept(
        book,
        &Command::ChangeAccount(ChangeAccount { account, policy, metadata: MetadataPatch::default() }),
        0,
    );
}

fn closed(closed: bool) -> PolicyPatch {
    PolicyPatch { closed: Some(closed), ..PolicyPatch::default() }
}

fn frozen(frozen: crate::Frozen) -> PolicyPatch {
    PolicyPatch { frozen: Some(frozen), ..PolicyPatch::default() }
}

fn floor(units: i128) -> PolicyPatch {
    let floors = crate::FloorsPatch::PerAsset([(key("a").asset, Some(units))].into());
    PolicyPatch { floors: Some(floors), ..PolicyPatch::default() }
}

/// Returns account, posted in and out, pending in and out of every balance of an entry.
fn counters(entry: &Entry) -> Vec<(&str, [u128; 4])> {
    let counters = |b: &Balance| [b.posted_in, b.posted_out, b.pending_in, b.pending_out].map(Amount::get);
    entry.balances.iter().map(|(key, b)| (key.account.as_str(), counters(b))).collect()
}

#[test]
fn the_entry_holds_the_command_and_the_balances_it_touched_in_order() {
    let command = PostTransaction {
        reference: Some(Reference::parse("order-1").unwrap()),
        effective_at: Some(at(-5)),
        metadata: Metadata::new([("order".to_owned(), "1".to_owned())].into()).unwrap(),
        ..post(vec![posting("world", "b", 7), posting("b", "a", 3)])
    };
    let book = Book::at(EntryNumber(4), Some(at(10)));
    let entry = decide(&book, &Command::PostTransaction(command.clone()), at(20)).unwrap();
    assert_eq!(entry.number, EntryNumber(4));
    assert_eq!(entry.recorded_at, at(20));
    assert_eq!(entry.effective_at, at(-5));
    let transaction = entry.body.transaction().unwrap();
    assert_eq!(Postings::<Quantity>::from(transaction.postings.clone()), command.postings);
    assert_eq!(transaction.reference, command.reference);
    assert_eq!(transaction.metadata, command.metadata);
    let balances: Vec<_> = entry
        .balances
        .iter()
        .map(|(key, b)| (key.account.as_str(), b.posted_in.get(), b.posted_out.get()))
        .collect();
    assert_eq!(balances, [("a", 3, 0), ("b", 7, 3), ("world", 0, 7)]);
}

#[test]
fn a_clock_behind_the_log_counts_as_the_logs_last_time() {
    let command = Command::PostTransaction(post(vec![posting("world", "a", 1)]));
    let entry = decide(&Book::at(EntryNumber(1), Some(at(10))), &command, at(3)).unwrap();
    assert_eq!((entry.recorded_at, entry.effective_at), (at(10), at(10)));
    let first = decide(&Book::default(), &command, at(3)).unwrap();
    assert_eq!((first.recorded_at, first.effective_at), (at(3), at(3)));
}

#[test]
fn held_money_is_not_available() {
    let mut book = Book::default();
    let key = BalanceKey { account: Address::parse("a").unwrap(), asset: Asset::parse("USD/2").unwrap() };
    let (posted_in, pending_out) = (Amount::from(10), Amount::from(4));
    book.load_balance(key, Balance { posted_in, pending_out, ..Balance::default() });
    let decide_on = |amount| {
        let command = Command::PostTransaction(post(vec![posting("a", "b", amount)]));
        decide(&book, &command, at(0)).map(|entry| entry.balances[0].1)
    };
    let spent = Balance { posted_in, pending_out, posted_out: Amount::from(6), ..Balance::default() };
    assert_eq!(decide_on(6), Ok(spent));
    let Err(Rejection::InsufficientFunds { available, shortfall, .. }) = decide_on(7) else {
        panic!("seven of six were moved");
    };
    assert_eq!((available, shortfall), (6, Amount::from(1)));
}

#[test]
fn the_entry_holds_what_moved_and_not_what_was_asked_for() {
    let usd = |source, destination, quantity| posting(source, destination, 0).with_amount(quantity);
    let (all, up_to) = (Quantity::All, |most| Quantity::UpTo(Amount::from(most)));
    let command = Command::PostTransaction(asking(vec![
        usd("world", "a", up_to(10)),
        usd("a", "b", up_to(3)),
        usd("a", "c", all),
        usd("a", "d", all),
        usd("b", "d", up_to(9)),
        usd("e", "d", all),
    ]));
    let entry = decide(&Book::default(), &command, at(0)).unwrap();
    let transaction = entry.body.transaction().unwrap();
    let moved: Vec<_> = transaction.postings.as_slice().iter().map(|p| p.amount().get()).collect();
    assert_eq!(moved, [10, 3, 7, 0, 3, 0]);
    // What moved nothing is touched all the same, as any posting's accounts are.
    let posted: Vec<_> = entry.balances.iter().map(|(key, b)| (key.account.as_str(), b.posted())).collect();
    assert_eq!(posted, [("a", 0), ("b", 0), ("c", 7), ("d", 3), ("e", 0), ("world", -10)]);
}

#[test]
fn all_leaves_what_is_held() {
    let mut book = Book::default();
    let key = BalanceKey { account: Address::parse("a").unwrap(), asset: Asset::parse("USD/2").unwrap() };
    let (posted_in, pending_out) = (Amount::from(10), Amount::from(4));
    book.load_balance(key, Balance { posted_in, pending_out, ..Balance::default() });
    let command = Command::PostTransaction(asking(vec![posting("a", "b", 0).with_amount(Quantity::All)]));
    let entry = decide(&book, &command, at(0)).unwrap();
    assert_eq!((entry.balances[0].1.posted(), entry.balances[0].1.available()), (4, 0));
}

#[test]
fn shortfall_is_what_lies_between_the_amount_and_the_floor() {
    let max = Amount::MAX.signed();
    for (available, floor, amount, missing) in [
        (0, 0, 0, None),
        (10, 0, 10, None),
        (10, 0, 11, Some(1)),
        (0, -5, 5, None),
        (0, -5, 6, Some(1)),
        (10, 3, 8, Some(1)),
        // Under its floor already, as a floor may be raised later: nothing leaves, but zero still may.
        (-7, 0, 0, None),
        (-7, 0, 1, Some(8)),
        (max, 0, max, None),
        (max, -max, max, None),
        (-max, 0, max, Some(max)),
        (-max, max, 1, Some(max)),
        (i128::MIN, 0, max, Some(max)),
    ] {
        let amount = Amount::new(u128::try_from(amount).unwrap()).unwrap();
        let found = shortfall(available, floor, amount).map(Amount::signed);
        assert_eq!(found, missing, "{amount} out of {available} over {floor}");
    }
}
