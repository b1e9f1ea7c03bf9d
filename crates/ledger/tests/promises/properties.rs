//! The promises of the core as properties of random histories.
//!
//! Each property is tried on 512 histories. `PROPTEST_CASES` sets another number: CI takes 10000. A
//! failure prints the smallest history that shows it, and the seed as a line `xs …`; that line is kept in
//! `tests/proptest-regressions/properties.txt`, where every later run begins. `PROPTEST_RNG_SEED` repeats
//! a whole run.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Amount, Balance, BalanceKey, Book, Command, Direction, Entry, EntryBody, Expectations, Floor,
    PostTransaction, Posting, Quantity, StatementLine, decide,
};
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

use crate::commands::{ACCOUNTS, REFERENCES, Step, address, histories, reference};
use crate::model::Model;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        // Three quarters of the time went into the default generator's rounds; nobody attacks these tests.
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    }
}

/// Decides on a whole history and returns the entries that it wrote, with the book as they left it.
fn play(history: &[Step]) -> (Vec<Entry>, Book) {
    let mut book = Book::default();
    let mut log = Vec::new();
    for step in history {
        if let Ok(entry) = decide(&book, &step.command, step.now) {
            book.apply(&entry);
            log.push(entry);
        }
    }
    (log, book)
}

pub(crate) fn postings(entry: &Entry) -> &[Posting] {
    entry.body.postings()
}

/// The postings that a command asks for.
pub(crate) fn asked(command: &Command) -> &[Posting<Quantity>] {
    match command {
        Command::PostTransaction(post) => post.postings.as_slice(),
        Command::ChangeAccount(_) => &[],
    }
}

fn in_order(book: &Book) -> BTreeMap<BalanceKey, Balance> {
    book.balances().map(|(key, balance)| (key.clone(), *balance)).collect()
}

/// Everything that can be asked of a book.
fn all_of(book: &Book) -> impl PartialEq + std::fmt::Debug {
    let references = REFERENCES.map(|text| book.reference(&reference(text)));
    let kept = ACCOUNTS.map(|text| {
        let account = address(text);
        (book.policy(&account).clone(), book.metadata(&account).cloned())
    });
    (book.next(), book.last_recorded_at(), in_order(book), references, kept)
}

/// Returns the lines that an entry puts on all accounts, in the order of its postings, debits first.
pub(crate) fn lines_of_all(entry: &Entry) -> Vec<StatementLine> {
    let mut accounts: Vec<_> = entry.balances.iter().map(|(key, _)| &key.account).collect();
    accounts.dedup();
    let mut lines: Vec<_> =
        accounts.into_iter().flat_map(|account| entry.statement_lines(account).unwrap()).collect();
    lines.sort_by_key(|line| (line.posting, line.direction));
    lines
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn decisions_numbers_times_and_balances_are_those_of_the_reference_model(history in histories()) {
        let mut model = Model::default();
        let mut book = Book::default();
        for step in &history {
            let expected = model.take(&step.command, step.now);
            match decide(&book, &step.command, step.now) {
                Err(rejection) => prop_assert_eq!(Err(rejection), expected),
                Ok(entry) => {
                    let expected = expected.map_err(|r| TestCaseError::fail(format!("{r:?} was accepted")))?;
                    prop_assert_eq!(entry.number, expected.number);
                    prop_assert_eq!(entry.recorded_at, expected.recorded_at);
                    prop_assert_eq!(entry.effective_at, expected.effective_at);
                    let amounts = expected.amounts.iter().map(|units| Amount::new(*units).unwrap());
                    let moved: Vec<_> = asked(&step.command).iter()
                        .zip(amounts).map(|(posting, amount)| posting.with_amount(amount)).collect();
                    prop_assert_eq!(postings(&entry), &moved);
                    match (&step.command, &entry.body) {
                        (Command::PostTransaction(post), EntryBody::Transaction(transaction)) => {
                            prop_assert_eq!(&transaction.reference, &post.reference);
                            prop_assert_eq!(&transaction.metadata, &post.metadata);
                        }
                        (Command::ChangeAccount(asked), EntryBody::Account(change)) => {
                            prop_assert_eq!(&asked.account, &change.account);
                            for key in ["k", "l"] {
                                prop_assert_eq!(change.metadata.get(key), model.kept(&change.account, key));
                            }
                            for posting in model.moved() {
                                let floor = change.policy.floor(&posting.1);
                                let expected = model.floor(&change.account, &posting.1);
                                prop_assert_eq!(floor, expected.map_or(Floor::Unbounded, Floor::AtLeast));
                            }
                        }
                        (command, body) => prop_assert!(false, "{:?} gives {:?}", command, body),
                    }

                    let touched: BTreeSet<_> = postings(&entry).iter()
                        .flat_map(|p| [p.source(), p.destination()].map(|a| (a.clone(), p.asset().clone())))
                        .collect();
                    let keys = entry.balances.iter().map(|(k, _)| (k.account.clone(), k.asset.clone()));
                    prop_assert_eq!(keys.collect::<Vec<_>>(), touched.into_iter().collect::<Vec<_>>());
                    for (key, balance) in &entry.balances {
                        prop_assert_eq!(balance.posted_in.get(), model.total_in(&key.account, &key.asset));
                        prop_assert_eq!(balance.posted_out.get(), model.total_out(&key.account, &key.asset));
                    }
                    book.apply(&entry);
                }
            }
        }
        prop_assert_eq!(book.balances().count(), model.moved().len());
        for (account, asset) in model.moved() {
            let (total_in, total_out) = (model.total_in(&account, &asset), model.total_out(&account, &asset));
            let balance = book.balance(&BalanceKey { account, asset });
            prop_assert_eq!(balance.posted_in.get(), total_in);
            prop_assert_eq!(balance.posted_out.get(), total_out);
            prop_assert_eq!(balance.pending_in.get() + balance.pending_out.get(), 0);
        }
    }

    #[test]
    fn what_was_recorded_is_decided_alike_when_it_is_asked_for_exactly(history in histories()) {
        let mut book = Book::default();
        for entry in play(&history).0 {
            let EntryBody::Transaction(transaction) = entry.body.clone() else {
                book.apply(&entry);
                continue;
            };
            let again = Command::PostTransaction(PostTransaction {
                postings: transaction.postings.into(),
                reference: transaction.reference,
                effective_at: Some(entry.effective_at),
                metadata: transaction.metadata,
                expectations: Expectations::default(),
            });
            let decision = decide(&book, &again, entry.recorded_at);
            prop_assert_eq!(decision.as_ref(), Ok(&entry));
            book.apply(&entry);
        }
    }

    #[test]
    fn every_asset_sums_to_zero_after_every_entry(history in histories()) {
        let mut book = Book::default();
        for entry in play(&history).0 {
            book.apply(&entry);
            let mut sums = BTreeMap::new();
            for (key, balance) in book.balances() {
                // Wrapping: accounts without a floor may owe more together than one could.
                let sum = sums.entry(&key.asset).or_insert(0_i128);
                *sum = sum.wrapping_add(balance.posted());
            }
            prop_assert!(sums.values().all(|sum| *sum == 0), "{:?} after {:?}", sums, entry);
        }
    }

    #[test]
    fn no_posting_takes_an_account_under_its_floor(history in histories()) {
        let mut posted = BTreeMap::new();
        let mut book = Book::default();
        for entry in play(&history).0 {
            for (index, posting) in postings(&entry).iter().enumerate() {
                let asset = posting.asset();
                let source = posted.entry((posting.source().clone(), asset.clone())).or_insert(0_i128);
                *source -= posting.amount().signed();
                let holds = match book.policy(posting.source()).floor(asset) {
                    Floor::Unbounded => true,
                    Floor::AtLeast(floor) => posting.amount() == Amount::ZERO || *source >= floor,
                };
                prop_assert!(
                    holds, "{} has {} after posting {} of {:?}", posting.source(), source, index, entry
                );
                *posted.entry((posting.destination().clone(), asset.clone())).or_insert(0) +=
                    posting.amount().signed();
            }
            book.apply(&entry);
        }
    }

    #[test]
    fn nothing_moves_through_closed_or_frozen_accounts(history in histories()) {
        let mut book = Book::default();
        for entry in play(&history).0 {
            for posting in postings(&entry) {
                let (source, destination) = (book.policy(posting.source()), book.policy(posting.destination()));
                prop_assert!(!source.closed && !destination.closed, "{:?}", entry);
                prop_assert!(!source.frozen.bars(Direction::Debit), "{:?}", entry);
                prop_assert!(!destination.frozen.bars(Direction::Credit), "{:?}", entry);
            }
            book.apply(&entry);
        }
    }

    #[test]
    fn a_reference_is_recorded_once_and_found_again(history in histories()) {
        let (log, book) = play(&history);
        let mut seen = BTreeSet::new();
        for entry in &log {
            if let Some(reference) = entry.body.reference() {
                prop_assert!(seen.insert(reference.clone()), "{} twice", reference);
                prop_assert_eq!(book.reference(reference), Some(entry.number));
            }
        }
    }

    #[test]
    fn the_log_has_no_gaps_and_never_goes_back_in_time(history in histories()) {
        let (log, book) = play(&history);
        for (place, entry) in log.iter().enumerate() {
            prop_assert_eq!(entry.number.0, place as u64);
        }
        prop_assert!(log.is_sorted_by_key(|entry| entry.recorded_at));
        prop_assert_eq!(book.next().0, log.len() as u64);
        prop_assert_eq!(book.last_recorded_at(), log.last().map(|entry| entry.recorded_at));
    }

    #[test]
    fn statement_lines_are_those_of_a_recount_posting_by_posting(history in histories()) {
        let mut model = Model::default();
        let mut book = Book::default();
        for step in &history {
            let Ok(entry) = decide(&book, &step.command, step.now) else { continue };
            book.apply(&entry);
            model.take(&step.command, step.now).map_err(|r| TestCaseError::fail(format!("{r:?}")))?;

            let lines = lines_of_all(&entry);
            prop_assert_eq!(lines.len(), 2 * postings(&entry).len());
            for (line, place) in lines.iter().zip(0..) {
                let posting = &postings(&entry)[place / 2];
                let (direction, account, counterparty) = if place % 2 == 0 {
                    (Direction::Debit, posting.source(), posting.destination())
                } else {
                    (Direction::Credit, posting.destination(), posting.source())
                };
                prop_assert_eq!(line.entry, entry.number);
                prop_assert_eq!(line.posting, place / 2);
                prop_assert_eq!(line.direction, direction);
                prop_assert_eq!(&line.account, account);
                prop_assert_eq!(&line.counterparty, counterparty);
                prop_assert_eq!(&line.asset, posting.asset());
                prop_assert_eq!(line.amount, posting.amount());
                let recounted = model.posted_after(account, posting.asset(), entry.number, place / 2);
                prop_assert_eq!(line.balance, recounted);
            }
            for (key, balance) in &entry.balances {
                let last = lines.iter().rfind(|l| l.account == key.account && l.asset == key.asset);
                prop_assert_eq!(last.map(|line| line.balance), Some(balance.posted()));
            }
        }
    }

    #[test]
    fn rejected_commands_leave_no_trace(history in histories()) {
        let mut book = Book::default();
        let mut accepted = Vec::new();
        let mut log = Vec::new();
        for step in &history {
            let before = all_of(&book);
            let decision = decide(&book, &step.command, step.now);
            prop_assert_eq!(before, all_of(&book));
            if let Ok(entry) = decision {
                book.apply(&entry);
                accepted.push(step.clone());
                log.push(entry);
            }
        }
        let (log_without_them, book_without_them) = play(&accepted);
        prop_assert_eq!(log, log_without_them);
        prop_assert_eq!(all_of(&book), all_of(&book_without_them));
    }

    #[test]
    fn the_same_decision_falls_again_on_any_book_that_holds_what_the_command_touches(
        history in histories()
    ) {
        let mut book = Book::default();
        for step in &history {
            let decision = decide(&book, &step.command, step.now);
            prop_assert_eq!(&decision, &decide(&book, &step.command, step.now));

            let mut part = Book::at(book.next(), book.last_recorded_at());
            for posting in asked(&step.command) {
                for account in [posting.source(), posting.destination()] {
                    let key = BalanceKey { account: account.clone(), asset: posting.asset().clone() };
                    let balance = book.balance(&key);
                    part.load_balance(key, balance);
                    part.load_policy(account.clone(), book.policy(account).clone());
                }
            }
            match &step.command {
                Command::PostTransaction(post) => {
                    for expectation in post.expectations.as_slice() {
                        part.load_balance(expectation.key().clone(), book.balance(expectation.key()));
                    }
                    if let Some(reference) = &post.reference
                        && let Some(entry) = book.reference(reference)
                    {
                        part.load_reference(reference.clone(), entry);
                    }
                }
                Command::ChangeAccount(change) => {
                    part.load_policy(change.account.clone(), book.policy(&change.account).clone());
                    if let Some(metadata) = book.metadata(&change.account) {
                        part.load_metadata(change.account.clone(), metadata.clone());
                    }
                }
            }
            prop_assert_eq!(&decision, &decide(&part, &step.command, step.now));

            if let Ok(entry) = decision {
                book.apply(&entry);
            }
        }
    }
}
