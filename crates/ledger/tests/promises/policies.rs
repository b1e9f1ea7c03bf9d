//! What policies allow, and which rejection is reported where they do not.

use ledger::{
    AccountPart, Amount, Book, ChangeAccount, Command, Direction, EntryNumber, Floors, FloorsPatch, Metadata,
    MetadataPatch, Policy, PolicyPatch, Quantity, Rejection, Timestamp, decide,
};

use crate::commands::{address, asking, asset, posting, transaction};
use crate::precedence::{
    book, change, decide_on, has, insufficient_funds, move_usd, reference_taken, unbounded,
    with_expectations, with_reference,
};

fn closed(posting: usize, account: &str) -> Rejection {
    Rejection::AccountClosed { posting, account: address(account) }
}

fn frozen(posting: usize, account: &str, side: Direction) -> Rejection {
    Rejection::AccountFrozen { posting, account: address(account), side }
}

#[test]
fn closed_and_frozen_accounts_take_no_part_in_postings() {
    use Direction::{Credit, Debit};
    for (source, destination, expected) in [
        ("closed", "poor", Err(closed(0, "closed"))),
        ("rich", "closed", Err(closed(0, "closed"))),
        ("no-debits", "poor", Err(frozen(0, "no-debits", Debit))),
        ("rich", "no-debits", Ok(())),
        ("no-credits", "poor", Ok(())),
        ("rich", "no-credits", Err(frozen(0, "no-credits", Credit))),
        ("frozen", "poor", Err(frozen(0, "frozen", Debit))),
        ("rich", "frozen", Err(frozen(0, "frozen", Credit))),
        // Of one account, that it is closed; of two, what is wrong with the source.
        ("closed-and-frozen", "poor", Err(closed(0, "closed-and-frozen"))),
        ("no-debits", "closed", Err(frozen(0, "no-debits", Debit))),
        ("closed", "frozen", Err(closed(0, "closed"))),
    ] {
        // Moving nothing is taking part as well.
        for quantity in [Quantity::Exactly(Amount::ZERO), Quantity::UpTo(Amount::ZERO), Quantity::All] {
            let posting = move_usd(source, destination, 0).with_amount(quantity);
            assert_eq!(decide_on(asking(vec![posting])), expected, "{source} to {destination}, {quantity:?}");
        }
    }
}

#[test]
fn closed_and_frozen_accounts_are_reported_before_funds_and_after_what_comes_earlier() {
    use Direction::{Credit, Debit};
    let much = |source, destination| move_usd(source, destination, u64::MAX);
    let table = [
        (with_reference("used", vec![much("closed", "poor")]), reference_taken("used", 0)),
        (transaction(vec![much("closed", "poor")]), closed(0, "closed")),
        (transaction(vec![much("frozen", "poor")]), frozen(0, "frozen", Debit)),
        (transaction(vec![much("poor", "closed")]), closed(0, "closed")),
        (transaction(vec![much("poor", "no-credits")]), frozen(0, "no-credits", Credit)),
        (transaction(vec![move_usd("world", "frozen", 1)]), frozen(0, "frozen", Credit)),
        (
            transaction(vec![move_usd("poor", "rich", 1), much("closed", "a")]),
            insufficient_funds(0, "poor", 0, 1),
        ),
        (transaction(vec![move_usd("rich", "poor", 5), much("closed", "a")]), closed(1, "closed")),
        (with_expectations(transaction(vec![much("closed", "a")]), vec![has("a", 7)]), closed(0, "closed")),
    ];
    for (post, expected) in table {
        assert_eq!(decide_on(post.clone()), Err(expected), "{post:?}");
    }
    let all = |source| asking(vec![move_usd(source, "closed", 0).with_amount(Quantity::All)]);
    assert_eq!(decide_on(all("endless")), Err(closed(0, "closed")));
}

#[test]
fn a_floor_of_its_own_is_how_far_an_account_falls() {
    let lacks = |account: &str, available, amount: u64, shortfall| Rejection::InsufficientFunds {
        posting: 0,
        account: address(account),
        asset: asset("USD/2"),
        available,
        amount: Amount::from(amount),
        shortfall: Amount::from(shortfall),
    };
    let pay = |source, amount| decide_on(transaction(vec![move_usd(source, "poor", amount)]));
    assert_eq!(pay("credit", 5), Ok(()));
    assert_eq!(pay("credit", 6), Err(lacks("credit", 0, 6, 1)));
    assert_eq!(pay("endless", 1 << 60), Ok(()));
    // A reserve that is not there yet keeps nobody from paying in, or from moving nothing.
    assert_eq!(pay("reserve", 0), Ok(()));
    assert_eq!(pay("reserve", 1), Err(lacks("reserve", 0, 1, 6)));
    let through = vec![move_usd("world", "other", 0), move_usd("rich", "reserve", 5)];
    assert_eq!(decide_on(transaction(through)), Ok(()));
    // Floors are per asset.
    let euros = posting("credit", "poor", "EUR/2", Amount::from(1));
    assert!(matches!(decide_on(transaction(vec![euros])), Err(Rejection::InsufficientFunds { .. })));
    let all = |source| asking(vec![move_usd(source, "poor", 0).with_amount(Quantity::All)]);
    assert_eq!(decide_on(with_expectations(all("credit"), vec![has("credit", -5)])), Ok(()));
    assert_eq!(decide_on(with_expectations(all("reserve"), vec![has("reserve", 0)])), Ok(()));
    assert_eq!(decide_on(all("endless")), Err(unbounded(0, "endless")));
}

#[test]
fn a_floor_that_is_raised_keeps_what_lies_under_it_only_from_falling() {
    let mut book = book();
    let floor = |units| {
        let floors = FloorsPatch::PerAsset([(asset("USD/2"), Some(units))].into());
        PolicyPatch { floors: Some(floors), ..PolicyPatch::default() }
    };
    change(&mut book, "rich", floor(7));
    let decide_on = |post| decide(&book, &Command::PostTransaction(post), Timestamp::default()).map(|_| ());
    let credit = transaction(vec![move_usd("full", "rich", 1), move_usd("rich", "poor", 0)]);
    assert_eq!(decide_on(credit), Ok(()));
    let debit = transaction(vec![move_usd("full", "rich", 2), move_usd("rich", "poor", 1)]);
    assert!(matches!(decide_on(debit), Err(Rejection::InsufficientFunds { posting: 1, available: 7, .. })));
}

#[test]
fn the_policy_of_world_can_be_changed_like_any_other() {
    let mut book = Book::default();
    let floors = FloorsPatch::PerAsset([(asset("USD/2"), Some(-10))].into());
    change(&mut book, "world", PolicyPatch { floors: Some(floors), ..PolicyPatch::default() });
    let decide_on = |post| decide(&book, &Command::PostTransaction(post), Timestamp::default()).map(|_| ());
    assert_eq!(decide_on(transaction(vec![move_usd("world", "a", 10)])), Ok(()));
    let Err(Rejection::InsufficientFunds { shortfall, .. }) =
        decide_on(transaction(vec![move_usd("world", "a", 11)]))
    else {
        panic!("eleven of ten came in");
    };
    assert_eq!(shortfall, Amount::from(1));
    let all = asking(vec![move_usd("world", "a", 0).with_amount(Quantity::All)]);
    assert_eq!(decide_on(with_expectations(all, vec![has("a", 10)])), Ok(()));
}

#[test]
fn an_account_keeps_so_many_keys_and_floors_and_no_more() {
    let book = book();
    let asked = |keys: usize, floors: usize| {
        let keys = (0..keys).map(|n| (n.to_string(), Some(String::new()))).collect();
        let floors = (0..floors).map(|n| (asset(&format!("USD/{n}")), Some(-1))).collect();
        let policy = PolicyPatch { floors: Some(FloorsPatch::PerAsset(floors)), ..PolicyPatch::default() };
        let metadata = MetadataPatch::new(keys).unwrap();
        let change = ChangeAccount { account: address("credit"), policy, metadata };
        decide(&book, &Command::ChangeAccount(change), Timestamp::default())
    };
    // It has a floor in `USD/2` already, which is among these.
    let accepted = asked(Metadata::MAX_KEYS, Floors::MAX).unwrap();
    assert!(accepted.balances.is_empty());
    let too_large = |part| Rejection::AccountTooLarge { account: address("credit"), part };
    assert_eq!(asked(1, Floors::MAX + 1), Err(too_large(AccountPart::Floors)));
    let mut full = Book::default();
    full.apply(&ledger::Entry { number: EntryNumber(0), ..accepted });
    let one_more = |key: &str| ChangeAccount {
        account: address("credit"),
        policy: PolicyPatch::default(),
        metadata: MetadataPatch::new([(key.to_owned(), Some("x".to_owned()))].into()).unwrap(),
    };
    let decide_on = |change| decide(&full, &Command::ChangeAccount(change), Timestamp::default()).map(|_| ());
    assert_eq!(decide_on(one_more("more")), Err(too_large(AccountPart::Metadata)));
    let floors = (0..=Floors::MAX).map(|n| (asset(&format!("USD/{n}")), Some(-1))).collect();
    let policy = PolicyPatch { floors: Some(FloorsPatch::PerAsset(floors)), ..PolicyPatch::default() };
    let both = ChangeAccount { policy, ..one_more("more") };
    assert_eq!(decide_on(both), Err(too_large(AccountPart::Metadata)), "metadata before floors");
    assert_eq!(decide_on(one_more("0")), Ok(()));
    assert_ne!(full.policy(&address("credit")), Policy::standard(&address("credit")));
}
