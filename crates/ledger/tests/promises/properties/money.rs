//! Money: none comes from nowhere, no limit is passed, and no account is moved through that is barred.

use std::collections::BTreeMap;

use ledger::{Address, Amount, Asset, Book, Direction, Entry, EntryBody, Floor, Origin, Posting};
use proptest::prelude::*;

use super::config;
use crate::commands::histories;
use crate::played::Played;

/// What accounts have available, by a count of its own, and whether each posting found enough of it.
#[derive(Default)]
struct Available(BTreeMap<(Address, Asset), i128>);

impl Available {
    fn of(&mut self, account: &Address, posting: &Posting) -> &mut i128 {
        self.0.entry((account.clone(), posting.asset().clone())).or_insert(0)
    }

    /// Takes an amount from the source. Says whether that leaves it within its limit.
    fn take(&mut self, book: &Book, posting: &Posting) -> bool {
        let left = self.of(posting.source(), posting);
        *left -= posting.amount().signed();
        match book.policy(posting.source()).floor(posting.asset()) {
            Floor::Unbounded => true,
            Floor::AtLeast(floor) => posting.amount() == Amount::ZERO || *left >= floor,
        }
    }

    fn give(&mut self, account: &Address, posting: &Posting) {
        *self.of(account, posting) += posting.amount().signed();
    }

    /// Counts an entry. Returns the first posting that passes a limit.
    fn count<'e>(&mut self, book: &Book, entry: &'e Entry) -> Option<&'e Posting> {
        let mut passing = None;
        let (released, captured, forced) = match &entry.body {
            EntryBody::Transaction(transaction) => match &transaction.origin {
                Origin::Posted => (&[][..], false, false),
                Origin::Capture(capture) => (&capture.released[..], true, false),
                Origin::Reversal(reversal) => (&[][..], false, reversal.forced),
            },
            EntryBody::Release(release) => (&release.postings[..], false, false),
            EntryBody::Hold(hold) => {
                for posting in hold.postings.as_slice() {
                    if !self.take(book, posting) {
                        passing = passing.or(Some(posting));
                    }
                }
                return passing;
            }
            EntryBody::Account(_) | EntryBody::TransactionChange(_) => (&[][..], false, false),
        };
        for posting in entry.body.postings() {
            // What is captured was taken from the source when it was reserved.
            if !captured && !self.take(book, posting) && !forced {
                passing = passing.or(Some(posting));
            }
            self.give(posting.destination(), posting);
        }
        for posting in released {
            self.give(posting.source(), posting);
        }
        passing
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_asset_sums_to_zero_after_every_entry_posted_and_pending(history in histories()) {
        let mut played = Played::default();
        for entry in Played::of(&history).log() {
            played.apply(entry);
            let mut sums = BTreeMap::new();
            for (key, balance) in played.book().balances() {
                // Wrapping: accounts without a floor may owe more together than one could.
                let (posted, pending) = sums.entry(&key.asset).or_insert((0_i128, 0_i128));
                *posted = posted.wrapping_add(balance.posted());
                *pending = pending.wrapping_add(balance.pending_in.signed() - balance.pending_out.signed());
            }
            prop_assert!(sums.values().all(|sums| *sums == (0, 0)), "{:?} after {:?}", sums, entry);
        }
    }

    #[test]
    fn no_posting_takes_an_account_under_its_floor_but_by_a_forced_reversal(history in histories()) {
        let mut available = Available::default();
        let mut played = Played::default();
        for entry in Played::of(&history).log() {
            let passing = available.count(played.book(), entry);
            prop_assert_eq!(passing, None, "in {:?}", entry);
            played.apply(entry);
            for (key, balance) in &entry.balances {
                let counted = available.0.get(&(key.account.clone(), key.asset.clone()));
                prop_assert_eq!(balance.available(), counted.copied().unwrap_or(0), "{:?}", key);
            }
        }
    }

    #[test]
    fn nothing_moves_or_is_reserved_through_closed_or_frozen_accounts(history in histories()) {
        let mut played = Played::default();
        for entry in Played::of(&history).log() {
            let passing = match &entry.body {
                // What lets go moves nothing.
                EntryBody::Release(_) => &[],
                body => body.movements(),
            };
            let book = played.book();
            for posting in passing {
                let (source, destination) = (book.policy(posting.source()), book.policy(posting.destination()));
                prop_assert!(!source.closed && !destination.closed, "{:?}", entry);
                prop_assert!(!source.frozen.bars(Direction::Debit), "{:?}", entry);
                prop_assert!(!destination.frozen.bars(Direction::Credit), "{:?}", entry);
            }
            played.apply(entry);
        }
    }
}
