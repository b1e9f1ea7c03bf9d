//! What the throttle lets through, by a clock that stands still unless it is moved.

use super::*;

/// A throttle with a clock of its own.
struct Bench {
    throttle: LoginThrottle,
    now: SinceEpoch,
}

impl Bench {
    fn new() -> Self {
        Self { throttle: LoginThrottle::default(), now: seconds(1_700_000_000) }
    }

    fn attempt(&self, email: &str, from: &str, is_known: bool) -> Result<Attempt, Refusal> {
        self.throttle.begin(&Email::parse(email).unwrap(), network(from), is_known, self.now)
    }

    /// Fails an attempt, or says how long it has to wait.
    fn fail(&self, email: &str, from: &str) -> Result<(), Refusal> {
        self.attempt(email, from, false).map(drop)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }
}

fn network(address: &str) -> Network {
    Network::of(Some(address.parse().unwrap()))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn waits_double_up_to_minutes() {
    let mut bench = Bench::new();
    for _ in 0..FREE_FAILURES {
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
    }
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map(seconds) {
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Err(Refusal::Wait(wait)));
        bench.pass(wait);
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn who_keeps_trying_does_not_wait_longer_for_it() {
    let mut bench = Bench::new();
    for _ in 0..=FREE_FAILURES {
        bench.fail("a@b", "192.0.2.1").unwrap_or_default();
        bench.pass(Duration::from_millis(300));
    }
    for _ in 0..1000 {
        bench.fail("a@b", "192.0.2.1").unwrap_err();
    }
    bench.pass(seconds(1));
    assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
}

impl Bench {
    fn exhaust_pair(&self, email: &str, from: &str) {
        while self.fail(email, from).is_ok() {}
    }
}

#[test]
fn what_failed_is_forgotten_in_time_and_at_a_success() {
    let mut bench = Bench::new();
    bench.exhaust_pair("a@b", "192.0.2.1");
    bench.pass(FORGOTTEN_AFTER);
    for _ in 0..FREE_FAILURES {
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
    }
    bench.pass(seconds(1));
    let attempt = bench.attempt("a@b", "192.0.2.1", false).unwrap();
    bench.throttle.succeeded(&attempt, bench.now);
    for _ in 0..FREE_FAILURES {
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn a_network_is_what_one_person_has_and_an_address_of_mail_has_no_case() {
    let bench = Bench::new();
    bench.exhaust_pair("a@b", "192.0.2.1");
    assert!(bench.fail("A@B", "192.0.2.254").is_err());
    assert!(bench.fail("a@b", "::ffff:192.0.2.9").is_err());
    assert_eq!(bench.fail("a@b", "192.0.3.1"), Ok(()));
    bench.exhaust_pair("a@b", "2001:db8::1");
    assert!(bench.fail("a@b", "2001:db8::ffff:1").is_err());
    assert_eq!(bench.fail("a@b", "2001:db8:0:1::1"), Ok(()));
    // Another one from there is not kept waiting.
    assert_eq!(bench.fail("b@b", "192.0.2.1"), Ok(()));
}

#[test]
fn a_network_has_so_many_failures_whoever_they_are_for() {
    let mut bench = Bench::new();
    for number in 0..OF_NETWORK.burst {
        assert_eq!(bench.fail(&format!("a{number}@b"), "192.0.2.1"), Ok(()), "{number}");
    }
    assert_eq!(bench.fail("z@b", "192.0.2.1"), Err(Refusal::Wait(OF_NETWORK.each)));
    assert_eq!(bench.fail("z@b", "198.51.100.1"), Ok(()));
    bench.pass(OF_NETWORK.each);
    assert_eq!(bench.fail("z@b", "192.0.2.1"), Ok(()));
    assert!(bench.fail("y@b", "192.0.2.1").is_err());
    // Signing in over and over uses up nothing, and gives nothing back that others used up.
    bench.pass(OF_NETWORK.each);
    for _ in 0..1000 {
        let attempt = bench.attempt("y@b", "192.0.2.1", false).unwrap();
        bench.throttle.succeeded(&attempt, bench.now);
    }
    assert_eq!(bench.fail("y@b", "192.0.2.1"), Ok(()));
    assert!(bench.fail("x@b", "192.0.2.1").is_err());
}

#[test]
fn who_is_attacked_from_everywhere_comes_in_from_where_they_came_in_of_late() {
    let mut bench = Bench::new();
    let mut refused = None;
    for number in 0..=255_u8 {
        refused = refused.or(bench.fail("a@b", &format!("203.0.{number}.1")).err());
    }
    assert_eq!(refused, Some(Refusal::WaitUnlessKnown(FOR_EMAIL.each)));
    assert!(bench.attempt("a@b", "192.0.2.1", true).is_ok());
    assert!(matches!(bench.fail("a@b", "192.0.4.1"), Err(Refusal::WaitUnlessKnown(_))));
    // Others are not concerned, and one more may try in a minute.
    assert_eq!(bench.fail("b@b", "192.0.4.1"), Ok(()));
    bench.pass(FOR_EMAIL.each);
    assert_eq!(bench.fail("a@b", "192.0.4.1"), Ok(()));
    assert!(bench.fail("a@b", "192.0.5.1").is_err());
}

#[test]
fn many_at_once_are_not_let_through_together() {
    let bench = Bench::new();
    let begun: Vec<_> = (0..50).filter_map(|_| bench.attempt("a@b", "192.0.2.1", false).ok()).collect();
    assert_eq!(begun.len(), FREE_FAILURES as usize);
}

#[test]
fn what_came_to_nothing_counts_for_nothing() {
    let bench = Bench::new();
    for _ in 0..1000 {
        let attempt = bench.attempt("a@b", "192.0.2.1", false).unwrap();
        bench.throttle.came_to_nothing(&attempt, bench.now);
    }
    for _ in 0..FREE_FAILURES {
        assert_eq!(bench.fail("a@b", "192.0.2.1"), Ok(()));
    }
    assert!(bench.fail("a@b", "192.0.2.1").is_err());
}

#[test]
fn it_remembers_so_many_and_forgets_the_longest_quiet_first() {
    let mut bench = Bench { throttle: LoginThrottle::holding(8), ..Bench::new() };
    for number in 0..8_u8 {
        let from = format!("192.0.{number}.1");
        while bench.attempt("a@b", &from, true).is_ok() {}
        bench.pass(Duration::from_millis(1));
    }
    let held = |bench: &Bench| bench.throttle.counts().pairs.entries.len();
    assert_eq!(held(&bench), 8);
    assert_eq!(bench.fail("b@b", "198.51.100.1"), Ok(()));
    assert!(held(&bench) <= 7);
    assert!(bench.attempt("a@b", "192.0.7.1", true).is_err());
    assert!(bench.attempt("a@b", "192.0.0.1", true).is_ok());
    // However many come, there are never more.
    for number in 0..100_u8 {
        drop(bench.attempt(&format!("c{number}@b"), &format!("10.0.{number}.1"), true));
        assert!(held(&bench) <= 8);
    }
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_out() {
    let mut bench = Bench::new();
    for number in 0..=255_u8 {
        let _ = bench.fail("a@b", &format!("203.0.{number}.1"));
        let _ = bench.fail(&format!("a{number}@b"), "192.0.2.1");
    }
    assert!(bench.fail("a@b", "198.51.100.1").is_err() && bench.fail("b@b", "192.0.2.1").is_err());
    bench.now -= Duration::from_hours(1);
    assert_eq!(bench.fail("a@b", "198.51.100.1"), Ok(()));
    assert_eq!(bench.fail("b@b", "192.0.2.1"), Ok(()));
    bench.exhaust_pair("c@b", "198.51.100.1");
    bench.now -= Duration::from_hours(1);
    assert_eq!(bench.fail("c@b", "198.51.100.1"), Ok(()));
}

#[test]
fn no_address_of_mail_is_shown() {
    let bench = Bench::new();
    let attempt = bench.attempt("ada@example.com", "192.0.2.1", false).unwrap();
    assert!(!format!("{attempt:?}").contains("ada"));
}
