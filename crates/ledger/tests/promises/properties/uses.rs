//! What is used up: holds by captures, transactions by reversals. Never more than there is.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Address, Asset, BalanceKey, Entry, EntryBody, EntryNumber, Origin, Posting};
use proptest::prelude::*;

use super::config;
use crate::commands::histories;
use crate::played::Played;

/// What is left, by source, destination and asset.
type Left = BTreeMap<(Address, Address, Asset), u128>;

fn key(posting: &Posting) -> (Address, Address, Asset) {
    (posting.source().clone(), posting.destination().clone(), posting.asset().clone())
}

fn whole(postings: &[Posting]) -> Left {
    let mut left = Left::new();
    for posting in postings {
        *left.entry(key(posting)).or_default() += posting.amount().get();
    }
    left
}

/// Uses up postings. Says whether there was as much of each.
fn use_up(left: &mut Left, postings: impl IntoIterator<Item = Posting>) -> bool {
    postings.into_iter().all(|posting| {
        let left = left.entry(key(&posting)).or_default();
        let rest = left.checked_sub(posting.amount().get());
        *left = rest.unwrap_or(0);
        rest.is_some()
    })
}

/// The holds that can still be captured, each with what is left of it.
#[derive(Default)]
struct OpenHolds(BTreeMap<EntryNumber, Left>);

impl OpenHolds {
    /// Counts an entry. Says whether it used no more of a hold than was left, and ended none with a rest.
    fn count(&mut self, entry: &Entry) -> bool {
        let (hold, used, ends) = match &entry.body {
            EntryBody::Hold(hold) => {
                self.0.insert(entry.number, whole(hold.postings.as_slice()));
                return true;
            }
            EntryBody::Transaction(transaction) => match &transaction.origin {
                Origin::Capture(capture) => {
                    let used = [transaction.postings.as_slice(), &capture.released].concat();
                    (capture.hold, used, capture.closes)
                }
                Origin::Posted | Origin::Reversal(_) => return true,
            },
            EntryBody::Release(release) => (release.hold, release.postings.clone(), true),
            EntryBody::Account(_) | EntryBody::TransactionChange(_) => return true,
        };
        // It is not among them when it ended before.
        let Some(left) = self.0.get_mut(&hold) else { return false };
        let enough = use_up(left, used);
        let nothing_left = left.values().all(|left| *left == 0);
        if ends {
            self.0.remove(&hold);
        }
        enough && (!ends || nothing_left)
    }

    /// Returns what is pending of a balance: in, and out.
    fn pending(&self, balance: &BalanceKey) -> (u128, u128) {
        let all = || self.0.values().flatten().filter(|((_, _, asset), _)| *asset == balance.asset);
        let of = |account: &Address, left: &u128| if *account == balance.account { *left } else { 0 };
        (
            all().map(|((_, destination, _), left)| of(destination, left)).sum(),
            all().map(|((source, _, _), left)| of(source, left)).sum(),
        )
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_hold_gives_no_more_than_it_reserved_and_nothing_of_it_is_pending_once_it_ended(history in histories()) {
        let mut open = OpenHolds::default();
        let mut played = Played::default();
        for entry in Played::of(&history).log() {
            prop_assert!(open.count(entry), "{:?}", entry);
            played.apply(entry);
            for (key, balance) in played.book().balances() {
                let pending = (balance.pending_in.get(), balance.pending_out.get());
                prop_assert_eq!(pending, open.pending(key), "{:?} after {:?}", key, entry);
            }
        }
    }

    #[test]
    fn a_hold_that_has_ended_or_is_due_is_not_captured(history in histories()) {
        let mut ended = BTreeSet::new();
        let mut due = BTreeMap::new();
        for entry in Played::of(&history).log() {
            match &entry.body {
                EntryBody::Hold(hold) => {
                    prop_assert!(hold.expires_at.is_none_or(|at| at > entry.recorded_at), "{:?}", entry);
                    due.insert(entry.number, hold.expires_at);
                }
                EntryBody::Release(release) => prop_assert!(ended.insert(release.hold), "{:?}", entry),
                EntryBody::Transaction(transaction) => {
                    if let Origin::Capture(capture) = &transaction.origin {
                        let in_time = due[&capture.hold].is_none_or(|at| at > entry.recorded_at);
                        prop_assert!(in_time && !ended.contains(&capture.hold), "{:?}", entry);
                        if capture.closes {
                            ended.insert(capture.hold);
                        }
                    }
                }
                EntryBody::Account(_) | EntryBody::TransactionChange(_) => {}
            }
        }
    }

    #[test]
    fn no_more_of_a_transaction_is_reversed_than_it_moved(history in histories()) {
        let mut unreversed = BTreeMap::new();
        for entry in Played::of(&history).log() {
            let Some(transaction) = entry.body.transaction() else { continue };
            if let Origin::Reversal(reversal) = &transaction.origin {
                let back = transaction.postings.as_slice().iter().map(Posting::reversed);
                let left = unreversed.get_mut(&reversal.of);
                prop_assert!(left.is_some_and(|left| use_up(left, back)), "{:?}", entry);
            }
            unreversed.insert(entry.number, whole(transaction.postings.as_slice()));
        }
    }
}
