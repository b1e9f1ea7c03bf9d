//! Where a limit keeps who has asked how much: one number a client, in shards so that requests rarely wait for each
//! other, and never more of them than there is room for.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

const SHARDS: usize = 32;

/// The clients that have asked of late.
#[derive(Debug)]
pub(super) struct Clients<K> {
    shards: [Mutex<Shard<K>>; SHARDS],
    hasher: RandomState,
    known_max: usize,
}

#[derive(Debug)]
struct Shard<K> {
    known: HashMap<K, Nanos>,
    /// What all those have asked for who found no place, together.
    others: Option<Nanos>,
}

impl<K> Default for Shard<K> {
    fn default() -> Self {
        Self { known: HashMap::new(), others: None }
    }
}

impl<K: Hash> Clients<K> {
    /// Makes room for so many.
    pub(super) fn at_most(count: usize) -> Self {
        let known_max = (count / SHARDS).max(1);
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new(), known_max }
    }

    fn shard(&self, client: &K) -> MutexGuard<'_, Shard<K>> {
        let hash = usize::try_from(self.hasher.hash_one(client) % SHARDS as u64).expect("there are few");
        lock(&self.shards[hash])
    }
}

fn lock<K>(shard: &Mutex<Shard<K>>) -> MutexGuard<'_, Shard<K>> {
    // A shard is whole between any two of its statements, whoever panicked while holding it.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash> StateStore for Clients<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, client: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(client);
        if let Some(state) = shard.known.get_mut(client) {
            let (outcome, next) = decide(Some(*state))?;
            *state = next;
            return Ok(outcome);
        }
        let full = shard.known.len() >= self.known_max;
        let (outcome, next) = decide(if full { shard.others } else { None })?;
        if full {
            shard.others = Some(next);
        } else {
            shard.known.insert(client.clone(), next);
        }
        Ok(outcome)
    }
}

impl<K: Clone + Eq + Hash> ShrinkableKeyedStateStore<K> for Clients<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        for shard in &self.shards {
            lock(shard).known.retain(|_, state| *state > drop_below);
        }
    }

    fn shrink_to_fit(&self) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            if shard.known.capacity() > 4 * shard.known.len().max(16) {
                shard.known.shrink_to_fit();
            }
        }
    }

    fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).known.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
