//! Compares holds and reversals with what follows from the log. Of holds that have ended, and of lists, it keeps digests
//! alone.

use std::collections::HashMap;

use ledger::{Address, Amount, Book, Entry, EntryBody, EntryNumber, HoldStanding, HoldState, Remainder};
use sha2::{Digest, Sha256};

use super::Finding;
use super::finding::ProjectionFault;
use super::movements::Seen;
use crate::codec::{encode_amounts, encode_state};
use crate::port::KeptHold;

/// Every hold, and every transaction that was reversed, as far as they have been seen from both sides.
#[derive(Default)]
pub(super) struct Holds {
    open: HashMap<EntryNumber, HoldStanding>,
    ended: HashMap<EntryNumber, [u8; 16]>,
    accounts: HashMap<Address, BothSides>,
    unreversed: HashMap<EntryNumber, Remainder>,
}

#[derive(Default)]
struct BothSides {
    /// The holds that follow from the log.
    expected: Seen,
    /// The holds that the projection has.
    found: Seen,
}

impl Holds {
    /// Goes on with what is known of earlier holds and transactions.
    pub(super) fn after(
        holds: Vec<(EntryNumber, HoldStanding)>,
        unreversed: Vec<(EntryNumber, Remainder)>,
    ) -> Self {
        let open = holds.into_iter().filter(|(_, standing)| standing.state == HoldState::Open).collect();
        Self { open, unreversed: unreversed.into_iter().collect(), ..Self::default() }
    }

    /// Returns how many holds and reversed transactions the log has.
    pub(super) fn len(&self) -> u64 {
        (self.open.len() + self.ended.len() + self.unreversed.len()) as u64
    }

    /// Says which transaction has to be [learnt](Self::learn) before an entry can be decided on again.
    pub(super) fn lacks(&self, entry: &Entry) -> Option<EntryNumber> {
        entry.body.reversed().filter(|of| *of < entry.number && !self.unreversed.contains_key(of))
    }

    /// Takes a transaction of which nothing was reversed yet.
    pub(super) fn learn(&mut self, entry: &Entry) {
        if let EntryBody::Transaction(transaction) = &entry.body {
            self.unreversed.insert(entry.number, Remainder::whole(transaction.postings.clone()));
        }
    }

    /// Has the book know what an entry rests on.
    pub(super) fn load(&self, book: &mut Book, entry: &Entry) {
        if let Some(hold) = entry.body.hold()
            && let Some(standing) = self.open.get(&hold)
        {
            book.load_hold(hold, standing.clone());
        }
        if let Some(of) = entry.body.reversed()
            && let Some(left) = self.unreversed.get(&of)
        {
            book.load_unreversed(of, left.clone());
        }
    }

    /// Takes over from the book how an entry left what it rests on, or made.
    pub(super) fn expect(&mut self, book: &Book, entry: &Entry) {
        let is_hold = matches!(entry.body, EntryBody::Hold(_));
        if let Some(hold) = entry.body.hold().or(is_hold.then_some(entry.number))
            && let Some(standing) = book.hold(hold)
        {
            if standing.state == HoldState::Open {
                self.open.insert(hold, standing.clone());
            } else {
                self.open.remove(&hold);
                self.ended.insert(hold, digest(&kept(hold, standing)));
            }
        }
        if is_hold {
            for account in accounts_of(entry) {
                self.accounts.entry(account.clone()).or_default().expected.add(entry.number);
            }
        }
        if let Some(of) = entry.body.reversed()
            && let Some(left) = book.unreversed(of)
        {
            self.unreversed.insert(of, left.clone());
        }
    }

    /// Takes a hold of the projection, and says whether it follows from the log.
    pub(super) fn find(&mut self, found: &KeptHold) -> Option<Finding> {
        let expected = match self.open.remove(&found.hold) {
            Some(standing) => Some(digest(&kept(found.hold, &standing))),
            None => self.ended.remove(&found.hold),
        };
        let fault = match expected {
            Some(expected) if expected == digest(found) => return None,
            Some(_) => ProjectionFault::Differs,
            None => ProjectionFault::Unexpected,
        };
        Some(Finding::HoldDiffers { hold: found.hold, fault })
    }

    /// Takes an account with a hold that the projection lists.
    pub(super) fn find_account(&mut self, account: &Address, hold: EntryNumber) {
        self.accounts.entry(account.clone()).or_default().found.add(hold);
    }

    /// Takes a reversed transaction of the projection, and says whether it follows from the log.
    pub(super) fn find_reversal(&mut self, transaction: EntryNumber, reversed: &[Amount]) -> Option<Finding> {
        let fault = match self.unreversed.remove(&transaction) {
            Some(left) if left.used() == reversed => return None,
            Some(_) => ProjectionFault::Differs,
            None => ProjectionFault::Unexpected,
        };
        Some(Finding::ReversalDiffers { transaction, fault })
    }

    /// Returns what is missing in the projection, and accounts whose holds differ.
    pub(super) fn differences(self) -> impl Iterator<Item = Finding> {
        let fault = ProjectionFault::Missing;
        let mut holds: Vec<_> = self.open.into_keys().chain(self.ended.into_keys()).collect();
        holds.sort_unstable();
        let mut reversals: Vec<_> = self.unreversed.into_keys().collect();
        reversals.sort_unstable();
        let mut accounts: Vec<_> =
            self.accounts.into_iter().filter(|(_, sides)| sides.expected != sides.found).collect();
        accounts.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let holds = holds.into_iter().map(move |hold| Finding::HoldDiffers { hold, fault });
        let accounts = accounts.into_iter().map(|(account, _)| Finding::HoldsOfAccountDiffer { account });
        let reversals =
            reversals.into_iter().map(move |transaction| Finding::ReversalDiffers { transaction, fault });
        holds.chain(accounts).chain(reversals)
    }
}

/// Returns the accounts that a hold names, each once, by address.
fn accounts_of(entry: &Entry) -> Vec<&Address> {
    let postings = entry.body.movements().iter();
    let mut accounts: Vec<_> =
        postings.flat_map(|posting| [posting.source(), posting.destination()]).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

fn kept(hold: EntryNumber, standing: &HoldStanding) -> KeptHold {
    let HoldStanding { state, left, expires_at } = standing;
    KeptHold { hold, state: *state, captured: left.used(), expires_at: *expires_at }
}

fn digest(kept: &KeptHold) -> [u8; 16] {
    let KeptHold { hold: _, state, captured, expires_at } = kept;
    let expires_at = expires_at.map_or(String::new(), |time| time.micros().to_string());
    let text = format!("{} {expires_at} {}", encode_state(*state), encode_amounts(captured));
    let digest = Sha256::digest(text.as_bytes());
    let mut front = [0; 16];
    front.copy_from_slice(&digest[..16]);
    front
}
