//! What the openings of one database share: the ledgers, each with its head and its log. Nothing is ever changed
//! in a log or taken out of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::idempotency::KeyedRequest;
use engine::port::{LedgerCreation, LogRecord};
use engine::query::{Ledger, NewLedger};
use ledger::{EntryNumber, LedgerName, Metadata, Timestamp};
use test_support::Naive;

use crate::access::KeptAccess;
use crate::schedules::KeptSchedules;

/// Ledgers in memory: what a file is to SQLite. Clones are the same database, which lasts as long as one of them
/// or a store that was opened on it.
#[derive(Clone, Default)]
pub struct MemoryDatabase(
    Arc<Mutex<BTreeMap<LedgerName, Arc<KeptLedger>>>>,
    Arc<Mutex<KeptAccess>>,
    Arc<Mutex<Vec<String>>>,
);

/// A ledger as it is kept.
pub(crate) struct KeptLedger {
    name: LedgerName,
    created_at: Timestamp,
    metadata: Metadata,
    request: Option<KeyedRequest>,
    /// Whoever writes holds it.
    pub(crate) head: Arc<tokio::sync::Mutex<()>>,
    log: Mutex<Arc<Naive>>,
    schedules: Mutex<KeptSchedules>,
}

/// Why entries were not added to a log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// They do not follow it.
    #[error("entry {found} does not follow entry {expected} of the log")]
    Gap {
        /// The number that comes next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// They have a key or a reference that is in use.
    #[error("the key or the reference of entry {0} is in use")]
    InUse(u64),
}

impl MemoryDatabase {
    /// Creates a ledger, unless its name or its key is in use.
    pub(crate) fn create(&self, new: NewLedger) -> LedgerCreation {
        let mut ledgers = self.ledgers();
        let earlier = new.request.as_ref().and_then(|request| {
            let mut asked = ledgers.values().filter_map(|ledger| Some((ledger, ledger.request.as_ref()?)));
            asked.find(|(_, its)| its.key == request.key).map(|(ledger, its)| (ledger, its == request))
        });
        match earlier {
            Some((ledger, true)) => return LedgerCreation::Replayed(ledger.with_entries(EntryNumber(0))),
            Some((_, false)) => return LedgerCreation::KeyReused,
            None if ledgers.contains_key(&new.name) => return LedgerCreation::NameTaken,
            None => {}
        }
        let kept = KeptLedger {
            name: new.name.clone(),
            created_at: new.created_at,
            metadata: new.metadata,
            request: new.request,
            head: Arc::default(),
            log: Mutex::default(),
            schedules: Mutex::default(),
        };
        let created = kept.describe();
        ledgers.insert(new.name, Arc::new(kept));
        LedgerCreation::Created(created)
    }

    /// Returns a ledger.
    pub(crate) fn find(&self, name: &LedgerName) -> Option<Arc<KeptLedger>> {
        self.ledgers().get(name).cloned()
    }

    /// Describes all ledgers, by name.
    pub(crate) fn describe_all(&self) -> Vec<Ledger> {
        self.ledgers().values().map(|ledger| ledger.describe()).collect()
    }

    /// Returns the keys and the audit trail.
    pub(crate) fn access(&self) -> MutexGuard<'_, KeptAccess> {
        // They are whole between any two changes.
        self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the rows that companions wrote, the earliest first.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        self.own_rows().clone()
    }

    pub(crate) fn own_rows(&self) -> MutexGuard<'_, Vec<String>> {
        // They are whole between any two changes.
        self.2.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledgers(&self) -> MutexGuard<'_, BTreeMap<LedgerName, Arc<KeptLedger>>> {
        // The list is whole between any two of its statements, whoever panicked while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptLedger {
    /// Describes it as it stands.
    pub(crate) fn describe(&self) -> Ledger {
        self.with_entries(self.log().next())
    }

    fn with_entries(&self, entries: EntryNumber) -> Ledger {
        Ledger {
            name: self.name.clone(),
            created_at: self.created_at,
            entries,
            metadata: self.metadata.clone(),
        }
    }

    /// Returns the log as it stands; what is written later is not in it.
    pub(crate) fn log(&self) -> Arc<Naive> {
        Arc::clone(&self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the schedules.
    pub(crate) fn schedules(&self) -> MutexGuard<'_, KeptSchedules> {
        // They are whole between any two changes.
        self.schedules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds entries that follow the log, all of them or none. Only who holds the head may call this.
    pub(crate) fn write(&self, records: &[LogRecord]) -> Result<(), Refused> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys = HashSet::new();
        let mut references = HashSet::new();
        for (expected, record) in log.records.iter().chain(records).enumerate() {
            let (expected, found) = (expected as u64, record.entry.number.0);
            if found != expected {
                return Err(Refused::Gap { expected, found });
            }
            let is_new = record.request.as_ref().is_none_or(|request| keys.insert(&request.key))
                && record.entry.body.reference().is_none_or(|reference| references.insert(reference));
            if !is_new {
                return Err(Refused::InUse(found));
            }
        }
        Arc::make_mut(&mut log).records.extend_from_slice(records);
        Ok(())
    }
}
