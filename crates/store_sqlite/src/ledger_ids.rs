//! The numbers by which the database knows ledgers, and whose sums have passed 64 bits. Numbers never change, and sums that
//! large hardly come back, so whoever writes need not find out each time.
//!
//! Never decides anything: who advances a head says the ledger's name and its number, and nothing is written where they do
//! not belong together; and sums of any size are written either way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ledger::LedgerName;

/// Beyond so many, it begins anew.
const IDS_MAX: usize = 10_000;

/// Numbers of ledgers that were written to.
#[derive(Default)]
pub(crate) struct LedgerIds(Mutex<HashMap<LedgerName, Known>>);

/// What is known of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) id: i64,
    /// Whether SQLite was not able to add to one of its sums.
    pub(crate) has_wide_sums: bool,
}

impl LedgerIds {
    pub(crate) fn get(&self, ledger: &LedgerName) -> Option<Known> {
        self.ids().get(ledger).copied()
    }

    pub(crate) fn keep(&self, ledger: &LedgerName, id: i64) {
        let mut ids = self.ids();
        if let Some(known) = ids.get_mut(ledger) {
            known.id = id;
            return;
        }
        if ids.len() >= IDS_MAX {
            ids.clear();
        }
        ids.insert(ledger.clone(), Known { id, has_wide_sums: false });
    }

    pub(crate) fn note_wide_sums(&self, ledger: &LedgerName) {
        if let Some(known) = self.ids().get_mut(ledger) {
            known.has_wide_sums = true;
        }
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<LedgerName, Known>> {
        // Between any two steps it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
