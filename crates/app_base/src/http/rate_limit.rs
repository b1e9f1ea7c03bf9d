//! How often somebody may ask: so many requests a second on average, so many at once after a pause (the generic cell
//! rate algorithm). Says in each reply how much is left.
//!
//! A limit counts for one kind of client, which its name says: an address at the front door, a principal once it is
//! known who that is. The headers take what several limits say. A request counts as one, whatever is in it.

mod clients;
mod network;

use std::fmt::Debug;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};
use identity::Actor;
use pavex::http::header::{HeaderName, HeaderValue};
use pavex::http::{HeaderMap, StatusCode};

use self::clients::Clients;
pub use self::network::Network;
use super::problem::ProblemType;
use super::time::seconds_to_wait;
use crate::configuration::LimitsConfig;

/// How much of a limit is left (draft-ietf-httpapi-ratelimit-headers-10).
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the limit is.
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Somebody asks too often.
pub static RATE_LIMITED: ProblemType = ProblemType {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "request.rate_limited",
    title: "Too many requests",
    meaning: "More requests come from this address, or with these credentials, than the service takes from one. This one \
              had no effect.",
    remedy: "Send it again after the seconds in Retry-After. The headers RateLimit-Policy and RateLimit of any reply \
             say how many requests go in which time (`q`, `w`), and how many are left (`r`). Where many clients come \
             through a proxy, its operators have to tell the service to trust it (`PX_SERVER__TRUSTED_PROXIES`).",
    members: &[],
};

/// A limit on how often clients of one kind may ask.
#[derive(Debug)]
pub struct RateLimit<K: Clone + Debug + Eq + Hash, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, Clients<K>, C, StateInformationMiddleware>,
    clock: C,
    name: &'static str,
    policy: HeaderValue,
    per_second: u32,
    burst: u32,
}

/// Where a client stands with a limit.
#[derive(Clone, Debug)]
pub struct Standing {
    policy: HeaderValue,
    name: &'static str,
    left: u32,
    /// Until all of it is there again.
    seconds: u32,
}

impl RateLimit<Network> {
    /// Limits what an address may ask for, where that is configured.
    #[must_use]
    pub fn per_address(config: &LimitsConfig) -> Option<Self> {
        let per_second = NonZeroU32::new(config.requests_per_second_per_address)?;
        let burst = NonZeroU32::new(config.burst_per_address)?;
        Some(Self::new("address", per_second, burst, config.addresses_max, DefaultClock::default()))
    }
}

impl RateLimit<Actor> {
    /// Limits what a principal may ask for, where that is configured.
    #[must_use]
    pub fn per_principal(config: &LimitsConfig) -> Option<Self> {
        let per_second = NonZeroU32::new(config.requests_per_second_per_principal)?;
        let burst = NonZeroU32::new(config.burst_per_principal)?;
        Some(Self::new("principal", per_second, burst, config.principals_max, DefaultClock::default()))
    }
}

impl<C: Clock + Clone> RateLimit<Network, C> {
    /// Counts a request of an address.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    pub fn check_address(&self, address: IpAddr) -> Result<Standing, (Standing, u32)> {
        self.check(&Network::of(address))
    }
}

impl<K: Clone + Debug + Eq + Hash, C: Clock + Clone> RateLimit<K, C> {
    fn new(
        name: &'static str,
        per_second: NonZeroU32,
        burst: NonZeroU32,
        clients_max: usize,
        clock: C,
    ) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(quota, Clients::at_most(clients_max), clock.clone());
        let (per_second, burst) = (per_second.get(), burst.get());
        let policy = format!("\"{name}\";q={burst};w={}", burst.div_ceil(per_second));
        let policy = HeaderValue::from_str(&policy).expect("names and digits are visible ASCII");
        Self { limiter, clock, name, policy, per_second, burst }
    }

    /// Counts a request of a client.
    ///
    /// # Errors
    /// When it is one too many: after how many seconds there may be another.
    pub fn check(&self, client: &K) -> Result<Standing, (Standing, u32)> {
        match self.limiter.check_key(client) {
            Ok(state) => Ok(self.standing(state.remaining_burst_capacity())),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Err((self.standing(0), seconds_to_wait(wait).max(1)))
            }
        }
    }

    /// Forgets who has not asked of late, and counts who is left.
    pub fn forget_idle(&self) -> usize {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.limiter.len()
    }

    fn standing(&self, left: u32) -> Standing {
        let seconds = (self.burst - left.min(self.burst)).div_ceil(self.per_second);
        Standing { policy: self.policy.clone(), name: self.name, left, seconds }
    }
}

impl Standing {
    /// Says it in a reply, beside what other limits say.
    ///
    /// # Panics
    /// Never: names and digits are visible ASCII.
    pub fn put(self, headers: &mut HeaderMap) {
        let Self { policy, name, left, seconds } = self;
        headers.append(RATELIMIT_POLICY, policy);
        let text = format!("\"{name}\";r={left};t={seconds}");
        headers.append(RATELIMIT, HeaderValue::from_str(&text).expect("names and digits are visible ASCII"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(
        per_second: u32,
        burst: u32,
        clients_max: usize,
    ) -> (RateLimit<Network, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let number = |number| NonZeroU32::new(number).unwrap();
        (RateLimit::new("address", number(per_second), number(burst), clients_max, clock.clone()), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn so_many_at_once_then_so_many_a_second() {
        let (limit, clock) = limit(2, 5, 100);
        let client = address("192.0.2.1");
        for left in (0..5).rev() {
            assert_eq!(limit.check_address(client).unwrap().left, left);
        }
        let (standing, seconds) = limit.check_address(client).unwrap_err();
        assert_eq!((standing.left, standing.seconds, seconds), (0, 3, 1));
        assert!(limit.check_address(address("192.0.2.2")).is_ok(), "another address");
        clock.advance(Duration::from_millis(500));
        assert!(limit.check_address(client).is_ok());
        assert!(limit.check_address(client).is_err());
        clock.advance(Duration::from_mins(1));
        assert_eq!(limit.check_address(client).unwrap().left, 4);
    }

    #[test]
    fn who_comes_when_told_is_let_in() {
        let (limit, clock) = limit(3, 1, 100);
        let client = address("192.0.2.1");
        assert!(limit.check_address(client).is_ok());
        let (_, seconds) = limit.check_address(client).unwrap_err();
        clock.advance(Duration::from_secs(seconds.into()));
        assert!(limit.check_address(client).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_client_and_a_mapped_address_is_the_address() {
        let (limit, _) = limit(1, 1, 100);
        assert!(limit.check_address(address("2001:db8::1")).is_ok());
        assert!(limit.check_address(address("2001:db8::ffff")).is_err());
        assert!(limit.check_address(address("2001:db8:0:1::1")).is_ok());
        assert!(limit.check_address(address("192.0.2.1")).is_ok());
        assert!(limit.check_address(address("::ffff:192.0.2.1")).is_err());
    }

    #[test]
    fn addresses_without_end_take_no_memory_without_end() {
        let (limit, clock) = limit(1, 1, 64);
        for last in 0..10_000_u32 {
            let _ = limit.check_address(IpAddr::V4(last.into()));
        }
        assert!(limit.forget_idle() <= 64, "{}", limit.limiter.len());
        let refused = (10_000..20_000_u32)
            .filter(|last| limit.check_address(IpAddr::V4((*last).into())).is_err())
            .count();
        assert!(refused > 9_000, "those who find no place share what is allowed to a few: {refused}");
        clock.advance(Duration::from_mins(1));
        assert_eq!(limit.forget_idle(), 0);
        assert!(limit.check_address(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn a_reply_says_what_is_allowed_and_what_is_left() {
        let (limit, _) = limit(10, 100, 64);
        let mut headers = HeaderMap::new();
        limit.check_address(address("192.0.2.1")).unwrap().put(&mut headers);
        assert_eq!(headers[RATELIMIT_POLICY], "\"address\";q=100;w=10");
        assert_eq!(headers[RATELIMIT], "\"address\";r=99;t=1");
    }
}
