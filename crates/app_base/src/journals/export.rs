//! An export on its way: reads the log page by page and hands out what it became, piece by piece.
//!
//! Where it ends is fixed when it begins, so that it is a beginning of the log as it stood then, whatever is written
//! meanwhile. It is whole or it fails: an entry that is not there when it should be is an error, never the end.

use std::vec;

use bytes::Bytes;
use engine::port::{LogRecord, ReadError, Store};
use engine::query::Ledger;
use ledger::{EntryNumber, LedgerName};

use super::Format;
use crate::http::stream::PIECE_BYTES;

/// How many entries are read at once, at most: pages of large ones are shorter.
const ENTRIES_PER_READ: usize = 500;

/// An export on its way. What it has in memory is one page of the log and one piece.
#[derive(Debug)]
pub struct Export {
    format: Format,
    ledger: Ledger,
    page: vec::IntoIter<LogRecord>,
    next: EntryNumber,
    begun: bool,
}

impl Export {
    /// Begins an export of the log as it stands.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    pub async fn begin(store: &dyn Store, ledger: &LedgerName, format: Format) -> Result<Self, ReadError> {
        let ledger = store.ledger(ledger).await?;
        Ok(Self { format, ledger, page: Vec::new().into_iter(), next: EntryNumber(0), begun: false })
    }

    /// Returns the name of the ledger.
    #[must_use]
    pub fn ledger(&self) -> &LedgerName {
        &self.ledger.name
    }

    /// Returns what is called after it: `main.csv`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.ledger.name, self.format.extension())
    }

    /// Counts the entries that it has.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ledger.entries.0
    }

    /// Counts the entries that were handed out.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.next.0
    }

    /// Makes the next piece. `None` when all were made.
    ///
    /// # Errors
    /// Those of [`ReadError`]: the store could not be read, or the log is not what it was when this began.
    pub async fn next_piece(&mut self, store: &dyn Store) -> Result<Option<Bytes>, ReadError> {
        let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        if !std::mem::replace(&mut self.begun, true) {
            self.format.begin(&self.ledger, &mut piece);
        }
        while piece.len() < PIECE_BYTES && self.next < self.ledger.entries {
            let record = match self.page.next() {
                Some(record) => record,
                None => self.read(store).await?,
            };
            if record.entry.number != self.next {
                let found = record.entry.number;
                return Err(ReadError::Corrupt(Box::new(Gap { wanted: self.next, found })));
            }
            self.format.record(&record, &mut piece);
            self.next = self.next.next();
        }
        Ok((!piece.is_empty()).then(|| Bytes::from(piece)))
    }

    /// Reads a page, and returns its first entry.
    async fn read(&mut self, store: &dyn Store) -> Result<LogRecord, ReadError> {
        self.page = store.log(&self.ledger.name, self.next, ENTRIES_PER_READ).await?.into_iter();
        // A copy that lags behind may not have it yet.
        let missing = || ReadError::Unavailable(Box::new(Missing { wanted: self.next }));
        self.page.next().ok_or_else(missing)
    }
}

/// The log skips an entry.
#[derive(Debug, thiserror::Error)]
#[error("entry {} of the log was to come, and entry {} came", wanted.0, found.0)]
struct Gap {
    wanted: EntryNumber,
    found: EntryNumber,
}

/// The log ends too early.
#[derive(Debug, thiserror::Error)]
#[error("the log ends before entry {}, which it had", wanted.0)]
struct Missing {
    wanted: EntryNumber,
}
