//! What is expected of the versions of accounts.

use super::*;
use crate::{Bound, Bounds, Expectation, ExpectedBounds, Figure, Unmet};

fn expecting(account: &str, version: i128) -> PostTransaction {
    let version = Bounds { equals: Some(version), ..Bounds::default() };
    let bounds = ExpectedBounds { version, ..ExpectedBounds::default() };
    let expectation = Expectation::new(Address::parse(account).unwrap(), None, bounds).unwrap();
    PostTransaction {
        expectations: Expectations::new(vec![expectation]).unwrap(),
        ..post(vec![posting("world", "b", 1)])
    }
}

#[test]
fn an_account_is_expected_to_be_of_the_version_that_it_had_before() {
    let mut book = Book::at(EntryNumber(7), None);
    for (account, version) in [("b", 0), ("c", 5)] {
        book.load_version(Address::parse(account).unwrap(), version);
    }
    let decide_on = |book: &Book, post| decide(book, &Command::PostTransaction(post), at(0));
    assert!(decide_on(&book, expecting("c", 5)).is_ok(), "no posting touches it");
    let entry = decide_on(&book, expecting("b", 0)).unwrap();
    book.apply(&entry);
    assert_eq!(book.version(&Address::parse("b").unwrap()), 8);
    let failed = |account: &str, expected, actual| Rejection::ExpectationFailed {
        expectation: 0,
        account: Address::parse(account).unwrap(),
        asset: None,
        unmet: Unmet { figure: Figure::Version, bound: Bound::Equals(expected), actual },
    };
    assert_eq!(decide_on(&book, expecting("b", 0)), Err(failed("b", 0, 8)));
    assert!(decide_on(&book, expecting("b", 8)).is_ok());
    assert_eq!(decide_on(&book, expecting("c", 8)), Err(failed("c", 8, 5)));
}

#[test]
fn all_that_touches_an_account_raises_its_version() {
    let mut book = book_of(&[("a", 10)]);
    for account in ["a", "b", "c"] {
        book.load_version(Address::parse(account).unwrap(), 0);
    }
    let versions =
        |book: &Book| ["a", "b", "c"].map(|account| book.version(&Address::parse(account).unwrap()));
    let metadata = Metadata::default;
    let hold = CreateHold {
        postings: of(vec![posting("a", "b", 4), posting("a", "c", 0)]).unwrap(),
        expires_at: None,
        reference: None,
        metadata: metadata(),
    };
    accept(&mut book, &Command::CreateHold(hold), 0);
    assert_eq!(versions(&book), [1, 1, 1]);
    change(&mut book, "c", closed(false));
    assert_eq!(versions(&book), [1, 1, 2]);
    let capture = CaptureHold {
        hold: EntryNumber(0),
        postings: of(vec![posting("a", "b", 1)]),
        is_final: false,
        reference: None,
        effective_at: None,
        metadata: metadata(),
    };
    accept(&mut book, &Command::CaptureHold(capture), 0);
    assert_eq!(versions(&book), [3, 3, 2]);
    let void = ReleaseHold { hold: EntryNumber(0), cause: ReleaseCause::Voided };
    accept(&mut book, &Command::ReleaseHold(void), 0);
    assert_eq!(versions(&book), [4, 4, 2]);
}
