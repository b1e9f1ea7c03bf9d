//! The numbers by which the database knows ledgers. They never change, so whoever writes need not look for them each time.
//!
//! Never decides anything: who advances a head says the ledger's name and its number, and nothing is written where they do
//! not belong together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ledger::LedgerName;

/// Beyond so many, it begins anew.
const IDS_MAX: usize = 10_000;

/// Numbers of ledgers that were written to.
#[derive(Default)]
pub(crate) struct LedgerIds(Mutex<HashMap<LedgerName, i64>>);

impl LedgerIds {
    pub(crate) fn get(&self, ledger: &LedgerName) -> Option<i64> {
        self.ids().get(ledger).copied()
    }

    pub(crate) fn keep(&self, ledger: &LedgerName, id: i64) {
        let mut ids = self.ids();
        if ids.len() >= IDS_MAX && !ids.contains_key(ledger) {
            ids.clear();
        }
        ids.insert(ledger.clone(), id);
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<LedgerName, i64>> {
        // Between any two steps it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
