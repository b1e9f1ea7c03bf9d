//! The reference model: a ledger so simple that its correctness can be seen.
//!
//! It remembers every movement it ever accepted and answers each question by going through all of them.
//! It never keeps a balance, and never calls the code that it is there to check: it shares nothing with
//! it but the types in which questions and answers are put.

mod accounts;
mod annotations;
mod holds;
mod limits;
mod past;
mod reversals;
mod sums;

use ledger::{
    Address, Amount, Asset, ChangeAccount, ChangeTransaction, Command, Entry, EntryBody, EntryNumber,
    HoldState, Metadata, Origin, PostTransaction, Posting, Postings, Reference, Rejection, Timestamp,
    Transaction,
};

pub use self::past::{Clock, Moment};

/// Amounts and every sum of amounts stay below this.
const LIMIT: u128 = 1 << 127;

/// One movement, and the entry that made it.
#[derive(Clone, Debug)]
struct Movement {
    entry: u64,
    kind: Kind,
    source: Address,
    destination: Address,
    asset: Asset,
    amount: u128,
}

/// What a movement did, and to which hold or transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Posted,
    Reversed(u64),
    Reserved,
    Captured(u64),
    LetGo(u64),
}

impl Kind {
    /// Says whether money changed its owner, and was not only reserved or let go.
    fn is_posted(self) -> bool {
        matches!(self, Self::Posted | Self::Reversed(_) | Self::Captured(_))
    }
}

/// The history of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// When each entry was recorded.
    recorded: Vec<Timestamp>,
    /// When each entry is effective, where that is not when it was recorded.
    effective: Vec<Option<Timestamp>>,
    movements: Vec<Movement>,
    references: Vec<(Reference, u64)>,
    /// Every change of an account that was accepted, and the entry that made it.
    changes: Vec<(u64, ChangeAccount)>,
    /// Every hold that was ever made, and when it expires.
    holds: Vec<(u64, Option<Timestamp>)>,
    /// Every hold that ended, and how.
    ends: Vec<(u64, HoldState)>,
    /// What was recorded beside every transaction.
    recorded_beside: Vec<(u64, Metadata)>,
    /// Every change of a transaction that was accepted.
    annotations: Vec<ChangeTransaction>,
}

impl Model {
    /// Accepts a command, remembers it and says what is recorded; or says why not and remembers nothing.
    ///
    /// # Errors
    /// Why a ledger rejects it.
    ///
    /// # Panics
    /// Never: what is moved was checked before.
    pub fn take(&mut self, command: &Command, now: Timestamp) -> Result<Entry, Rejection> {
        let number = self.next();
        let recorded_at = self.recorded.iter().copied().fold(now, Timestamp::max);
        let before = self.movements.len();
        let judged = match command {
            Command::PostTransaction(post) => self.post(post).map(|body| (body, post.effective_at)),
            Command::ChangeAccount(change) => self.change(change).map(|body| (body, None)),
            Command::ChangeTransaction(change) => self.annotate(change).map(|body| (body, None)),
            Command::CreateHold(create) => self.hold(create, recorded_at).map(|body| (body, None)),
            Command::CaptureHold(capture) => {
                self.capture(capture, recorded_at).map(|body| (body, capture.effective_at))
            }
            Command::ReleaseHold(release) => self.release(*release, recorded_at).map(|body| (body, None)),
            Command::ReverseTransaction(reversal) => {
                self.reverse(reversal).map(|body| (body, reversal.effective_at))
            }
        };
        let (body, effective_at) = judged.inspect_err(|_| self.movements.truncate(before))?;
        self.recorded.push(recorded_at);
        self.effective.push(effective_at);
        if let Some(transaction) = body.transaction() {
            self.recorded_beside.push((number, transaction.metadata.clone()));
        }
        if let Some(reference) = command.reference() {
            self.references.push((reference.clone(), number));
        }
        Ok(Entry {
            number: EntryNumber(number),
            recorded_at,
            effective_at: effective_at.unwrap_or(recorded_at),
            body,
            balances: self.balances_touched_by(number),
        })
    }

    /// Returns the number of the next entry.
    fn next(&self) -> u64 {
        self.recorded.len() as u64
    }

    fn free_reference(&self, wanted: Option<&Reference>) -> Result<(), Rejection> {
        for (reference, entry) in &self.references {
            if Some(reference) == wanted {
                let (reference, entry) = (reference.clone(), EntryNumber(*entry));
                return Err(Rejection::ReferenceTaken { reference, entry });
            }
        }
        Ok(())
    }

    fn post(&mut self, post: &PostTransaction) -> Result<EntryBody, Rejection> {
        self.free_reference(post.reference.as_ref())?;
        for (index, posting) in post.postings.as_slice().iter().enumerate() {
            self.lets_through(index, posting)?;
            let amount = self.amount_of(index, posting)?;
            self.affords(index, posting, amount)?;
            self.has_room(index, posting, amount)?;
            self.remember(Kind::Posted, posting, amount);
        }
        for (index, expectation) in post.expectations.as_slice().iter().enumerate() {
            if let Err(unmet) = self.meets(expectation) {
                return Err(Rejection::ExpectationFailed {
                    expectation: index,
                    account: expectation.account().clone(),
                    asset: expectation.key().map(|key| key.asset.clone()),
                    unmet,
                });
            }
        }
        Ok(EntryBody::Transaction(Transaction {
            postings: Postings::new(self.moved_by(self.next())).unwrap(),
            reference: post.reference.clone(),
            metadata: post.metadata.clone(),
            origin: Origin::Posted,
        }))
    }

    /// Remembers a movement of the next entry.
    fn remember<A: Copy>(&mut self, kind: Kind, posting: &Posting<A>, amount: u128) {
        self.movements.push(Movement {
            entry: self.next(),
            kind,
            source: posting.source().clone(),
            destination: posting.destination().clone(),
            asset: posting.asset().clone(),
            amount,
        });
    }

    /// Returns what an entry posted, in order.
    fn moved_by(&self, entry: u64) -> Vec<Posting> {
        self.postings(|m| m.entry == entry && m.kind.is_posted())
    }

    /// Returns movements as postings, in order.
    fn postings(&self, counts: impl Fn(&Movement) -> bool) -> Vec<Posting> {
        let posting = |m: &Movement| {
            let (source, destination, asset) = (m.source.clone(), m.destination.clone(), m.asset.clone());
            Posting::new(source, destination, asset, Amount::new(m.amount).unwrap()).unwrap()
        };
        self.movements.iter().filter(|m| counts(m)).map(posting).collect()
    }
}
