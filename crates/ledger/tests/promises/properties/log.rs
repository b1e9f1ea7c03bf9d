//! The log: numbers, times, references, what replaying it gives, and the statements that are read from it.

use std::collections::BTreeSet;

use ledger::{Address, BalanceKey, Command, Direction, Posting};
use proptest::prelude::*;
use reference_model::Model;

use super::{config, lines_of_all};
use crate::commands::histories;
use crate::played::Played;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_reference_is_recorded_once_and_found_again(history in histories()) {
        let played = Played::of(&history);
        let mut seen = BTreeSet::new();
        for entry in played.log() {
            if let Some(reference) = entry.body.reference() {
                prop_assert!(seen.insert(reference.clone()), "{} twice", reference);
                prop_assert_eq!(played.book().reference(reference), Some(entry.number));
            }
        }
    }

    #[test]
    fn the_log_has_no_gaps_and_never_goes_back_in_time(history in histories()) {
        let played = Played::of(&history);
        let (log, book) = (played.log(), played.book());
        for (place, entry) in log.iter().enumerate() {
            prop_assert_eq!(entry.number.0, place as u64);
        }
        prop_assert!(log.is_sorted_by_key(|entry| entry.recorded_at));
        prop_assert_eq!(book.next().0, log.len() as u64);
        prop_assert_eq!(book.last_recorded_at(), log.last().map(|entry| entry.recorded_at));
    }

    #[test]
    fn replaying_the_log_gives_the_same_book(history in histories()) {
        let played = Played::of(&history);
        let mut again = Played::default();
        for entry in played.log() {
            again.apply(entry);
        }
        prop_assert_eq!(again, played);
    }

    #[test]
    fn an_entry_has_the_balances_that_its_postings_touch_and_knows_what_it_rests_on(history in histories()) {
        let mut played = Played::default();
        for step in &history {
            let Ok(entry) = played.take(step) else { continue };
            let sides = |posting: &Posting| {
                let key = |account: &Address| {
                    BalanceKey { account: account.clone(), asset: posting.asset().clone() }
                };
                [key(posting.source()), key(posting.destination())]
            };
            let touched: BTreeSet<_> = entry.body.touching().flat_map(sides).collect();
            let keys: Vec<_> = entry.balances.iter().map(|(key, _)| key.clone()).collect();
            prop_assert_eq!(keys, touched.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(entry.body.hold(), step.command.hold());
            prop_assert_eq!(entry.body.reversed(), step.command.reversed());
            prop_assert_eq!(entry.body.reference(), step.command.reference());
            let is_about_hold = matches!(
                step.command,
                Command::CreateHold(_) | Command::CaptureHold(_) | Command::ReleaseHold(_)
            );
            prop_assert_eq!(entry.body.rests_on_holds(), is_about_hold);
        }
    }

    #[test]
    fn statement_lines_are_those_of_a_recount_posting_by_posting(history in histories()) {
        let mut model = Model::default();
        let mut played = Played::default();
        for step in &history {
            let Ok(entry) = played.take(step) else { continue };
            model.take(&step.command, step.now).map_err(|r| TestCaseError::fail(format!("{r:?}")))?;

            let (lines, postings) = (lines_of_all(&entry), entry.body.postings());
            prop_assert_eq!(lines.len(), 2 * postings.len());
            for (line, place) in lines.iter().zip(0..) {
                let posting = &postings[place / 2];
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
                // What was only reserved or let go has no line, and no part in what is posted.
                if let Some(last) = lines.iter().rfind(|l| l.account == key.account && l.asset == key.asset) {
                    prop_assert_eq!(last.balance, balance.posted());
                }
            }
        }
    }
}
