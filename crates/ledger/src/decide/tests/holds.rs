//! What the entries of holds, captures and releases hold, and what changes of accounts do to holds.

use super::*;
use crate::{Capture, Direction, Frozen, Hold, HoldState, Release};

fn hold(postings: Vec<Posting>) -> CreateHold {
    let postings = of(postings).unwrap();
    CreateHold { postings, expires_at: None, reference: None, metadata: Metadata::default() }
}

/// A capture of hold 0.
fn capture(postings: Option<Postings<Quantity>>, is_final: bool) -> Command {
    Command::CaptureHold(CaptureHold {
        hold: EntryNumber(0),
        postings,
        is_final,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    })
}

fn release(cause: ReleaseCause) -> Command {
    Command::ReleaseHold(ReleaseHold { hold: EntryNumber(0), cause })
}

/// Returns a book whose entry 0 holds what is given, out of ten that `a` has.
fn holding(postings: Vec<Posting>, expires_at: Option<Timestamp>) -> Book {
    let mut book = book_of(&[("a", 10)]);
    accept(&mut book, &Command::CreateHold(CreateHold { expires_at, ..hold(postings) }), 0);
    book
}

fn captured(entry: &Entry) -> (Vec<Posting>, &Capture) {
    let transaction = entry.body.transaction().unwrap();
    let Origin::Capture(capture) = &transaction.origin else { panic!("it is no capture: {entry:?}") };
    (transaction.postings.as_slice().to_vec(), capture)
}

#[test]
fn a_hold_holds_what_it_reserved_and_posts_nothing() {
    let asked = vec![
        posting("a", "b", 4).into(),
        posting("a", "c", 0).with_amount(Quantity::UpTo(Amount::from(9))),
        posting("world", "a", 3).into(),
        posting("a", "d", 0).with_amount(Quantity::All),
    ];
    let command = CreateHold {
        postings: asking(asked).postings,
        expires_at: Some(at(30)),
        reference: Some(Reference::parse("order-1").unwrap()),
        metadata: Metadata::new([("order".to_owned(), "1".to_owned())].into()).unwrap(),
    };
    let book = book_of(&[("a", 10)]);
    let entry = decide(&book, &Command::CreateHold(command.clone()), at(20)).unwrap();
    // What is reserved for an account is not available to it: `a` has nothing left for `d`.
    let postings =
        vec![posting("a", "b", 4), posting("a", "c", 6), posting("world", "a", 3), posting("a", "d", 0)];
    let expected = Hold {
        postings: Postings::new(postings.clone()).unwrap(),
        reference: command.reference,
        metadata: command.metadata,
        expires_at: command.expires_at,
    };
    assert_eq!(entry.body, EntryBody::Hold(expected));
    assert_eq!((entry.number, entry.recorded_at, entry.effective_at), (EntryNumber(0), at(20), at(20)));
    assert_eq!(
        counters(&entry),
        [
            ("a", [10, 0, 3, 10]),
            ("b", [0, 0, 4, 0]),
            ("c", [0, 0, 6, 0]),
            ("d", [0, 0, 0, 0]),
            ("world", [0, 0, 0, 3]),
        ]
    );
    assert_eq!((entry.body.postings(), entry.body.movements()), (&[][..], &postings[..]));
    assert_eq!(entry.statement_lines(&key("a").account), Some(vec![]));
}

#[test]
fn a_capture_moves_what_it_takes_and_leaves_the_rest_reserved() {
    let mut book = holding(vec![posting("a", "b", 4), posting("a", "c", 6)], None);
    let command = CaptureHold {
        hold: EntryNumber(0),
        postings: of(vec![posting("a", "c", 5), posting("a", "b", 1), posting("a", "c", 1)]),
        is_final: false,
        reference: Some(Reference::parse("part-1").unwrap()),
        effective_at: Some(at(-5)),
        metadata: Metadata::new([("part".to_owned(), "1".to_owned())].into()).unwrap(),
    };
    let entry = accept(&mut book, &Command::CaptureHold(command.clone()), 20);
    let origin = Origin::Capture(Capture { hold: EntryNumber(0), closes: false, released: vec![] });
    let postings = vec![posting("a", "c", 5), posting("a", "b", 1), posting("a", "c", 1)];
    let expected = Transaction {
        postings: Postings::new(postings).unwrap(),
        reference: command.reference,
        metadata: command.metadata,
        origin,
    };
    assert_eq!(entry.body, EntryBody::Transaction(expected));
    assert_eq!((entry.recorded_at, entry.effective_at), (at(20), at(-5)));
    assert_eq!(counters(&entry), [("a", [10, 7, 0, 3]), ("b", [1, 0, 3, 0]), ("c", [6, 0, 0, 0])]);
    let lines = entry.statement_lines(&key("a").account).unwrap();
    assert_eq!(lines.iter().map(|line| line.balance).collect::<Vec<_>>(), [5, 4, 3]);
    let standing = book.hold(EntryNumber(0)).unwrap();
    assert_eq!((standing.state, standing.left.rest()), (HoldState::Open, vec![posting("a", "b", 3)]));
}

#[test]
fn the_last_capture_lets_the_rest_go_in_order() {
    let mut book = holding(vec![posting("a", "b", 4), posting("a", "c", 3), posting("a", "d", 3)], None);
    let entry = accept(&mut book, &capture(of(vec![posting("a", "c", 1)]), true), 0);
    let (moved, capture) = captured(&entry);
    assert_eq!(moved, [posting("a", "c", 1)]);
    let released = vec![posting("a", "b", 4), posting("a", "c", 2), posting("a", "d", 3)];
    assert_eq!(capture, &Capture { hold: EntryNumber(0), closes: true, released });
    // What is let go touches its balances as well.
    assert_eq!(counters(&entry), [("a", [10, 1, 0, 0]), ("b", [0; 4]), ("c", [1, 0, 0, 0]), ("d", [0; 4])]);
    assert_eq!(entry.statement_lines(&key("b").account), Some(vec![]));
    assert_eq!(book.hold(EntryNumber(0)).unwrap().state, HoldState::Captured);
}

#[test]
fn a_capture_of_all_that_is_left_is_the_last_one_and_takes_it_in_order() {
    let mut book = holding(vec![posting("a", "b", 4), posting("a", "c", 3), posting("a", "d", 3)], None);
    accept(&mut book, &capture(of(vec![posting("a", "c", 3), posting("a", "b", 1)]), false), 0);
    let entry = accept(&mut book, &capture(None, false), 0);
    let (moved, last) = captured(&entry);
    assert_eq!(moved, [posting("a", "b", 3), posting("a", "d", 3)]);
    assert_eq!(last, &Capture { hold: EntryNumber(0), closes: true, released: vec![] });
    let not_open = Rejection::HoldNotOpen { hold: EntryNumber(0), state: HoldState::Captured };
    for command in [
        capture(None, false),
        release(ReleaseCause::Voided),
        // Moving nothing takes an open hold, too.
        capture(of(vec![posting("a", "b", 0)]), true),
    ] {
        assert_eq!(decide(&book, &command, at(0)), Err(not_open.clone()));
    }
}

#[test]
fn of_postings_that_are_alike_the_first_are_captured_and_the_last_are_let_go() {
    let mut book = holding(vec![posting("a", "b", 3), posting("a", "c", 1), posting("a", "b", 4)], None);
    let exceeds = |postings| decide(&book, &capture(of(postings), false), at(0)).unwrap_err();
    let exceeded = |posting, remaining: u64, amount: u64| Rejection::HoldExceedsRemaining {
        hold: EntryNumber(0),
        posting,
        remaining: Amount::from(remaining),
        amount: Amount::from(amount),
    };
    assert_eq!(exceeds(vec![posting("a", "b", 8)]), exceeded(0, 7, 8));
    assert_eq!(exceeds(vec![posting("a", "b", 5), posting("a", "b", 3)]), exceeded(1, 2, 3));
    for other in [posting("b", "a", 1), posting("a", "d", 1), posting("world", "b", 1)] {
        assert_eq!(exceeds(vec![other]), exceeded(0, 0, 1));
    }
    let entry = accept(&mut book, &capture(of(vec![posting("a", "b", 5)]), true), 0);
    assert_eq!(captured(&entry).1.released, [posting("a", "c", 1), posting("a", "b", 2)]);
}

#[test]
fn a_capture_takes_at_most_what_is_left_where_it_does_not_say_how_much() {
    let book = holding(vec![posting("a", "b", 3), posting("a", "c", 1), posting("a", "b", 4)], None);
    let take = |quantity| {
        let asked =
            vec![posting("a", "b", 0).with_amount(quantity), posting("a", "b", 0).with_amount(Quantity::All)];
        let entry = decide(&book, &capture(Some(asking(asked).postings), false), at(0)).unwrap();
        captured(&entry).0.iter().map(|posting| posting.amount().get()).collect::<Vec<_>>()
    };
    assert_eq!(take(Quantity::UpTo(Amount::from(5))), [5, 2]);
    assert_eq!(take(Quantity::UpTo(Amount::MAX)), [7, 0]);
    assert_eq!(take(Quantity::All), [7, 0]);
}

#[test]
fn a_release_lets_go_what_was_not_captured_whatever_its_accounts_allow() {
    let mut book = holding(vec![posting("a", "b", 4), posting("a", "c", 3), posting("world", "d", 3)], None);
    accept(&mut book, &capture(of(vec![posting("a", "c", 3), posting("a", "b", 1)]), false), 0);
    change(&mut book, "a", closed(true));
    change(&mut book, "d", frozen(Frozen::All));
    let entry = accept(&mut book, &release(ReleaseCause::Voided), 20);
    let postings = vec![posting("a", "b", 3), posting("world", "d", 3)];
    let expected = Release { hold: EntryNumber(0), cause: ReleaseCause::Voided, postings: postings.clone() };
    assert_eq!(entry.body, EntryBody::Release(expected));
    assert_eq!((entry.recorded_at, entry.effective_at), (at(20), at(20)));
    assert_eq!(
        counters(&entry),
        [("a", [10, 4, 0, 0]), ("b", [1, 0, 0, 0]), ("d", [0; 4]), ("world", [0; 4])]
    );
    assert_eq!((entry.body.postings(), entry.body.movements()), (&[][..], &postings[..]));
    assert_eq!((entry.body.reference(), entry.body.metadata()), (None, &Metadata::none()));
    assert_eq!(entry.statement_lines(&key("a").account), Some(vec![]));
    let not_open = Rejection::HoldNotOpen { hold: EntryNumber(0), state: HoldState::Voided };
    for again in [release(ReleaseCause::Voided), release(ReleaseCause::Expired), capture(None, false)] {
        assert_eq!(decide(&book, &again, at(20)), Err(not_open.clone()));
    }
}

#[test]
fn a_hold_has_to_expire_after_it_is_made() {
    let expiring = |expires_at| {
        Command::CreateHold(CreateHold {
            expires_at: Some(at(expires_at)),
            ..hold(vec![posting("world", "b", 4)])
        })
    };
    let passed = |expires_at| Err(Rejection::HoldExpiryPassed { expires_at: at(expires_at) });
    assert_eq!(decide(&Book::default(), &expiring(-1), at(0)), passed(-1));
    assert_eq!(decide(&Book::default(), &expiring(0), at(0)), passed(0));
    assert!(decide(&Book::default(), &expiring(1), at(0)).is_ok());
    // Of a clock that was set back, the log's last time counts.
    let book = Book::at(EntryNumber(1), Some(at(10)));
    assert_eq!(decide(&book, &expiring(10), at(0)), passed(10));
    assert!(decide(&book, &expiring(11), at(0)).is_ok());
}

#[test]
fn a_hold_can_be_captured_and_voided_until_it_expires_and_expires_from_then_on() {
    let mut book = holding(vec![posting("a", "b", 4)], Some(at(30)));
    let taking = [capture(None, false), release(ReleaseCause::Voided)];
    let expire = release(ReleaseCause::Expired);
    for command in &taking {
        assert!(decide(&book, command, at(29)).is_ok());
    }
    assert_eq!(decide(&book, &expire, at(29)), Err(Rejection::HoldNotDue { hold: EntryNumber(0) }));
    let not_open = Err(Rejection::HoldNotOpen { hold: EntryNumber(0), state: HoldState::Expired });
    for command in &taking {
        assert_eq!(decide(&book, command, at(30)), not_open, "nobody has let it go yet, and still");
    }
    let entry = accept(&mut book, &expire, 30);
    let postings = vec![posting("a", "b", 4)];
    let expected = Release { hold: EntryNumber(0), cause: ReleaseCause::Expired, postings };
    assert_eq!(entry.body, EntryBody::Release(expected));
    assert_eq!(counters(&entry), [("a", [10, 0, 0, 0]), ("b", [0; 4])]);
    for command in taking.iter().chain([&expire]) {
        assert_eq!(decide(&book, command, at(0)), not_open, "a clock that is set back changes nothing");
    }
}

#[test]
fn what_never_expires_is_never_due() {
    let book = holding(vec![posting("a", "b", 4)], None);
    let decision = decide(&book, &release(ReleaseCause::Expired), Timestamp::MAX);
    assert_eq!(decision, Err(Rejection::HoldNotDue { hold: EntryNumber(0) }));
}

#[test]
fn a_floor_that_is_raised_later_keeps_nobody_from_capturing() {
    let mut book = holding(vec![posting("a", "b", 8)], None);
    change(&mut book, "a", floor(5));
    let spend = Command::PostTransaction(post(vec![posting("a", "b", 1)]));
    let Err(Rejection::InsufficientFunds { available, shortfall, .. }) = decide(&book, &spend, at(0)) else {
        panic!("one of two was moved over a floor of five");
    };
    assert_eq!((available, shortfall), (2, Amount::from(4)));
    let entry = accept(&mut book, &capture(None, false), 0);
    assert_eq!(counters(&entry), [("a", [10, 8, 0, 0]), ("b", [8, 0, 0, 0])]);
}

#[test]
fn an_account_that_is_frozen_or_closed_later_lets_no_capture_through_until_it_is_open_again() {
    use Direction::{Credit, Debit};
    let mut book = holding(vec![posting("a", "b", 8)], None);
    let account = |account: &str| key(account).account;
    for (of, policy, back, rejection) in [
        ("a", closed(true), closed(false), Rejection::AccountClosed { posting: 0, account: account("a") }),
        ("b", closed(true), closed(false), Rejection::AccountClosed { posting: 0, account: account("b") }),
        (
            "a",
            frozen(Frozen::Debits),
            frozen(Frozen::Credits),
            Rejection::AccountFrozen { posting: 0, account: account("a"), side: Debit },
        ),
        (
            "b",
            frozen(Frozen::All),
            frozen(Frozen::Debits),
            Rejection::AccountFrozen { posting: 0, account: account("b"), side: Credit },
        ),
    ] {
        change(&mut book, of, policy);
        for postings in [None, of_nothing()] {
            assert_eq!(decide(&book, &capture(postings, false), at(0)), Err(rejection.clone()));
        }
        change(&mut book, of, back);
        assert!(decide(&book, &capture(None, false), at(0)).is_ok(), "{rejection:?}");
    }
}

fn of_nothing() -> Option<Postings<Quantity>> {
    of(vec![posting("a", "b", 0)])
}

#[test]
fn a_hold_of_nothing_is_open_until_it_is_captured_or_let_go() {
    let mut book = Book::default();
    let asked = vec![posting("a", "b", 0).with_amount(Quantity::All), posting("a", "c", 0).into()];
    let entry = accept(
        &mut book,
        &Command::CreateHold(CreateHold {
            postings: asking(asked).postings,
            ..hold(vec![posting("a", "b", 0)])
        }),
        0,
    );
    let nothing = [posting("a", "b", 0), posting("a", "c", 0)];
    assert_eq!(entry.body.movements(), nothing);
    assert_eq!(book.hold(EntryNumber(0)).unwrap().state, HoldState::Open);
    let captured_entry = decide(&book, &capture(None, false), at(0)).unwrap();
    let (moved, last) = captured(&captured_entry);
    assert_eq!((moved, last.closes, last.released.is_empty()), (nothing.to_vec(), true, true));
    let released = decide(&book, &release(ReleaseCause::Voided), at(0)).unwrap();
    assert_eq!((released.body.movements(), counters(&released)), (&[][..], vec![]));
}
