//! Keys and the audit trail in memory, in the plainest way: two lists. Users, sessions, mailed links and second factors have
//! others beside them.

use std::cmp::Reverse;

use async_trait::async_trait;
use engine::access::{AccessStore, AuditPosition, AuditQuery, StoredKey, WriteAccessError};
use engine::mailed_links::StoredLink;
use engine::port::{ReadError, Source};
use engine::query::Page;
use engine::tokens::StoredSigningKey;
use engine::users::StoredUser;
use identity::{ApiKey, AuditEvent, AuditRecord, KeyId};
use ledger::Timestamp;

use crate::features::KeptFeatures;
use crate::second_factors::KeptFactors;
use crate::sessions::KeptSessions;
use crate::store::MemoryStore;

/// All of it.
#[derive(Default)]
pub(crate) struct KeptAccess {
    keys: Vec<StoredKey>,
    pub(crate) users: Vec<StoredUser>,
    pub(crate) signing_keys: Vec<StoredSigningKey>,
    pub(crate) trail: Vec<AuditEvent>,
    pub(crate) sessions: KeptSessions,
    #[allow(dead_code, reason = "there may be none")]
    pub(crate) features: KeptFeatures,
    pub(crate) links: Vec<StoredLink>,
    pub(crate) second_factors: KeptFactors,
}

impl KeptAccess {
    /// Adds to the trail.
    pub(crate) fn record(&mut self, events: &[AuditEvent]) {
        self.trail.extend_from_slice(events);
    }
}

/// There is something of this id already.
#[derive(Debug, thiserror::Error)]
#[error("the id is in use")]
pub(crate) struct InUse;

impl MemoryStore {
    pub(crate) fn on_access<T>(
        &self,
        does: impl FnOnce(&mut KeptAccess) -> T,
    ) -> Result<T, WriteAccessError> {
        self.opening.check().map_err(|closed| WriteAccessError(Source::from(closed)))?;
        Ok(does(&mut self.database.access()))
    }

    pub(crate) fn of_access<T>(&self, reads: impl FnOnce(&KeptAccess) -> T) -> Result<T, ReadError> {
        self.on_access(|kept| reads(kept)).map_err(|WriteAccessError(source)| ReadError::Unavailable(source))
    }
}

/// Takes what comes before a number and is wanted, the last first.
pub(crate) fn before<T: Clone>(
    all: &[T],
    before: Option<u64>,
    limit: usize,
    is_wanted: impl Fn(&T) -> bool,
) -> Page<(u64, T), u64> {
    let wanted = all.iter().enumerate().rev().filter(|(_, item)| is_wanted(item));
    let numbered = wanted.map(|(number, item)| (number as u64, item.clone()));
    let found = numbered.filter(|(number, _)| before.is_none_or(|before| *number < before));
    let mut items: Vec<(u64, T)> = found.collect();
    let goes_on = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| goes_on).map(|(number, _)| *number);
    Page { items, next }
}

#[async_trait]
impl AccessStore for MemoryStore {
    async fn create_key(&self, key: &StoredKey, event: &AuditEvent) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            if kept.keys.iter().any(|known| known.key.id == key.key.id) {
                return Err(WriteAccessError(InUse.into()));
            }
            kept.keys.push(key.clone());
            kept.trail.push(event.clone());
            Ok(())
        })?
    }

    async fn revoke_key(
        &self,
        id: &KeyId,
        at: Timestamp,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let Some(found) = kept.keys.iter_mut().find(|known| known.key.id == *id) else { return false };
            if found.key.revoked_at.is_none() {
                found.key.revoked_at = Some(at);
                kept.trail.push(event.clone());
            }
            true
        })
    }

    async fn key(&self, id: &KeyId) -> Result<Option<StoredKey>, ReadError> {
        self.of_access(|kept| kept.keys.iter().find(|known| known.key.id == *id).cloned())
    }

    async fn keys(&self, last: Option<u64>, limit: usize) -> Result<Page<ApiKey, u64>, ReadError> {
        let found = self.of_access(|kept| before(&kept.keys, last, limit, |_| true))?;
        let items = found.items.into_iter().map(|(_, stored)| stored.key).collect();
        Ok(Page { items, next: found.next })
    }

    async fn note_uses(&self, uses: &[(KeyId, Timestamp)]) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            for StoredKey { key, .. } in &mut kept.keys {
                let last = uses.iter().filter(|(id, _)| *id == key.id).map(|(_, at)| *at).max();
                key.last_used_at = key.last_used_at.max(last);
            }
        })
    }

    async fn record(&self, events: &[AuditEvent]) -> Result<(), WriteAccessError> {
        self.on_access(|kept| kept.record(events))
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditRecord, AuditPosition>, ReadError> {
        let mut items: Vec<AuditRecord> = self.of_access(|kept| {
            let numbered = (0..).zip(&kept.trail);
            let records = numbered.map(|(id, event)| AuditRecord { id, event: event.clone() });
            records.filter(|record| query.matches(record)).collect()
        })?;
        items.sort_by_key(|record| Reverse(AuditPosition::of(record)));
        let goes_on = items.len() > query.limit;
        items.truncate(query.limit);
        let next = items.last().filter(|_| goes_on).map(AuditPosition::of);
        Ok(Page { items, next })
    }
}
