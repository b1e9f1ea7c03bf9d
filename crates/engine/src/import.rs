//! Imports: entries that were recorded before are written again as they are, each once it was found to follow from
//! those before it.
//!
//! It decides nothing and invents nothing. The ledger's head is the lock: whoever writes to the ledger meanwhile makes
//! the import fail, and is never overwritten. In memory it keeps one batch; how long the log is does not count.

use std::collections::HashSet;

use ledger::{BalanceKey, Entry, EntryBody, EntryNumber, LedgerName};

use crate::port::{
    BeginError, CommitError, CreateLedgerError, LedgerCreation, Loaded, LogRecord, Opened, ReadError, Store,
    Wanted,
};
use crate::query::NewLedger;
use crate::verify::{Finding, Replay, Report};

/// How many entries a batch may have.
pub const BATCH_ENTRIES_MAX: usize = 500;
/// When a batch is full all the same: the balances that its entries record, or their postings where these are more.
pub const BATCH_MOVEMENTS_MAX: usize = 4_000;

/// Why an import cannot go on. What it wrote before stays: it was checked and is complete up to there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// An entry does not follow from those before it.
    #[error("{finding}")]
    Refused {
        /// The entry.
        entry: EntryNumber,
        /// What does not hold.
        finding: Box<Finding>,
    },
    /// The ledger has another entry of this number.
    #[error("the ledger has another entry {}", entry.0)]
    Differs {
        /// The entry.
        entry: EntryNumber,
    },
    /// The ledger has fewer entries than it had.
    #[error("the ledger has {} entries, and had {}", found.0, expected.0)]
    SetBack {
        /// How many it had.
        expected: EntryNumber,
        /// How many it has.
        found: EntryNumber,
    },
    /// The ledger could not be created.
    #[error("cannot create the ledger")]
    Create(#[from] CreateLedgerError),
    /// The ledger's head could not be taken.
    #[error("cannot begin to write")]
    Begin(#[from] BeginError),
    /// A batch was not written, or it is not known whether it was.
    #[error("cannot write")]
    Commit(#[from] CommitError),
    /// The ledger could not be read.
    #[error("cannot read the ledger")]
    Read(#[from] ReadError),
}

/// What became of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many the ledger had, the same.
    pub found: u64,
    /// How many were written; of a [comparison](Import::compare), how many are not there.
    pub written: u64,
}

/// An import on its way.
pub struct Import<'s> {
    store: &'s dyn Store,
    ledger: LedgerName,
    /// How many entries the ledger is known to have.
    there: EntryNumber,
    /// Whether entries are compared only.
    compares: bool,
    so_far: Imported,
}

impl<'s> Import<'s> {
    /// Begins to write to a ledger, and creates it where it is not there.
    ///
    /// # Errors
    /// [`ImportError::Create`], [`ImportError::Read`].
    pub async fn begin(store: &'s dyn Store, new: NewLedger) -> Result<Self, ImportError> {
        let name = new.name.clone();
        let ledger = match store.ledger(&name).await {
            Err(ReadError::LedgerNotFound) => match store.create_ledger(new).await? {
                LedgerCreation::Created(ledger) | LedgerCreation::Replayed(ledger) => ledger,
                // Somebody was faster: a key there is none of.
                LedgerCreation::NameTaken | LedgerCreation::KeyReused => store.ledger(&name).await?,
            },
            read => read?,
        };
        Ok(Self { store, ledger: name, there: ledger.entries, compares: false, so_far: Imported::default() })
    }

    /// Begins to compare entries with those that a ledger has, if it is there. Nothing is checked or written.
    ///
    /// # Errors
    /// [`ImportError::Read`].
    pub async fn compare(store: &'s dyn Store, ledger: &LedgerName) -> Result<Self, ImportError> {
        let there = match store.ledger(ledger).await {
            Ok(ledger) => ledger.entries,
            Err(ReadError::LedgerNotFound) => EntryNumber(0),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { store, ledger: ledger.clone(), there, compares: true, so_far: Imported::default() })
    }

    /// Takes the next entries: holds those that the ledger has to what it has, and writes the others, as one batch
    /// unless some rest on others of them. What this returns as written is durable.
    ///
    /// # Errors
    /// [`ImportError`]; [`Self::so_far`] says what was written all the same.
    pub async fn take(&mut self, records: &[LogRecord]) -> Result<Imported, ImportError> {
        let before = self.so_far;
        let mut rest = records;
        while let Some(first) = rest.first() {
            let number = first.entry.number;
            let done = if number < self.there {
                let found = self.found(rest).await?;
                self.so_far.found += found as u64;
                found
            } else {
                let written = if self.compares { rest.len() } else { self.written(rest).await? };
                self.so_far.written += written as u64;
                written
            };
            rest = &rest[done..];
        }
        let Imported { found, written } = self.so_far;
        Ok(Imported { found: found - before.found, written: written - before.written })
    }

    /// Returns what became of all entries so far.
    #[must_use]
    pub fn so_far(&self) -> Imported {
        self.so_far
    }

    /// Compares entries with those that the ledger has, and returns how many were.
    async fn found(&self, records: &[LogRecord]) -> Result<usize, ImportError> {
        let from = records[0].entry.number;
        let known = usize::try_from(self.there.0 - from.0).unwrap_or(usize::MAX).min(records.len());
        let found = self.store.log(&self.ledger, from, known).await?;
        if found.is_empty() {
            return Err(ImportError::SetBack { expected: self.there, found: from });
        }
        match found.iter().zip(records).find(|(found, record)| found != record) {
            Some((_, record)) => Err(ImportError::Differs { entry: record.entry.number }),
            None => Ok(found.len().min(known)),
        }
    }

    /// Writes entries behind those that the ledger has, and returns how many: none where the ledger has more than were
    /// known, and as many as rest on no other of them.
    async fn written(&mut self, records: &[LogRecord]) -> Result<usize, ImportError> {
        let records = independent(records);
        let Opened { loaded, batch } = self.store.begin(&self.ledger, wanted(records)).await?;
        if loaded.head.next < self.there {
            return Err(ImportError::SetBack { expected: self.there, found: loaded.head.next });
        }
        if loaded.head.next > self.there {
            self.there = loaded.head.next;
            return Ok(0);
        }
        follows(loaded, records)?;
        batch.commit(records).await?;
        self.there = EntryNumber(self.there.0 + records.len() as u64);
        Ok(records.len())
    }
}

/// Returns the first entries, up to one that uses up another of them: a batch finds that one only once it is written.
fn independent(records: &[LogRecord]) -> &[LogRecord] {
    let Some(first) = records.first().map(|record| record.entry.number) else { return records };
    let rests = |record: &LogRecord| {
        let body = &record.entry.body;
        body.hold().into_iter().chain(body.reversed()).any(|used| used >= first)
    };
    // Of the first one only a damaged log says so, and it is found out when it is replayed.
    let end = records.iter().skip(1).position(rests).map_or(records.len(), |at| at + 1);
    &records[..end]
}

/// Says whether a batch has as much as it may.
#[must_use]
pub fn is_full(records: &[LogRecord]) -> bool {
    let movements = |entry: &Entry| entry.balances.len().max(entry.body.touching().count());
    let movements: usize = records.iter().map(|record| movements(&record.entry)).sum();
    records.len() >= BATCH_ENTRIES_MAX || movements >= BATCH_MOVEMENTS_MAX
}

/// Lists what has to be known to tell whether entries follow.
fn wanted(records: &[LogRecord]) -> Wanted {
    let (mut balances, mut references, mut keys) = (HashSet::new(), HashSet::new(), HashSet::new());
    let (mut holds, mut reversals, mut transactions) = (HashSet::new(), HashSet::new(), HashSet::new());
    for LogRecord { entry, request } in records {
        for posting in entry.body.touching() {
            balances.extend(
                [posting.source(), posting.destination()]
                    .map(|account| BalanceKey { account: account.clone(), asset: posting.asset().clone() }),
            );
        }
        balances.extend(entry.balances.iter().map(|(key, _)| key.clone()));
        references.extend(entry.body.reference().cloned());
        keys.extend(request.as_ref().map(|request| request.key.clone()));
        holds.extend(entry.body.hold());
        reversals.extend(entry.body.reversed());
        if let EntryBody::TransactionChange(change) = &entry.body {
            transactions.insert(change.transaction);
        }
    }
    Wanted {
        missing: balances.into_iter().collect(),
        references: references.into_iter().collect(),
        keys: keys.into_iter().collect(),
        holds: holds.into_iter().collect(),
        reversals: reversals.into_iter().collect(),
        transactions: transactions.into_iter().collect(),
        ..Wanted::default()
    }
}

/// Replays entries, all of which have to follow from what was loaded and from each other.
fn follows(loaded: Loaded, records: &[LogRecord]) -> Result<(), ImportError> {
    let mut replay = Replay::after(loaded);
    let mut report = Report::default();
    for record in records {
        replay.take(record.clone(), &mut report);
        if let Some(finding) = report.findings.drain(..).next() {
            return Err(ImportError::Refused { entry: record.entry.number, finding: Box::new(finding) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Amount, Asset, Metadata, Origin, Posting, Postings, Timestamp, Transaction};

    use super::*;

    /// An entry of so many postings that records no balances.
    fn record(postings: usize) -> LogRecord {
        let address = |text: &str| Address::parse(text).unwrap();
        let asset = Asset::parse("USD/2").unwrap();
        let posting = Posting::new(address("world"), address("a"), asset, Amount::from(1)).unwrap();
        let at = Timestamp::from_micros(1).unwrap();
        let body = EntryBody::Transaction(Transaction {
            postings: Postings::new(vec![posting; postings]).unwrap(),
            reference: None,
            metadata: Metadata::default(),
            origin: Origin::Posted,
        });
        let number = EntryNumber(0);
        let entry = Entry { number, recorded_at: at, effective_at: at, body, balances: Vec::new() };
        LogRecord { entry, request: None }
    }

    #[test]
    fn a_batch_is_full_by_its_entries_or_by_what_they_move() {
        let full = |count: usize, postings: usize| is_full(&vec![record(postings); count]);
        assert!(!full(BATCH_ENTRIES_MAX - 1, 1) && full(BATCH_ENTRIES_MAX, 1));
        assert!(!full(3, 1000) && full(4, 1000), "they are all between the same two accounts");
    }
}
