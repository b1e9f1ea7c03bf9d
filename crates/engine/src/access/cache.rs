//! Keys that were looked up a moment ago. A look-up counts for a second: then one request looks again while the others
//! go on with what is known, and after another second nobody goes on without looking. So a key that is revoked
//! elsewhere opens nothing two seconds later.
//!
//! It holds a bounded number of keys, and only keys that are there: what does not exist fills no memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use identity::{KeyId, Principal, SecretDigest};
use ledger::Timestamp;

use super::port::StoredKey;

/// How long a look-up counts, and how much longer it does while somebody looks again.
const FRESH: Duration = Duration::from_secs(1);

/// The most keys.
const KEYS_MAX: usize = 10_000;

/// No use was noted.
const NEVER: i64 = i64::MIN;

/// The keys.
pub(crate) struct KeyCache {
    keys: RwLock<HashMap<KeyId, Arc<CachedKey>>>,
    fresh: Duration,
    keys_max: usize,
}

/// A key as it was looked up.
pub(crate) struct CachedKey {
    pub(crate) digest: SecretDigest,
    pub(crate) principal: Arc<Principal>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) is_revoked: bool,
    looked_up: Instant,
    is_being_looked_up: AtomicBool,
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

impl Default for KeyCache {
    fn default() -> Self {
        Self::new(FRESH, KEYS_MAX)
    }
}

impl KeyCache {
    fn new(fresh: Duration, keys_max: usize) -> Self {
        Self { keys: RwLock::default(), fresh, keys_max }
    }

    /// Returns a key that need not be looked up.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<CachedKey>> {
        let found = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()?;
        let age = found.looked_up.elapsed();
        let counts = age < self.fresh
            || age < self.fresh * 2 && found.is_being_looked_up.swap(true, Ordering::Relaxed);
        counts.then_some(found)
    }

    /// Keeps a key that was looked up by somebody who began at `began`.
    pub(crate) fn keep(&self, stored: &StoredKey, began: Instant) -> Arc<CachedKey> {
        let key = &stored.key;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let used = keys.get(&key.id).map_or_else(
            || {
                let noted = key.last_used_at.map_or(NEVER, Timestamp::micros);
                Arc::new(LastUse { at: noted.into(), noted: noted.into() })
            },
            |known| Arc::clone(&known.used),
        );
        let cached = Arc::new(CachedKey {
            digest: stored.digest,
            principal: Arc::new(key.principal()),
            expires_at: key.expires_at,
            is_revoked: key.revoked_at.is_some(),
            looked_up: began,
            is_being_looked_up: AtomicBool::new(false),
            used,
        });
        if keys.len() >= self.keys_max && !keys.contains_key(&key.id) {
            keys.retain(|_, known| known.looked_up.elapsed() < self.fresh * 2);
            if keys.len() >= self.keys_max {
                return cached;
            }
        }
        keys.insert(key.id.clone(), Arc::clone(&cached));
        cached
    }

    /// Forgets a key, so that whoever comes next looks it up.
    pub(crate) fn forget(&self, id: &KeyId) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Returns the uses that the store does not know of, and takes them as known.
    pub(crate) fn take_uses(&self) -> Vec<(KeyId, Timestamp)> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let uses = keys.iter().filter_map(|(id, key)| {
            let at = key.used.at.load(Ordering::Relaxed);
            let noted = key.used.noted.swap(at, Ordering::Relaxed);
            let at = Timestamp::from_micros(at).filter(|_| at > noted)?;
            Some((id.clone(), at))
        });
        uses.collect()
    }
}

#[cfg(test)]
mod tests {
    use identity::{ApiKey, Grants, KeyName, KeyText};

    use super::*;

    fn stored(number: u8) -> StoredKey {
        let text = KeyText::from_random([number; 9], &[7; 32]);
        let key = ApiKey {
            id: text.id(),
            name: KeyName::parse("a").unwrap(),
            grants: Grants::everything(),
            created_at: Timestamp::from_micros(0).unwrap(),
            created_by: identity::Actor::Operator,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        StoredKey { key, digest: text.digest() }
    }

    fn long_ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn one_looks_again_while_the_others_go_on() {
        let cache = KeyCache::new(Duration::from_mins(1), 10);
        let key = stored(1);
        assert!(cache.find(key.key.id.as_str()).is_none());
        cache.keep(&key, Instant::now());
        assert!(cache.find(key.key.id.as_str()).is_some());
        cache.keep(&key, long_ago(90));
        assert!(cache.find(key.key.id.as_str()).is_none());
        assert!(cache.find(key.key.id.as_str()).is_some());
        cache.keep(&key, long_ago(121));
        assert!(cache.find(key.key.id.as_str()).is_none());
        assert!(cache.find(key.key.id.as_str()).is_none());
        cache.keep(&key, Instant::now());
        cache.forget(&key.key.id);
        assert!(cache.find(key.key.id.as_str()).is_none());
    }

    #[test]
    fn it_holds_so_many_and_no_more() {
        let cache = KeyCache::new(Duration::from_mins(1), 2);
        for number in 0..5 {
            cache.keep(&stored(number), Instant::now());
        }
        assert_eq!(cache.keys.read().unwrap().len(), 2);
        // Old ones make room.
        let cache = KeyCache::new(Duration::from_mins(1), 2);
        cache.keep(&stored(0), long_ago(121));
        for number in 1..3 {
            cache.keep(&stored(number), Instant::now());
            assert!(cache.find(stored(number).key.id.as_str()).is_some());
        }
    }

    #[test]
    fn a_use_is_noted_once_however_often_the_key_is_looked_up() {
        let cache = KeyCache::default();
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let key = stored(1);
        cache.keep(&key, Instant::now()).use_at(at(5));
        cache.keep(&key, Instant::now()).use_at(at(3));
        assert_eq!(cache.take_uses(), [(key.key.id.clone(), at(5))]);
        assert_eq!(cache.take_uses(), []);
        cache.find(key.key.id.as_str()).unwrap().use_at(at(6));
        assert_eq!(cache.take_uses(), [(key.key.id.clone(), at(6))]);
    }
}
