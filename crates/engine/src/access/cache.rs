//! Keys that were looked up a moment ago, and when each was used.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use identity::{KeyId, Principal, SecretDigest};
use ledger::Timestamp;

use super::lookups::{Lookup, Lookups};
use super::port::StoredKey;

/// No use was noted.
const NEVER: i64 = i64::MIN;

/// The keys.
#[derive(Default)]
pub(crate) struct KeyCache(Lookups<KeyId, CachedKey>);

/// A key as it was looked up.
pub(crate) struct CachedKey {
    pub(crate) digest: SecretDigest,
    pub(crate) principal: Arc<Principal>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) is_revoked: bool,
    used: Arc<LastUse>,
}

/// When a key was last used, and which use the store knows of.
struct LastUse {
    at: AtomicI64,
    noted: AtomicI64,
}

impl CachedKey {
    /// Notes that it was used.
    pub(crate) fn use_at(&self, now: Timestamp) {
        self.used.at.fetch_max(now.micros(), Ordering::Relaxed);
    }
}

impl KeyCache {
    /// Returns a key that need not be looked up.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Lookup<CachedKey>>> {
        self.0.find(id)
    }

    /// Keeps a key that was looked up by somebody who began at `began`.
    pub(crate) fn keep(&self, stored: &StoredKey, began: Instant) -> Arc<Lookup<CachedKey>> {
        let key = &stored.key;
        self.0.keep(key.id.clone(), began, |known| CachedKey {
            digest: stored.digest,
            principal: Arc::new(key.principal()),
            expires_at: key.expires_at,
            is_revoked: key.revoked_at.is_some(),
            used: known.map_or_else(
                || {
                    let noted = key.last_used_at.map_or(NEVER, Timestamp::micros);
                    Arc::new(LastUse { at: noted.into(), noted: noted.into() })
                },
                |known| Arc::clone(&known.used),
            ),
        })
    }

    /// Forgets a key, so that whoever comes next looks it up.
    pub(crate) fn forget(&self, id: &KeyId) {
        self.0.forget(id);
    }

    /// Drops a key that is not there.
    pub(crate) fn drop_missing(&self, id: &KeyId) {
        self.0.drop_missing(id);
    }

    /// Returns the uses that the store does not know of, and takes them as known.
    pub(crate) fn take_uses(&self) -> Vec<(KeyId, Timestamp)> {
        self.0.collect(|id, key| {
            let at = key.used.at.load(Ordering::Relaxed);
            let noted = key.used.noted.swap(at, Ordering::Relaxed);
            let at = Timestamp::from_micros(at).filter(|_| at > noted)?;
            Some((id.clone(), at))
        })
    }
}

#[cfg(test)]
mod tests {
    use identity::{ApiKey, Grants, KeyName, KeyText};

    use super::*;

    #[test]
    fn a_use_is_noted_once_however_often_the_key_is_looked_up() {
        let cache = KeyCache::default();
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let text = KeyText::from_random([1; 9], &[7; 32]);
        let key = ApiKey {
            id: text.id(),
            name: KeyName::parse("a").unwrap(),
            grants: Grants::everything(),
            created_at: at(0),
            created_by: identity::Actor::Operator,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        let key = StoredKey { key, digest: text.digest() };
        cache.keep(&key, Instant::now()).use_at(at(5));
        cache.keep(&key, Instant::now()).use_at(at(3));
        assert_eq!(cache.take_uses(), [(key.key.id.clone(), at(5))]);
        assert_eq!(cache.take_uses(), []);
        cache.find(key.key.id.as_str()).unwrap().use_at(at(6));
        assert_eq!(cache.take_uses(), [(key.key.id.clone(), at(6))]);
    }
}
