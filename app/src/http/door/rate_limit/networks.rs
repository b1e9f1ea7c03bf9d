//! Where a limit keeps who has asked how much: one number a network, in shards so that requests rarely wait for each
//! other, and never more of them than there is room for.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

const SHARDS: usize = 32;

/// What counts as one client: an IPv4 address, or what one subscriber has of IPv6, a /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => {
                Self::V6(u64::try_from(address.to_bits() >> 64).expect("64 bits are left"))
            }
        }
    }
}

/// The networks that have asked of late.
#[derive(Debug)]
pub(super) struct Networks {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    known_max: usize,
}

#[derive(Debug, Default)]
struct Shard {
    known: HashMap<Network, Nanos>,
    /// What all those have asked for who found no place, together.
    others: Option<Nanos>,
}

impl Networks {
    /// Makes room for so many.
    pub(super) fn at_most(count: usize) -> Self {
        let known_max = (count / SHARDS).max(1);
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new(), known_max }
    }

    fn shard(&self, network: &Network) -> MutexGuard<'_, Shard> {
        let hash = usize::try_from(self.hasher.hash_one(network) % SHARDS as u64).expect("there are few");
        lock(&self.shards[hash])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A shard is whole between any two of its statements, whoever panicked while holding it.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateStore for Networks {
    type Key = Network;

    fn measure_and_replace<T, F, E>(&self, network: &Network, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(network);
        if let Some(state) = shard.known.get_mut(network) {
            let (outcome, next) = decide(Some(*state))?;
            *state = next;
            return Ok(outcome);
        }
        let full = shard.known.len() >= self.known_max;
        let (outcome, next) = decide(if full { shard.others } else { None })?;
        if full {
            shard.others = Some(next);
        } else {
            shard.known.insert(*network, next);
        }
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Network> for Networks {
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
