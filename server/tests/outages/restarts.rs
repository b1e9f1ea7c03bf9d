//! PostgreSQL is stopped, crashes, loses sessions.

use std::time::Instant;

use test_postgres::{Server, own_server};

use super::database::{Stranger, new_database};
use super::posts::{CREATED, OUTCOME_UNKNOWN, Post, UNAVAILABLE, answer};
use super::trial::{Trial, Turn};
use crate::harness::{Service, wait_until};

#[test]
fn a_server_that_is_stopped_and_started_again_loses_nothing() {
    goes_and_comes_back("stop", Server::stop);
}

#[test]
fn a_server_that_crashes_and_is_started_again_loses_nothing() {
    goes_and_comes_back("crash", Server::crash);
}

#[test]
fn a_server_that_is_killed_and_started_again_loses_nothing() {
    goes_and_comes_back("kill", Server::kill);
}

fn goes_and_comes_back(test: &'static str, go: fn(&mut Server)) {
    let _turn = Turn::wait();
    let Some(mut server) = own_server() else { return };
    let mut trial = Trial::start(test, &new_database(&server), &[]);
    trial.calm();
    for _ in 0..2 {
        go(&mut server);
        trial.trouble(UNAVAILABLE);
        let away = Instant::now();
        trial.trouble(UNAVAILABLE);
        let still_away = Instant::now();
        trial.assert_only(&[UNAVAILABLE], away, still_away);
        trial.assert_not_ready(away, still_away);
        server.start_again();
        trial.recovers(Instant::now());
    }
    trial.finish();
}

#[test]
fn a_service_whose_database_is_away_stops_in_order() {
    let _turn = Turn::wait();
    let Some(mut server) = own_server() else { return };
    let url = new_database(&server);
    let settings = [("PX_DATABASE__URL", &*url), ("PX_DATABASE__MIGRATE_ON_START", "true")];
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &settings);
    let mut connection = service.connect();
    let mut post = |key| answer(&connection.call(&Post::deposit("users:1", 1).request("main", key)));
    assert_eq!(post("before"), CREATED);
    server.crash();
    wait_until("the service to notice", || post("after") == UNAVAILABLE);
    let ended = service.stop();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
}

#[test]
fn sessions_that_are_ended_at_random_lose_nothing() {
    let _turn = Turn::wait();
    let Some(server) = own_server() else { return };
    let url = new_database(&server);
    let mut stranger = Stranger::connect(&url).unwrap();
    let mut trial = Trial::start("sessions", &url, &[]);
    trial.calm();
    let mut ended = 0;
    for _ in 0..30 {
        ended += stranger
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.7",
            )
            .unwrap();
        let posts = trial.random.usize(1..10);
        trial.load.wait_for(CREATED, posts);
    }
    assert!(ended > 10, "only {ended} sessions were ended");
    let seen = trial.load.record().answers(|_| true).contains_key(OUTCOME_UNKNOWN);
    println!("sessions: {ended} ended, some of them while they committed: {seen}");
    trial.recovers(Instant::now());
    trial.finish();
}
