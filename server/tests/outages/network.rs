//! The wire to PostgreSQL is cut, stopped up, slow.

use std::time::{Duration, Instant};

use test_postgres::{Server, own_server};

use super::database::{at_port, new_database};
use super::posts::{CREATED, OUTCOME_UNKNOWN, REJECTED, UNAVAILABLE};
use super::proxy::{Direction, Mode, Proxy, Trap};
use super::trial::{Trial, Turn};
use crate::harness::wait_until;

/// So that a server that says nothing is given up soon.
const IMPATIENT: &[(&str, &str)] = &[("PX_DATABASE__STATEMENT_TIMEOUT_MS", "500")];

/// Starts a service that reaches its server through a proxy.
fn start(test: &'static str, settings: &[(&str, &str)]) -> Option<(Server, Proxy, Trial)> {
    let server = own_server()?;
    let (url, proxy) = (new_database(&server), Proxy::to(server.port()));
    let trial = Trial::start_through(test, &url, &at_port(&url, proxy.port()), settings);
    Some((server, proxy, trial))
}

#[test]
fn connections_that_are_cut_lose_nothing() {
    let _turn = Turn::wait();
    let Some((_server, proxy, mut trial)) = start("cut", &[]) else { return };
    trial.calm();
    for _ in 0..10 {
        proxy.cut_all();
        let posts = trial.random.usize(1..10);
        trial.load.wait_for(CREATED, posts);
    }
    for _ in 0..30 {
        let direction = [Direction::ToServer, Direction::ToService][trial.random.usize(..2)];
        proxy.set_trap(Trap::After(direction, trial.random.usize(..6000)));
        wait_until("the connection to be cut", || proxy.has_sprung());
        let posts = trial.random.usize(1..10);
        trial.load.wait_for(CREATED, posts);
    }
    trial.recovers(Instant::now());

    proxy.set(Mode::Refuse);
    trial.calm();
    proxy.cut_all();
    trial.trouble(UNAVAILABLE);
    let away = Instant::now();
    trial.trouble(UNAVAILABLE);
    trial.assert_only(&[UNAVAILABLE], away, Instant::now());
    trial.assert_not_ready(away, Instant::now());
    proxy.set(Mode::Pass);
    trial.recovers(Instant::now());
    trial.finish();
}

#[test]
fn a_server_that_says_nothing_holds_nobody_up_for_long() {
    let _turn = Turn::wait();
    let Some((_server, proxy, mut trial)) = start("black_hole", IMPATIENT) else { return };
    trial.calm();
    proxy.set(Mode::BlackHole);
    trial.load.wait_for(UNAVAILABLE, 10);
    trial.probes.wait_for(false);
    let away = Instant::now();
    trial.load.wait_for(UNAVAILABLE, 10);
    trial.assert_only(&[UNAVAILABLE], away, Instant::now());
    trial.assert_not_ready(away, Instant::now());
    proxy.set(Mode::Pass);
    trial.recovers(Instant::now());
    trial.finish();
}

/// What was given up arrives after all, when its key has been sent again long since.
#[test]
fn statements_that_arrive_late_change_nothing() {
    let _turn = Turn::wait();
    let Some((_server, proxy, mut trial)) = start("late", IMPATIENT) else { return };
    trial.calm();
    for sent_again_before in [false, true] {
        hold_a_commit(&trial, &proxy);
        if sent_again_before {
            // On new connections, while the old ones still hang.
            trial.recovers(Instant::now());
        }
        proxy.let_go();
        trial.recovers(Instant::now());
    }
    trial.finish();
}

/// Holds all connections when a statement is under way that commits, so that it is given up.
fn hold_a_commit(trial: &Trial, proxy: &Proxy) {
    loop {
        proxy.hold();
        let since = Instant::now();
        // Where it was another statement, new connections are in use by then.
        let is_held = trial.load.find(since, |attempt| match &*attempt.answer {
            OUTCOME_UNKNOWN => Some(true),
            CREATED if attempt.began >= since => Some(false),
            _ => None,
        });
        if is_held {
            return;
        }
        proxy.let_go();
    }
}

#[test]
fn a_slow_wire_only_slows() {
    let _turn = Turn::wait();
    let Some((_server, proxy, trial)) = start("slow", &[]) else { return };
    trial.calm();
    let since = Instant::now();
    for milliseconds in [1, 10, 40] {
        proxy.delay(Duration::from_millis(milliseconds));
        trial.load.wait_for(CREATED, 60);
    }
    trial.assert_only(&[CREATED, REJECTED], since, Instant::now());
    assert!(trial.probes.since(since).iter().all(|probe| probe.ready));
    proxy.delay(Duration::ZERO);
    trial.calm();
    trial.finish();
}
