//! What was looked up a moment ago. A look-up counts for a second: then one request looks again while the others go on
//! with what is known, and after another second nobody goes on without looking. So what is ended elsewhere opens nothing
//! two seconds later.
//!
//! It holds a bounded number of them, and only what is there: what does not exist fills no memory.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// How long a look-up counts, and how much longer it does while somebody looks again.
const FRESH: Duration = Duration::from_secs(1);

/// The most that are held.
const ENTRIES_MAX: usize = 10_000;

/// What was looked up, by its id.
pub(crate) struct Lookups<K, V> {
    known: RwLock<Known<K, V>>,
    fresh: Duration,
    entries_max: usize,
}

struct Known<K, V> {
    entries: HashMap<K, Arc<Lookup<V>>>,
    /// When something was last forgotten: what somebody began to look up before that may be out of date.
    forgot: Option<Instant>,
}

/// Something as it was looked up.
pub(crate) struct Lookup<V> {
    value: V,
    looked_up: Instant,
    is_being_looked_up: AtomicBool,
}

impl<V> Deref for Lookup<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.value
    }
}

impl<K: Eq + Hash, V> Default for Lookups<K, V> {
    fn default() -> Self {
        Self::new(FRESH, ENTRIES_MAX)
    }
}

impl<K: Eq + Hash, V> Lookups<K, V> {
    pub(super) fn new(fresh: Duration, entries_max: usize) -> Self {
        Self { known: RwLock::new(Known { entries: HashMap::new(), forgot: None }), fresh, entries_max }
    }

    /// Returns what need not be looked up.
    pub(crate) fn find<Q: Eq + Hash + ?Sized>(&self, id: &Q) -> Option<Arc<Lookup<V>>>
    where
        K: Borrow<Q>,
    {
        let found = self.read().entries.get(id).cloned()?;
        let age = found.looked_up.elapsed();
        let counts = age < self.fresh
            || age < self.fresh * 2 && found.is_being_looked_up.swap(true, Ordering::Relaxed);
        counts.then_some(found)
    }

    /// Keeps what was looked up by somebody who began at `began`; it is made of what was known until now. What was
    /// forgotten since then is not kept.
    pub(crate) fn keep(&self, id: K, began: Instant, value: impl FnOnce(Option<&V>) -> V) -> Arc<Lookup<V>> {
        let mut known = self.write();
        let value = value(known.entries.get(&id).map(|known| &known.value));
        let found = Arc::new(Lookup { value, looked_up: began, is_being_looked_up: AtomicBool::new(false) });
        if known.forgot.is_some_and(|at| began <= at) {
            return found;
        }
        if known.entries.len() >= self.entries_max && !known.entries.contains_key(&id) {
            known.entries.retain(|_, known| known.looked_up.elapsed() < self.fresh * 2);
            if known.entries.len() >= self.entries_max {
                return found;
            }
        }
        known.entries.insert(id, Arc::clone(&found));
        found
    }

    /// Forgets something, so that whoever comes next looks it up.
    pub(crate) fn forget<Q: Eq + Hash + ?Sized>(&self, id: &Q)
    where
        K: Borrow<Q>,
    {
        let mut known = self.write();
        known.entries.remove(id);
        known.forgot = Some(Instant::now());
    }

    /// Drops what is known of something that is not there. Anybody can ask for what is not there, so that it has nothing else
    /// looked up again.
    pub(crate) fn drop_missing<Q: Eq + Hash + ?Sized>(&self, id: &Q)
    where
        K: Borrow<Q>,
    {
        if self.read().entries.contains_key(id) {
            self.write().entries.remove(id);
        }
    }

    /// Forgets all of which this is so.
    pub(crate) fn forget_where(&self, is_so: impl Fn(&V) -> bool) {
        let mut known = self.write();
        known.entries.retain(|_, known| !is_so(&known.value));
        known.forgot = Some(Instant::now());
    }

    /// Collects something of all that is known.
    pub(crate) fn collect<T>(&self, of: impl Fn(&K, &V) -> Option<T>) -> Vec<T> {
        self.read().entries.iter().filter_map(|(id, known)| of(id, &known.value)).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known<K, V>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known<K, V>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookups(entries_max: usize) -> Lookups<String, u8> {
        Lookups::new(Duration::from_mins(1), entries_max)
    }

    fn long_ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    fn keep(lookups: &Lookups<String, u8>, id: &str, began: Instant) {
        lookups.keep(id.to_owned(), began, |known| known.copied().unwrap_or(1));
    }

    #[test]
    fn one_looks_again_while_the_others_go_on() {
        let lookups = lookups(10);
        assert!(lookups.find("a").is_none());
        keep(&lookups, "a", Instant::now());
        assert!(lookups.find("a").is_some());
        keep(&lookups, "a", long_ago(90));
        assert!(lookups.find("a").is_none());
        assert!(lookups.find("a").is_some());
        keep(&lookups, "a", long_ago(121));
        assert!(lookups.find("a").is_none());
        assert!(lookups.find("a").is_none());
        keep(&lookups, "a", Instant::now());
        lookups.forget("a");
        assert!(lookups.find("a").is_none());
    }

    #[test]
    fn it_holds_so_many_and_no_more() {
        let full = lookups(2);
        for id in ["a", "b", "c", "d"] {
            keep(&full, id, Instant::now());
        }
        assert_eq!(full.collect(|id, _| Some(id.clone())).len(), 2);
        // Old ones make room.
        let old = lookups(2);
        keep(&old, "a", long_ago(121));
        for id in ["b", "c"] {
            keep(&old, id, Instant::now());
            assert!(old.find(id).is_some());
        }
    }

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_kept() {
        let lookups = lookups(10);
        let began = Instant::now();
        lookups.forget("a");
        keep(&lookups, "a", began);
        assert!(lookups.find("a").is_none());
    }

    #[test]
    fn what_is_not_there_has_nothing_else_looked_up_again() {
        let lookups = lookups(10);
        let began = Instant::now();
        keep(&lookups, "gone", began);
        lookups.drop_missing("gone");
        lookups.drop_missing("never there");
        keep(&lookups, "a", began);
        assert!(lookups.find("gone").is_none() && lookups.find("a").is_some());
    }

    #[test]
    fn all_that_have_something_in_common_are_forgotten_together() {
        let lookups = lookups(10);
        for (id, value) in [("a", 1), ("b", 2), ("c", 1)] {
            lookups.keep(id.to_owned(), Instant::now(), |_| value);
        }
        lookups.forget_where(|value| *value == 1);
        assert_eq!(lookups.collect(|id, _| Some(id.clone())), ["b"]);
    }
}
