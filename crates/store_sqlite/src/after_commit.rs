//! What comes after a batch's commit: what it left is remembered, and who copies the write-ahead log is told.

use std::sync::Arc;

use engine::port::Head;
use ledger::{Entry, LedgerName};
use tokio::sync::Notify;

use crate::known_ledgers::{KnownLedgers, Sum};

/// Who is told of a batch's commit.
pub(crate) struct AfterCommit {
    pub(crate) known: Arc<KnownLedgers>,
    /// Nobody, where nobody writes.
    pub(crate) committed: Option<Arc<Notify>>,
}

impl AfterCommit {
    /// Tells of a batch that began with the head at `from`, of its last entry and of the sums that it left.
    pub(crate) fn tell(&self, ledger: &LedgerName, from: Head, last: &Entry, sums: Vec<Sum>) {
        self.known.keep_sums(ledger, from, Head::after(last), sums);
        if let Some(committed) = &self.committed {
            committed.notify_one();
        }
    }
}
