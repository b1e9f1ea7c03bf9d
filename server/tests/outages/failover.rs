//! A primary whose commits wait for a standby is lost, and the standby takes over. The wire is led to the new one,
//! as an address that moves would be; the old one never comes back.

use std::thread;
use std::time::Instant;

use test_postgres::{Server, own_server};

use super::database::{Stranger, at_port, new_database};
use super::posts::{CREATED, OUTCOME_UNKNOWN, Post, REJECTED, UNAVAILABLE, answer};
use super::proxy::Proxy;
use super::trial::{Trial, Turn};
use crate::harness::{Request, Service, run, wait_until};

/// So that commits that nobody confirms are given up soon.
const IMPATIENT: &[(&str, &str)] = &[("PX_DATABASE__STATEMENT_TIMEOUT_MS", "500")];

/// Nothing says that its connections are broken.
#[test]
fn nothing_acknowledged_is_lost_when_a_primary_falls_silent_and_its_standby_takes_over() {
    let _turn = Turn::wait();
    let Some((mut primary, mut standby, proxy, mut trial)) = replicated("failover_silent", IMPATIENT) else {
        return;
    };
    trial.calm();
    proxy.hold();
    primary.crash();
    trial.load.wait_for(UNAVAILABLE, 10);
    trial.probes.wait_for(false);
    standby.promote();
    proxy.lead_to(standby.port());
    trial.recovers(Instant::now());
    trial.finish();
}

#[test]
fn nothing_acknowledged_is_lost_when_a_primary_is_killed_and_the_address_moves_before_the_standby_takes_over()
{
    let _turn = Turn::wait();
    let Some((mut primary, mut standby, proxy, mut trial)) = replicated("failover_kill", &[]) else { return };
    trial.calm();
    primary.kill();
    proxy.lead_to(standby.port());
    proxy.cut_all();
    trial.trouble(UNAVAILABLE);
    // It reads, but it takes no writes.
    let follows = Instant::now();
    trial.trouble(UNAVAILABLE);
    trial.assert_only(&[UNAVAILABLE], follows, Instant::now());
    trial.assert_not_ready(follows, Instant::now());
    standby.promote();
    trial.recovers(Instant::now());
    trial.finish();
}

/// Whoever runs the failover should see to it that the old primary is gone. If not, its commits wait for a
/// standby that does not follow any more, and whatever becomes of them there, clients are told of no success.
#[test]
fn a_primary_that_has_been_replaced_acknowledges_nothing() {
    let _turn = Turn::wait();
    let Some((primary, mut standby, proxy, mut trial)) = replicated("failover_split", IMPATIENT) else {
        return;
    };
    trial.calm();
    let before = Instant::now();
    standby.promote();
    let replaced = Instant::now();
    // One commit waits for the old standby, and the next ones wait for it.
    trial.load.wait_until_seen(OUTCOME_UNKNOWN, before);
    trial.load.wait_until_seen(UNAVAILABLE, before);
    trial.assert_only(&[REJECTED, UNAVAILABLE, OUTCOME_UNKNOWN], replaced, Instant::now());
    proxy.lead_to(standby.port());
    proxy.cut_all();
    trial.recovers(Instant::now());
    trial.finish();
    drop(primary);
}

/// A commit whose wait for the standby is cut short is there for all to see, and yet the standby lacks it.
#[test]
fn what_the_standby_lacks_is_not_acknowledged_to_those_who_ask_again() {
    const FOUND: &str = "SELECT idempotency_key FROM entries WHERE idempotency_key = 'k'
        UNION ALL SELECT idempotency_key FROM ledgers WHERE idempotency_key = 'k'";
    let _turn = Turn::wait();
    let Some(mut primary) = own_server() else { return };
    let url = new_database(&primary);
    let mut standby = primary.synchronous_standby();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = vec![("PX_DATABASE__URL", &*url), ("PX_DATABASE__MIGRATE_ON_START", "true")];
    settings.extend(IMPATIENT);
    let service = Service::start(folder.path(), &settings);
    let post = Post::deposit("users:1", 7).request("main", "k");
    let create = Request::post("/v1/ledgers").header("idempotency-key", "k").json(r#"{"name":"other"}"#);
    let ask = || {
        thread::scope(|scope| {
            let asked =
                [&post, &create].map(|request| scope.spawn(|| answer(&service.connect().call(request))));
            asked.map(|asked| asked.join().unwrap())
        })
    };

    standby.stop();
    assert_eq!(ask(), [OUTCOME_UNKNOWN; 2]);
    let mut stranger = Stranger::connect(&url).unwrap();
    assert_eq!(stranger.execute(FOUND).unwrap(), 0, "they wait");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'florin'";
    stranger.execute(end).unwrap();
    wait_until("both to be seen", || stranger.execute(FOUND).unwrap() == 2);
    // Nothing is done by asking again, or nobody knows.
    assert_eq!(ask(), [UNAVAILABLE, OUTCOME_UNKNOWN]);
    standby.start_again();
    wait_until("both to be acknowledged", || ask() == [CREATED; 2]);
    assert_eq!(service.stop().code(), Some(0));
    primary.kill();
    standby.promote();
    let kept = at_port(&url, standby.port());
    assert_eq!(Stranger::connect(&kept).unwrap().execute(FOUND).unwrap(), 2);
    assert_eq!(run(folder.path(), &[("PX_DATABASE__URL", &*kept)], &["verify"]).code(), Some(0));
}

fn replicated(test: &'static str, settings: &[(&str, &str)]) -> Option<(Server, Server, Proxy, Trial)> {
    let mut primary = own_server()?;
    let (url, proxy) = (new_database(&primary), Proxy::to(primary.port()));
    let standby = primary.synchronous_standby();
    let (there, through) = (at_port(&url, standby.port()), at_port(&url, proxy.port()));
    let trial = Trial::start_through(test, &there, &through, settings);
    Some((primary, standby, proxy, trial))
}
