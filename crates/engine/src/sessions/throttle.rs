//! How often somebody may try to sign in. Guessing becomes slow, and nobody is locked out for good.
//!
//! Three things are counted, each in bounded memory and by this process alone:
//!
//! - attempts for one address of mail from one network: after a few that failed, each has to wait twice as long as the
//!   one before, up to some minutes; without attempts it is forgotten;
//! - failed attempts of one network, whoever they are for;
//! - failed attempts for one address of mail, from wherever. Of networks that its owner came in from of late, this asks
//!   nothing, so that others cannot keep them out.
//!
//! An attempt counts as failed from its beginning, so that many at once are not let through together; one that turns
//! out well is taken back. What is refused counts for nothing: who keeps trying does not wait longer for it. Whether
//! there is such a user is not known here, so that it makes no difference.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::Email;
use sha2::{Digest as _, Sha256};

/// How many attempts for one address of mail from one network may fail before the next has to wait.
const FREE_FAILURES: u32 = 3;
/// How long it waits then; twice as long after each more.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest that it waits.
const WAIT_MAX: Duration = Duration::from_mins(5);
/// After how long without an attempt they are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(30);

/// Of one network: so many failures at once, and one more in so long.
const OF_NETWORK: Rate = Rate { burst: 100, each: Duration::from_secs(6) };
/// For one address of mail, from networks that its owner did not come in from.
const FOR_EMAIL: Rate = Rate { burst: 20, each: Duration::from_mins(1) };

/// The most of each kind that are remembered.
const ENTRIES_MAX: usize = 50_000;

/// Where an attempt comes from: addresses that one person has as many of as they like count as one, /24 of IPv4 and /64
/// of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// Returns the network of an address; those who have none are in one.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        let address = address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }
}

/// A moment, as the time since 1970 by the service's clock.
pub(crate) type SinceEpoch = Duration;

/// What an attempt is counted under for whom it is: no address of mail stays here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EmailDigest([u8; 16]);

/// So many at once, and one more in so long.
#[derive(Clone, Copy)]
struct Rate {
    burst: u32,
    each: Duration,
}

/// Whom an attempt has to convince.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has to wait, whatever else is known.
    Wait(Duration),
    /// It has to wait, unless it comes from a network that the user came in from of late.
    WaitUnlessKnown(Duration),
}

/// An attempt that was let through, and counts as failed until it is [taken back](LoginThrottle::succeeded).
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    email: EmailDigest,
    network: Network,
    counts_for_email: bool,
}

impl std::fmt::Debug for EmailDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailDigest(***)")
    }
}

/// The counts.
pub struct LoginThrottle(Mutex<Counts>);

struct Counts {
    pairs: Bounded<(EmailDigest, Network), Backoff>,
    networks: Bounded<Network, Allowance>,
    emails: Bounded<EmailDigest, Allowance>,
}

/// Failures in a row.
#[derive(Clone, Copy)]
struct Backoff {
    failures: u32,
    last: SinceEpoch,
}

/// A generic cell rate: until when what was used up is used up.
#[derive(Clone, Copy)]
struct Allowance(SinceEpoch);

impl Default for LoginThrottle {
    fn default() -> Self {
        Self::holding(ENTRIES_MAX)
    }
}

impl LoginThrottle {
    fn holding(entries_max: usize) -> Self {
        Self(Mutex::new(Counts {
            pairs: Bounded::new(entries_max),
            networks: Bounded::new(entries_max),
            emails: Bounded::new(entries_max),
        }))
    }

    /// Begins an attempt. `is_known` says that the user came in from this network of late; it need not be found out
    /// before that is [asked for](Refusal::WaitUnlessKnown).
    ///
    /// # Errors
    /// [`Refusal`], and nothing is counted.
    pub fn begin(
        &self,
        email: &Email,
        network: Network,
        is_known: bool,
        now: SinceEpoch,
    ) -> Result<Attempt, Refusal> {
        let email = EmailDigest::of(email);
        let mut counts = self.counts();
        let pair = counts.pairs.get(&(email, network)).map_or(Duration::ZERO, |backoff| backoff.wait(now));
        let of_network =
            counts.networks.get(&network).map_or(Duration::ZERO, |used| used.wait(OF_NETWORK, now));
        let wait = pair.max(of_network);
        if wait > Duration::ZERO {
            return Err(Refusal::Wait(wait));
        }
        let for_email = counts.emails.get(&email).map_or(Duration::ZERO, |used| used.wait(FOR_EMAIL, now));
        if for_email > Duration::ZERO && !is_known {
            return Err(Refusal::WaitUnlessKnown(for_email));
        }
        let attempt = Attempt { email, network, counts_for_email: !is_known };
        counts.pairs.change((email, network), now, |known| Backoff {
            failures: known.map_or(0, |known| known.failures_at(now)).saturating_add(1),
            last: now,
        });
        counts.networks.change(network, now, |known| Allowance::used(known, OF_NETWORK, now));
        if attempt.counts_for_email {
            counts.emails.change(email, now, |known| Allowance::used(known, FOR_EMAIL, now));
        }
        Ok(attempt)
    }

    /// Takes back that an attempt failed, because it did not. What failed before it from the same network is forgotten.
    pub fn succeeded(&self, attempt: &Attempt, now: SinceEpoch) {
        self.give_back(attempt, now);
        self.counts().pairs.forget(&(attempt.email, attempt.network));
    }

    /// Takes back that an attempt failed, because nobody knows whether it did.
    pub fn came_to_nothing(&self, attempt: &Attempt, now: SinceEpoch) {
        self.give_back(attempt, now);
        self.counts().pairs.change((attempt.email, attempt.network), now, |known| Backoff {
            failures: known.map_or(0, |known| known.failures_at(now)).saturating_sub(1),
            last: now,
        });
    }

    fn give_back(&self, attempt: &Attempt, now: SinceEpoch) {
        let mut counts = self.counts();
        counts.networks.change(attempt.network, now, |known| Allowance::given_back(known, OF_NETWORK, now));
        if attempt.counts_for_email {
            counts.emails.change(attempt.email, now, |known| Allowance::given_back(known, FOR_EMAIL, now));
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A count that somebody panicked over is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EmailDigest {
    fn of(email: &Email) -> Self {
        let digest: [u8; 32] = Sha256::digest(email.folded().as_bytes()).into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Self(short)
    }
}

impl Backoff {
    fn failures_at(&self, now: SinceEpoch) -> u32 {
        if self.is_over(now) { 0 } else { self.failures }
    }

    /// Returns how long the next attempt has to wait.
    fn wait(&self, now: SinceEpoch) -> Duration {
        let Some(beyond) = self.failures_at(now).checked_sub(FREE_FAILURES) else { return Duration::ZERO };
        let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(WAIT_MAX);
        wait.saturating_sub(now.saturating_sub(self.last))
    }
}

impl Allowance {
    fn used(known: Option<&Self>, rate: Rate, now: SinceEpoch) -> Self {
        Self(known.map_or(now, |known| known.0.max(now)) + rate.each)
    }

    fn given_back(known: Option<&Self>, rate: Rate, now: SinceEpoch) -> Self {
        Self(known.and_then(|known| known.0.checked_sub(rate.each)).unwrap_or(now))
    }

    /// Returns how long the next attempt has to wait.
    fn wait(&self, rate: Rate, now: SinceEpoch) -> Duration {
        let full = rate.each * rate.burst;
        if self.0 > now + full {
            // More than there is was never used up: the clock was set back.
            return Duration::ZERO;
        }
        (self.0 + rate.each).saturating_sub(now).saturating_sub(full)
    }
}

/// Something that says nothing any more after a while.
trait Fades {
    /// Says whether it is as if it had never been.
    fn is_over(&self, now: SinceEpoch) -> bool;

    /// Returns what is later for what was used later.
    fn last(&self) -> SinceEpoch;
}

impl Fades for Backoff {
    fn is_over(&self, now: SinceEpoch) -> bool {
        // One that lies ahead is from before the clock was set back.
        now.saturating_sub(self.last) >= FORGOTTEN_AFTER || self.last > now + WAIT_MAX
    }

    fn last(&self) -> SinceEpoch {
        self.last
    }
}

impl Fades for Allowance {
    fn is_over(&self, now: SinceEpoch) -> bool {
        self.0 <= now
    }

    fn last(&self) -> SinceEpoch {
        self.0
    }
}

/// So many of something and no more: where there is no room, what is over goes, and then the quarter that was quiet for
/// longest.
struct Bounded<K, V> {
    entries: HashMap<K, V>,
    entries_max: usize,
}

impl<K: Eq + Hash, V: Fades> Bounded<K, V> {
    fn new(entries_max: usize) -> Self {
        Self { entries: HashMap::new(), entries_max }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    fn change(&mut self, key: K, now: SinceEpoch, to: impl FnOnce(Option<&V>) -> V) {
        let value = to(self.entries.get(&key));
        if self.entries.len() >= self.entries_max && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        self.entries.insert(key, value);
    }

    fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    fn make_room(&mut self, now: SinceEpoch) {
        self.entries.retain(|_, value| !value.is_over(now));
        let room = self.entries_max - self.entries_max / 4;
        if self.entries.len() >= room {
            let mut last: Vec<SinceEpoch> = self.entries.values().map(Fades::last).collect();
            let goes = last.len() - room;
            let (_, newest_that_goes, _) = last.select_nth_unstable(goes);
            let newest_that_goes = *newest_that_goes;
            self.entries.retain(|_, value| value.last() > newest_that_goes);
        }
    }
}

#[cfg(test)]
mod tests;
