//! How often each outcome occurs in random histories.

use std::collections::BTreeMap;

use ledger::{
    AccountPart, Amount, Balance, BalanceKey, Book, Command, Direction, Entry, EntryBody, Figure, HoldState,
    Origin, Quantity, Rejection, ReleaseCause, Timestamp,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::commands::histories;
use crate::played::Played;
use crate::properties::lines_of_all;

/// Counts what can be said of an entry that a book has not taken yet.
fn count_accepted(book: &Book, command: &Command, entry: &Entry, count: &mut impl FnMut(&'static str)) {
    match &entry.body {
        EntryBody::Account(_) => count("account changed"),
        EntryBody::TransactionChange(_) => count("transaction changed"),
        EntryBody::Hold(hold) => {
            count("held");
            if hold.expires_at.is_some() {
                count("held for a time");
            }
        }
        EntryBody::Release(release) => {
            count(match release.cause {
                ReleaseCause::Voided => "voided",
                ReleaseCause::Expired => "expired",
            });
            let left = &book.hold(release.hold).unwrap().left;
            if left.used().iter().any(|used| *used > Amount::ZERO) {
                count("released after a capture");
            }
        }
        EntryBody::Transaction(transaction) => match &transaction.origin {
            Origin::Posted => count_posted(book, command, entry, count),
            Origin::Capture(capture) => {
                count(if capture.closes { "captured, the last time" } else { "captured, with more to come" });
                if !capture.released.is_empty() {
                    count("captured, with something released");
                }
                let left = &book.hold(capture.hold).unwrap().left;
                if left.used().iter().any(|used| *used > Amount::ZERO) {
                    count("captured again");
                }
            }
            Origin::Reversal(reversal) => {
                count("reversed");
                let left = book.unreversed(reversal.of).unwrap();
                if left.used().iter().any(|used| *used > Amount::ZERO) {
                    count("reversed again");
                }
                if left.rest().iter().any(|p| !transaction.postings.as_slice().contains(&p.reversed())) {
                    count("reversed in part");
                }
                let under = |(key, b): &(BalanceKey, Balance)| !key.account.is_world() && b.available() < 0;
                if reversal.forced && entry.balances.iter().any(under) {
                    count("reversed by force, into debt");
                }
            }
        },
    }
    if !matches!(command, Command::PostTransaction(_))
        && command.postings().iter().any(|posting| !matches!(posting.amount(), Quantity::Exactly(_)))
    {
        count("something else than amounts captured, held or reversed");
    }
}

fn count_posted(book: &Book, command: &Command, entry: &Entry, count: &mut impl FnMut(&'static str)) {
    count("accepted");
    let lines = lines_of_all(entry);
    if entry.balances.iter().any(|(key, b)| !key.account.is_world() && b.posted() < 0) {
        count("accepted, on credit");
    }
    if entry.balances.iter().any(|(_, b)| b.pending_out > Amount::ZERO) {
        count("accepted, beside a hold");
    }
    if lines.iter().any(|l| l.amount == Amount::ZERO) {
        count("accepted, with a zero amount");
    }
    if lines.iter().any(|l| l.amount.get() >= 1 << 125) {
        count("accepted, with a huge amount");
    }
    for (asked, moved) in command.postings().iter().zip(entry.body.postings()) {
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

/// Counts a rejection of a command by a book.
fn count_rejected(
    book: &Book,
    command: &Command,
    rejection: &Rejection,
    count: &mut impl FnMut(&'static str),
) {
    match rejection {
        Rejection::HoldNotFound { .. } => count("hold not found"),
        Rejection::TransactionNotFound { .. } => count("transaction not found"),
        Rejection::ReferenceTaken { .. } => count("reference taken"),
        Rejection::HoldExpiryPassed { .. } => count("hold's expiry passed"),
        Rejection::HoldNotOpen { hold, state } => count(match (book.hold(*hold).unwrap().state, state) {
            (HoldState::Open, _) => "hold due, and nobody had let it go",
            (_, HoldState::Captured) => "hold captured",
            (_, HoldState::Voided) => "hold voided",
            (_, HoldState::Expired) => "hold expired",
            (_, HoldState::Open) => "hold open, and yet not",
        }),
        Rejection::HoldNotDue { .. } => count("hold not due"),
        Rejection::AccountClosed { .. } => count("account closed"),
        Rejection::AccountFrozen { .. } => count("account frozen"),
        Rejection::HoldExceedsRemaining { remaining, .. } => {
            count("more captured than is left");
            if *remaining == Amount::ZERO {
                count("captured where nothing is left");
            }
        }
        Rejection::ReversalExceedsOriginal { remaining, .. } => {
            count("more reversed than is left");
            if *remaining == Amount::ZERO {
                count("reversed where nothing is left");
            }
        }
        Rejection::AccountUnbounded { .. } => count("account unbounded"),
        Rejection::InsufficientFunds { posting, .. } => count(match command {
            Command::CreateHold(_) => "insufficient funds of a hold",
            Command::ReverseTransaction(_) => "insufficient funds of a reversal",
            _ if *posting == 0 => "insufficient funds at once",
            _ => "insufficient funds later",
        }),
        Rejection::AmountOverflow { posting, account, .. } => {
            count(match command {
                Command::CreateHold(_) => "overflow of a hold",
                Command::ReverseTransaction(_) => "overflow of a reversal",
                _ if *posting == 0 => "overflow at once",
                _ => "overflow later",
            });
            if let Command::PostTransaction(post) = command {
                let at_source = post.postings.as_slice()[*posting].source() == account;
                count(if at_source { "overflow of a source" } else { "overflow of a destination" });
            }
        }
        Rejection::ExpectationFailed { unmet, .. } => count(match unmet.figure {
            Figure::Posted => "posted not as expected",
            Figure::Available => "available not as expected",
            Figure::Version => "version not as expected",
        }),
        Rejection::TransactionTooLarge { .. } => count("too much beside a transaction"),
        Rejection::AccountTooLarge { part: AccountPart::Metadata, .. } => count("too much metadata"),
        Rejection::AccountTooLarge { part: AccountPart::Floors, .. } => count("too many floors"),
    }
}

/// Holds the generators to their purpose: a property that never meets a rejection proves little.
#[test]
fn random_histories_meet_every_outcome_often() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    let mut count = |what| *seen.entry(what).or_insert(0_u32) += 1;
    for _ in 0..1000 {
        let history = histories().new_tree(&mut runner).unwrap().current();
        let mut played = Played::default();
        let mut clock = Timestamp::MIN;
        for step in history {
            count("commands");
            if step.now < clock {
                count("clock set back");
            }
            clock = step.now;
            let before = played.book().clone();
            match played.take(&step) {
                Ok(entry) => count_accepted(&before, &step.command, &entry, &mut count),
                Err(rejection) => count_rejected(&before, &step.command, &rejection, &mut count),
            }
        }
    }
    let commands = seen["commands"];
    for (outcome, per_ten_thousand) in [
        ("accepted", 1000),
        ("accepted, beside a hold", 300),
        ("accepted, on credit", 10),
        ("accepted, passing on what just came in", 200),
        ("accepted, with a huge amount", 30),
        ("accepted, with a zero amount", 100),
        ("less than up to moved", 50),
        ("all of up to moved", 200),
        ("all of nothing moved", 20),
        ("all moved", 40),
        ("expectations met", 50),
        ("account changed", 300),
        ("transaction changed", 200),
        ("held", 800),
        ("held for a time", 200),
        ("captured, the last time", 200),
        ("captured, with more to come", 60),
        ("captured, with something released", 30),
        ("captured again", 10),
        ("voided", 100),
        ("expired", 10),
        ("released after a capture", 5),
        ("reversed", 200),
        ("reversed again", 10),
        ("reversed in part", 80),
        ("reversed by force, into debt", 3),
        ("something else than amounts captured, held or reversed", 300),
        ("clock set back", 2000),
        ("hold not found", 80),
        ("transaction not found", 50),
        ("reference taken", 50),
        ("hold's expiry passed", 60),
        ("hold captured", 30),
        ("hold voided", 15),
        ("hold expired", 1),
        ("hold due, and nobody had let it go", 50),
        ("hold not due", 80),
        ("account closed", 40),
        ("account frozen", 40),
        ("more captured than is left", 100),
        ("captured where nothing is left", 60),
        ("more reversed than is left", 80),
        ("reversed where nothing is left", 60),
        ("account unbounded", 30),
        ("insufficient funds at once", 200),
        ("insufficient funds later", 150),
        ("insufficient funds of a hold", 200),
        ("insufficient funds of a reversal", 10),
        ("overflow at once", 30),
        ("overflow later", 20),
        ("overflow of a source", 60),
        ("overflow of a destination", 3),
        ("overflow of a hold", 40),
        ("overflow of a reversal", 2),
        ("posted not as expected", 25),
        ("available not as expected", 15),
        ("version not as expected", 25),
        ("too many floors", 8),
        ("too much metadata", 5),
        ("too much beside a transaction", 5),
    ] {
        let times = seen.get(outcome).copied().unwrap_or_default();
        assert!(
            10_000 * times >= per_ten_thousand * commands,
            "{outcome}: {times} of {commands} commands; {seen:?}"
        );
    }
}
