//! How often each outcome occurs in random histories.

use std::collections::BTreeMap;

use ledger::{
    AccountPart, Amount, Balance, BalanceKey, Book, Command, Direction, Entry, EntryBody, Quantity,
    Rejection, Timestamp, decide,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::commands::histories;
use crate::properties::{asked, lines_of_all, postings};

/// Counts what can be said of an entry that a book is about to take.
fn count_accepted(book: &Book, command: &Command, entry: &Entry, count: &mut impl FnMut(&'static str)) {
    if let EntryBody::Account(_) = entry.body {
        return count("account changed");
    }
    count("accepted");
    let lines = lines_of_all(entry);
    if entry.balances.iter().any(|(key, b)| !key.account.is_world() && b.posted() < 0) {
        count("accepted, on credit");
    }
    if lines.iter().any(|l| l.amount == Amount::ZERO) {
        count("accepted, with a zero amount");
    }
    if lines.iter().any(|l| l.amount.get() >= 1 << 125) {
        count("accepted, with a huge amount");
    }
    for (asked, moved) in asked(command).iter().zip(postings(entry)) {
        match asked.amount() {
            Quantity::Exactly(_) => {}
            Quantity::UpTo(most) if moved.amount() < most => count("less than up to moved"),
            Quantity::UpTo(_) => count("all of up to moved"),
            Quantity::All if moved.amount() == Amount::ZERO => count("all of nothing moved"),
            Quantity::All => count("all moved"),
        }
    }
    if let Command::PostTransaction(post) = command
        && !post.expectations.as_slice().is_empty()
    {
        count("expectations met");
    }
    let passes_on = |(key, _): &(BalanceKey, Balance)| {
        book.balance(key) == Balance::default()
            && lines.iter().any(|l| {
                l.account == key.account
                    && l.asset == key.asset
                    && l.direction == Direction::Debit
                    && l.amount.get() > 0
                    && !l.account.is_world()
            })
    };
    if entry.balances.iter().any(passes_on) {
        count("accepted, passing on what just came in");
    }
}

/// Holds the generators to their purpose: a property that never meets a rejection proves little.
#[test]
fn random_histories_meet_every_outcome_often() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    let mut count = |what| *seen.entry(what).or_insert(0_u32) += 1;
    for _ in 0..500 {
        let history = histories().new_tree(&mut runner).unwrap().current();
        let mut book = Book::default();
        let mut clock = Timestamp::MIN;
        for step in history {
            count("commands");
            if step.now < clock {
                count("clock set back");
            }
            clock = step.now;
            match decide(&book, &step.command, step.now) {
                Ok(entry) => {
                    count_accepted(&book, &step.command, &entry, &mut count);
                    book.apply(&entry);
                }
                Err(Rejection::ReferenceTaken { .. }) => count("reference taken"),
                Err(Rejection::InsufficientFunds { posting: 0, .. }) => count("insufficient funds at once"),
                Err(Rejection::InsufficientFunds { .. }) => count("insufficient funds later"),
                Err(Rejection::ExpectationFailed { .. }) => count("expectation failed"),
                Err(Rejection::AccountClosed { .. }) => count("account closed"),
                Err(Rejection::AccountFrozen { .. }) => count("account frozen"),
                Err(Rejection::AccountUnbounded { .. }) => count("account unbounded"),
                Err(Rejection::AccountTooLarge {
                    part: AccountPart::Metadata | AccountPart::Floors, ..
                }) => {
                    count("account too large");
                }
                Err(Rejection::AmountOverflow { posting, account, .. }) => {
                    count(if posting == 0 { "overflow at once" } else { "overflow later" });
                    let at_source = *asked(&step.command)[posting].source() == account;
                    count(if at_source { "overflow of a source" } else { "overflow of a destination" });
                }
            }
        }
    }
    let commands = seen["commands"];
    for (outcome, per_thousand) in [
        ("accepted", 300),
        ("accepted, with a zero amount", 50),
        ("accepted, with a huge amount", 20),
        ("accepted, passing on what just came in", 100),
        ("clock set back", 300),
        ("reference taken", 50),
        ("insufficient funds at once", 100),
        ("insufficient funds later", 100),
        ("less than up to moved", 20),
        ("all of up to moved", 20),
        ("all of nothing moved", 10),
        ("all moved", 20),
        ("expectations met", 30),
        ("expectation failed", 30),
        ("account changed", 50),
        ("accepted, on credit", 10),
        ("account closed", 10),
        ("account frozen", 10),
        ("account unbounded", 3),
        ("overflow at once", 10),
        ("overflow later", 10),
        ("overflow of a source", 30),
        ("overflow of a destination", 3),
    ] {
        let times = seen.get(outcome).copied().unwrap_or_default();
        assert!(
            1000 * times >= per_thousand * commands,
            "{outcome}: {times} of {commands} commands; {seen:?}"
        );
    }
}
