//! What the entries of reversals hold, and how far reversals go.

use super::*;
use crate::{Direction, Frozen, Reversal};

/// A reversal of transaction 0.
fn reversal(postings: Option<Postings<Quantity>>) -> ReverseTransaction {
    ReverseTransaction {
        transaction: EntryNumber(0),
        postings,
        forced: false,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    }
}

fn command(postings: Option<Postings<Quantity>>) -> Command {
    Command::ReverseTransaction(reversal(postings))
}

fn forced(postings: Option<Postings<Quantity>>) -> Command {
    Command::ReverseTransaction(ReverseTransaction { forced: true, ..reversal(postings) })
}

/// Returns a book whose entry 0 moved what is given.
fn moved(postings: Vec<Posting>) -> Book {
    let mut book = Book::default();
    accept(&mut book, &Command::PostTransaction(post(postings)), 0);
    book
}

fn postings(entry: &Entry) -> &[Posting] {
    entry.body.postings()
}

fn exceeded(posting: usize, remaining: u64, amount: u64) -> Rejection {
    Rejection::ReversalExceedsOriginal {
        transaction: EntryNumber(0),
        posting,
        remaining: Amount::from(remaining),
        amount: Amount::from(amount),
    }
}

#[test]
fn a_reversal_moves_everything_back_from_the_last_posting_on() {
    let mut book = moved(vec![posting("world", "a", 9), posting("a", "b", 5), posting("b", "c", 0)]);
    let command = ReverseTransaction {
        reference: Some(Reference::parse("back-1").unwrap()),
        effective_at: Some(at(-5)),
        metadata: Metadata::new([("why".to_owned(), "mistake".to_owned())].into()).unwrap(),
        ..reversal(None)
    };
    let entry = accept(&mut book, &Command::ReverseTransaction(command.clone()), 20);
    let expected = Transaction {
        // Of what moved nothing, nothing is left.
        postings: Postings::new(vec![posting("b", "a", 5), posting("a", "world", 9)]).unwrap(),
        reference: command.reference,
        metadata: command.metadata,
        origin: Origin::Reversal(Reversal { of: EntryNumber(0), forced: false }),
    };
    assert_eq!(entry.body, EntryBody::Transaction(expected));
    assert_eq!((entry.number, entry.recorded_at, entry.effective_at), (EntryNumber(1), at(20), at(-5)));
    assert_eq!(counters(&entry), [("a", [14, 14, 0, 0]), ("b", [5, 5, 0, 0]), ("world", [9, 9, 0, 0])]);
}

#[test]
fn a_transaction_is_reversed_in_parts_and_never_by_more_than_it_moved() {
    let mut book = moved(vec![posting("world", "a", 9), posting("world", "b", 5)]);
    let parts = of(vec![posting("a", "world", 4), posting("b", "world", 5), posting("a", "world", 1)]);
    let entry = accept(&mut book, &command(parts), 0);
    assert_eq!(
        postings(&entry),
        [posting("a", "world", 4), posting("b", "world", 5), posting("a", "world", 1)]
    );
    let reverse = |postings| decide(&book, &command(of(postings)), at(0));
    assert_eq!(reverse(vec![posting("a", "world", 5)]), Err(exceeded(0, 4, 5)));
    assert_eq!(reverse(vec![posting("a", "world", 3), posting("a", "world", 2)]), Err(exceeded(1, 1, 2)));
    // The same way again is not the way back, and what the transaction never moved does not go back.
    for other in [posting("world", "a", 1), posting("b", "world", 1), posting("b", "a", 1)] {
        assert_eq!(reverse(vec![other]), Err(exceeded(0, 0, 1)));
    }
    let rest = accept(&mut book, &command(None), 0);
    assert_eq!(postings(&rest), [posting("a", "world", 4)]);
}

#[test]
fn nothing_is_reversed_twice() {
    let mut book = moved(vec![posting("world", "a", 9), posting("world", "b", 5)]);
    accept(&mut book, &command(None), 0);
    // The posting that would have come first is the way back of the last one.
    assert_eq!(decide(&book, &command(None), at(0)), Err(exceeded(0, 0, 5)));
    assert_eq!(decide(&book, &forced(None), at(0)), Err(exceeded(0, 0, 5)));
    assert_eq!(decide(&book, &command(of(vec![posting("a", "world", 9)])), at(0)), Err(exceeded(0, 0, 9)));
}

#[test]
fn of_postings_that_are_alike_the_first_are_reversed_first() {
    let mut book = moved(vec![posting("world", "a", 3), posting("world", "b", 1), posting("world", "a", 4)]);
    let reverse = |amount| command(of(vec![posting("a", "world", amount)]));
    assert_eq!(decide(&book, &reverse(8), at(0)), Err(exceeded(0, 7, 8)));
    accept(&mut book, &reverse(5), 0);
    let left = book.unreversed(EntryNumber(0)).unwrap();
    assert_eq!(left.rest(), [posting("world", "b", 1), posting("world", "a", 2)]);
    let rest = decide(&book, &command(None), at(0)).unwrap();
    assert_eq!(postings(&rest), [posting("a", "world", 2), posting("b", "world", 1)]);
}

#[test]
fn what_has_moved_on_comes_back_by_force_alone() {
    let mut book = moved(vec![posting("world", "a", 9)]);
    accept(&mut book, &Command::PostTransaction(post(vec![posting("a", "b", 5)])), 0);
    let lacks = Rejection::InsufficientFunds {
        posting: 0,
        account: key("a").account,
        asset: key("a").asset,
        available: 4,
        amount: Amount::from(9),
        shortfall: Amount::from(5),
    };
    assert_eq!(decide(&book, &command(None), at(0)), Err(lacks));
    let entry = accept(&mut book, &forced(None), 0);
    let transaction = entry.body.transaction().unwrap();
    assert_eq!(transaction.origin, Origin::Reversal(Reversal { of: EntryNumber(0), forced: true }));
    assert_eq!(counters(&entry), [("a", [9, 14, 0, 0]), ("world", [9, 9, 0, 0])]);
    assert_eq!(entry.balances[0].1.available(), -5);
}

#[test]
fn what_is_held_is_not_there_to_be_reversed() {
    let mut book = moved(vec![posting("world", "a", 9)]);
    let hold = CreateHold {
        postings: of(vec![posting("a", "b", 5)]).unwrap(),
        expires_at: None,
        reference: None,
        metadata: Metadata::default(),
    };
    accept(&mut book, &Command::CreateHold(hold), 0);
    let Err(Rejection::InsufficientFunds { available: 4, .. }) = decide(&book, &command(None), at(0)) else {
        panic!("five of nine are held");
    };
    let entry = decide(&book, &forced(None), at(0)).unwrap();
    assert_eq!(counters(&entry), [("a", [9, 9, 0, 5]), ("world", [9, 9, 0, 0])]);
}

#[test]
fn a_reversal_takes_at_most_what_is_left_and_what_there_is_where_it_does_not_say_how_much() {
    let mut book = moved(vec![posting("world", "a", 9)]);
    accept(&mut book, &command(of(vec![posting("a", "world", 1)])), 0);
    accept(&mut book, &Command::PostTransaction(post(vec![posting("a", "b", 5)])), 0);
    for (most, by_itself, by_force) in [
        (Quantity::All, 3, 8),
        (Quantity::UpTo(Amount::MAX), 3, 8),
        (Quantity::UpTo(Amount::from(2)), 2, 2),
        (Quantity::UpTo(Amount::from(7)), 3, 7),
    ] {
        let asked = Some(asking(vec![posting("a", "world", 0).with_amount(most)]).postings);
        let entry = decide(&book, &command(asked.clone()), at(0)).unwrap();
        assert_eq!(postings(&entry), [posting("a", "world", by_itself)], "{most:?}");
        let entry = decide(&book, &forced(asked), at(0)).unwrap();
        assert_eq!(postings(&entry), [posting("a", "world", by_force)], "{most:?}, forced");
    }
    // There is no all of `world`, and yet all of what it got.
    accept(&mut book, &Command::PostTransaction(post(vec![posting("b", "world", 2)])), 0);
    let back = ReverseTransaction {
        transaction: EntryNumber(3),
        ..reversal(Some(asking(vec![posting("world", "b", 0).with_amount(Quantity::All)]).postings))
    };
    let entry = decide(&book, &Command::ReverseTransaction(back), at(0)).unwrap();
    assert_eq!(postings(&entry), [posting("world", "b", 2)]);
}

#[test]
fn nothing_comes_back_into_or_out_of_accounts_that_are_barred_even_by_force() {
    use Direction::{Credit, Debit};
    let account = |account: &str| key(account).account;
    let closed_account = |of| Rejection::AccountClosed { posting: 0, account: account(of) };
    let frozen_account = |of, side| Rejection::AccountFrozen { posting: 0, account: account(of), side };
    for (of, policy, rejection) in [
        ("a", closed(true), closed_account("a")),
        ("b", closed(true), closed_account("b")),
        ("a", frozen(Frozen::Credits), frozen_account("a", Credit)),
        ("b", frozen(Frozen::Debits), frozen_account("b", Debit)),
    ] {
        let mut book = book_of(&[("a", 10)]);
        accept(&mut book, &Command::PostTransaction(post(vec![posting("a", "b", 5)])), 0);
        change(&mut book, of, policy);
        assert_eq!(decide(&book, &command(None), at(0)), Err(rejection.clone()));
        assert_eq!(decide(&book, &forced(None), at(0)), Err(rejection));
    }
}

#[test]
fn a_reversal_and_a_capture_are_reversed_like_any_other_transaction() {
    let mut book = moved(vec![posting("world", "a", 9)]);
    accept(&mut book, &command(of(vec![posting("a", "world", 4)])), 0);
    let of_it =
        Command::ReverseTransaction(ReverseTransaction { transaction: EntryNumber(1), ..reversal(None) });
    let entry = accept(&mut book, &of_it, 0);
    assert_eq!(postings(&entry), [posting("world", "a", 4)]);
    // What a reversal moved back stays reversed, whatever becomes of the reversal.
    assert_eq!(book.unreversed(EntryNumber(0)).unwrap().rest(), [posting("world", "a", 5)]);

    let hold = CreateHold {
        postings: of(vec![posting("a", "b", 6)]).unwrap(),
        expires_at: None,
        reference: None,
        metadata: Metadata::default(),
    };
    accept(&mut book, &Command::CreateHold(hold), 0);
    let capture = CaptureHold {
        hold: EntryNumber(3),
        postings: of(vec![posting("a", "b", 2)]),
        is_final: false,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    };
    accept(&mut book, &Command::CaptureHold(capture), 0);
    let of_it =
        Command::ReverseTransaction(ReverseTransaction { transaction: EntryNumber(4), ..reversal(None) });
    let entry = accept(&mut book, &of_it, 0);
    assert_eq!(counters(&entry), [("a", [15, 6, 0, 4]), ("b", [2, 2, 4, 0])]);
    let left = &book.hold(EntryNumber(3)).unwrap().left;
    assert_eq!(left.rest(), [posting("a", "b", 4)], "what was captured is not reserved anew");
    // A hold is no transaction.
    let of_hold =
        Command::ReverseTransaction(ReverseTransaction { transaction: EntryNumber(3), ..reversal(None) });
    let not_found = Rejection::TransactionNotFound { transaction: EntryNumber(3) };
    assert_eq!(decide(&book, &of_hold, at(0)), Err(not_found));
}
