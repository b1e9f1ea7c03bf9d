//! Which rejection of a transaction is reported when several apply, and with which figures: the reference, then the
//! postings in order, each one's closed and frozen accounts before its funds, its funds before its counters, the
//! source before the destination; then the expectations.

use ledger::{
    Amount, Book, Bound, Bounds, ChangeAccount, Command, EntryNumber, Expectation, Expectations, Figure,
    FloorsPatch, Frozen, MetadataPatch, PolicyPatch, PostTransaction, Posting, Quantity, Rejection,
    ReleaseCause, ReleaseHold, Timestamp, Unmet, decide,
};

use crate::commands::{address, asking, asset, expecting, holding, posting, reference, transaction};

/// A book in which entry 0, with the reference `used`, gave `full` as much as one account can ever get,
/// and entry 1 moved 5 of that on to `rich`. From then on one more unit to `full` overflows, and so does
/// one more unit from `world`.
pub(crate) fn book() -> Book {
    let mut book = Book::default();
    let first = vec![posting("world", "full", "USD/2", Amount::MAX)];
    accept(&mut book, with_reference("used", first));
    accept(&mut book, transaction(vec![move_usd("full", "rich", 5)]));
    let closed = PolicyPatch { closed: Some(true), ..PolicyPatch::default() };
    let frozen = |frozen| PolicyPatch { frozen: Some(frozen), ..PolicyPatch::default() };
    let floors = |floors| PolicyPatch { floors: Some(floors), ..PolicyPatch::default() };
    let floor = |floor| floors(FloorsPatch::PerAsset([(asset("USD/2"), Some(floor))].into()));
    for (account, policy) in [
        ("closed", closed.clone()),
        ("closed-and-frozen", closed),
        ("closed-and-frozen", frozen(Frozen::All)),
        ("no-debits", frozen(Frozen::Debits)),
        ("no-credits", frozen(Frozen::Credits)),
        ("frozen", frozen(Frozen::All)),
        ("credit", floor(-5)),
        ("reserve", floor(5)),
        ("endless", floors(FloorsPatch::Unbounded)),
    ] {
        change(&mut book, account, policy);
    }
    book
}

pub(crate) fn change(book: &mut Book, account: &str, policy: PolicyPatch) {
    let command = ChangeAccount { account: address(account), policy, metadata: MetadataPatch::default() };
    let entry = decide(book, &Command::ChangeAccount(command), Timestamp::default());
    book.apply(&entry.expect("nothing speaks against it"));
}

fn accept(book: &mut Book, post: PostTransaction) {
    let entry = decide(book, &Command::PostTransaction(post), Timestamp::default());
    book.apply(&entry.expect("nothing speaks against it"));
}

pub(crate) fn decide_on(post: PostTransaction) -> Result<(), Rejection> {
    decide(&book(), &Command::PostTransaction(post), Timestamp::default()).map(|_| ())
}

pub(crate) fn with_reference(text: &str, postings: Vec<Posting>) -> PostTransaction {
    PostTransaction { reference: Some(reference(text)), ..transaction(postings) }
}

pub(crate) fn move_usd(source: &str, destination: &str, amount: u64) -> Posting {
    posting(source, destination, "USD/2", Amount::from(amount))
}

pub(crate) fn reference_taken(text: &str, entry: u64) -> Rejection {
    Rejection::ReferenceTaken { reference: reference(text), entry: EntryNumber(entry) }
}

pub(crate) fn insufficient_funds(posting: usize, account: &str, available: i128, amount: u64) -> Rejection {
    let shortfall = Amount::new(u128::from(amount) - available.unsigned_abs()).unwrap();
    Rejection::InsufficientFunds {
        posting,
        account: address(account),
        asset: asset("USD/2"),
        available,
        amount: Amount::from(amount),
        shortfall,
    }
}

fn overflow(posting: usize, account: &str) -> Rejection {
    Rejection::AmountOverflow { posting, account: address(account), asset: asset("USD/2") }
}

/// Expects an account to have exactly so much in the end.
pub(crate) fn has(account: &str, posted: i128) -> Expectation {
    expecting(account, "USD/2", Bounds { equals: Some(posted), ..Bounds::default() }, Bounds::default())
}

pub(crate) fn with_expectations(post: PostTransaction, expectations: Vec<Expectation>) -> PostTransaction {
    PostTransaction { expectations: Expectations::new(expectations).unwrap(), ..post }
}

fn expectation_failed(expectation: usize, account: &str, expected: i128, actual: i128) -> Rejection {
    Rejection::ExpectationFailed {
        expectation,
        account: address(account),
        asset: Some(asset("USD/2")),
        unmet: Unmet { figure: Figure::Posted, bound: Bound::Equals(expected), actual },
    }
}

pub(crate) fn unbounded(posting: usize, account: &str) -> Rejection {
    Rejection::AccountUnbounded { posting, account: address(account), asset: asset("USD/2") }
}

#[test]
fn each_reason_is_reported_where_it_stands_alone() {
    let harmless = vec![move_usd("rich", "poor", 5)];
    assert_eq!(decide_on(transaction(harmless.clone())), Ok(()));
    assert_eq!(decide_on(with_reference("used", harmless)), Err(reference_taken("used", 0)));
    assert_eq!(
        decide_on(transaction(vec![move_usd("rich", "poor", 7)])),
        Err(insufficient_funds(0, "rich", 5, 7))
    );
    assert_eq!(decide_on(transaction(vec![move_usd("world", "poor", 1)])), Err(overflow(0, "world")));
    assert_eq!(decide_on(transaction(vec![move_usd("rich", "full", 1)])), Err(overflow(0, "full")));
}

#[test]
fn reference_taken_is_reported_before_insufficient_funds() {
    let post = with_reference("used", vec![move_usd("poor", "rich", 1)]);
    assert_eq!(decide_on(post), Err(reference_taken("used", 0)));
}

#[test]
fn reference_taken_is_reported_before_overflow() {
    let post = with_reference("used", vec![move_usd("rich", "full", 1)]);
    assert_eq!(decide_on(post), Err(reference_taken("used", 0)));
}

#[test]
fn insufficient_funds_are_reported_before_overflow_of_the_same_posting() {
    let post = transaction(vec![move_usd("poor", "full", 1)]);
    assert_eq!(decide_on(post), Err(insufficient_funds(0, "poor", 0, 1)));
}

#[test]
fn the_sources_overflow_is_reported_before_the_destinations() {
    let post = transaction(vec![move_usd("world", "full", 1)]);
    assert_eq!(decide_on(post), Err(overflow(0, "world")));
}

#[test]
fn the_first_posting_is_reported_before_the_second() {
    let lacks = |account| move_usd(account, "rich", 1);
    let overflows = || move_usd("rich", "full", 1);
    let table = [
        (vec![lacks("poor"), lacks("poorer")], insufficient_funds(0, "poor", 0, 1)),
        (vec![lacks("poor"), overflows()], insufficient_funds(0, "poor", 0, 1)),
        (vec![overflows(), lacks("poor")], overflow(0, "full")),
        (vec![overflows(), move_usd("world", "poor", 1)], overflow(0, "full")),
    ];
    for (postings, expected) in table {
        assert_eq!(decide_on(transaction(postings.clone())), Err(expected), "{postings:?}");
    }
}

#[test]
fn a_posting_is_reported_with_what_earlier_ones_left() {
    let post = transaction(vec![
        move_usd("rich", "poor", 2),
        move_usd("poor", "poorer", 1),
        move_usd("rich", "poorer", 4),
    ]);
    assert_eq!(decide_on(post), Err(insufficient_funds(2, "rich", 3, 4)));
}

#[test]
fn what_arrives_in_a_later_posting_comes_too_late() {
    let (pay, fund) = (move_usd("poor", "poorer", 5), move_usd("rich", "poor", 5));
    assert_eq!(decide_on(transaction(vec![fund.clone(), pay.clone()])), Ok(()));
    assert_eq!(decide_on(transaction(vec![pay, fund])), Err(insufficient_funds(0, "poor", 0, 5)));
}

#[test]
fn nothing_speaks_against_a_zero_amount_but_its_reference() {
    let zeros = vec![
        move_usd("poor", "poorer", 0),
        move_usd("poor", "full", 0),
        move_usd("world", "full", 0),
        move_usd("full", "world", 0),
    ];
    assert_eq!(decide_on(transaction(zeros.clone())), Ok(()));
    assert_eq!(decide_on(with_reference("used", zeros)), Err(reference_taken("used", 0)));
}

#[test]
fn another_asset_of_the_same_account_has_counters_and_funds_of_its_own() {
    let euros = |source, destination| posting(source, destination, "EUR/2", Amount::from(1));
    assert_eq!(decide_on(transaction(vec![euros("world", "full")])), Ok(()));
    let expected = Rejection::InsufficientFunds {
        posting: 0,
        account: address("rich"),
        asset: asset("EUR/2"),
        available: 0,
        amount: Amount::from(1),
        shortfall: Amount::from(1),
    };
    assert_eq!(decide_on(transaction(vec![euros("rich", "full")])), Err(expected));
}

#[test]
fn expectations_are_held_to_what_all_postings_leave() {
    let moves = || transaction(vec![move_usd("rich", "poor", 5), move_usd("poor", "poorer", 2)]);
    let met = vec![has("rich", 0), has("poor", 3), has("poorer", 2), has("nobody", 0)];
    assert_eq!(decide_on(with_expectations(moves(), met)), Ok(()));
    let before = vec![has("rich", 5)];
    assert_eq!(
        decide_on(with_expectations(moves(), before)),
        Err(expectation_failed(0, "rich", 5, 0)),
        "what was there before does not count"
    );
    // A balance that no posting touches is as the book has it.
    let full = Amount::MAX.signed() - 5;
    assert_eq!(decide_on(with_expectations(moves(), vec![has("full", full)])), Ok(()));
}

#[test]
fn the_first_expectation_is_reported_before_the_second() {
    let moves = transaction(vec![move_usd("rich", "poor", 5)]);
    let expectations = vec![has("rich", 0), has("poor", 4), has("poorer", 9)];
    assert_eq!(decide_on(with_expectations(moves, expectations)), Err(expectation_failed(1, "poor", 4, 5)));
}

#[test]
fn everything_else_is_reported_before_expectations() {
    let never = || vec![has("rich", -1)];
    let table = [
        (with_reference("used", vec![move_usd("rich", "poor", 1)]), reference_taken("used", 0)),
        (transaction(vec![move_usd("rich", "poor", 7)]), insufficient_funds(0, "rich", 5, 7)),
        (
            transaction(vec![move_usd("rich", "poor", 1), move_usd("poorer", "poor", 1)]),
            insufficient_funds(1, "poorer", 0, 1),
        ),
        (transaction(vec![move_usd("rich", "full", 1)]), overflow(0, "full")),
    ];
    for (post, expected) in table {
        assert_eq!(decide_on(with_expectations(post, never())), Err(expected));
    }
}

#[test]
fn what_there_is_never_lacks_and_may_overflow_all_the_same() {
    let usd = |source, destination, quantity| move_usd(source, destination, 0).with_amount(quantity);
    let (all, much) = (Quantity::All, Quantity::UpTo(Amount::MAX));
    for quantity in [all, much] {
        assert_eq!(decide_on(asking(vec![usd("poor", "rich", quantity)])), Ok(()));
        assert_eq!(decide_on(asking(vec![usd("poor", "full", quantity)])), Ok(()), "nothing moves");
        assert_eq!(decide_on(asking(vec![usd("rich", "full", quantity)])), Err(overflow(0, "full")));
    }
    // `world` has no floor: the whole of an amount leaves it, and there is no all of it.
    assert_eq!(decide_on(asking(vec![usd("world", "poor", much)])), Err(overflow(0, "world")));
    assert_eq!(decide_on(asking(vec![usd("world", "poor", all)])), Err(unbounded(0, "world")));
    let empty = decide(
        &Book::default(),
        &Command::PostTransaction(asking(vec![usd("world", "poor", all)])),
        Timestamp::default(),
    );
    assert_eq!(empty, Err(unbounded(0, "world")), "not even where it has given nothing yet");
}

#[test]
fn what_is_held_takes_up_the_room_that_it_will_need() {
    let mut book = Book::default();
    let endless = PolicyPatch { floors: Some(FloorsPatch::Unbounded), ..PolicyPatch::default() };
    change(&mut book, "endless", endless);
    let hold = Command::CreateHold(holding(vec![posting("world", "full", "USD/2", Amount::MAX)]));
    let entry = decide(&book, &hold, Timestamp::default()).unwrap();
    book.apply(&entry);
    let decide_on = |book: &Book, command| decide(book, &command, Timestamp::default()).map(|_| ());
    let ways = |source, destination| {
        let one = || vec![move_usd(source, destination, 1)];
        [Command::PostTransaction(transaction(one())), Command::CreateHold(holding(one()))]
    };
    for command in ways("world", "poor") {
        assert_eq!(decide_on(&book, command), Err(overflow(0, "world")));
    }
    for command in ways("endless", "full") {
        assert_eq!(decide_on(&book, command), Err(overflow(0, "full")));
    }
    let void = ReleaseHold { hold: entry.number, cause: ReleaseCause::Voided };
    let released = decide(&book, &Command::ReleaseHold(void), Timestamp::default()).unwrap();
    book.apply(&released);
    for command in ways("world", "poor").into_iter().chain(ways("endless", "full")) {
        assert_eq!(decide_on(&book, command), Ok(()));
    }
}
