//! Others have taken all connections that PostgreSQL has.

use std::time::Instant;

use test_postgres::own_server_with;

use super::database::{Stranger, new_database};
use super::posts::UNAVAILABLE;
use super::trial::{Trial, Turn};
use crate::harness::run;

const CONNECTIONS: usize = 20;

#[test]
fn a_server_that_is_out_of_connections_is_used_again_when_it_has_some() {
    let _turn = Turn::wait();
    let Some(server) = own_server_with(&format!("max_connections = {CONNECTIONS}")) else { return };
    let url = new_database(&server);
    let mut trial = Trial::start("crowd", &url, &[]);
    trial.calm();

    let crowd = take_all_connections(&url);
    trial.trouble(UNAVAILABLE);
    let away = Instant::now();
    trial.trouble(UNAVAILABLE);
    trial.assert_only(&[UNAVAILABLE], away, Instant::now());
    trial.assert_not_ready(away, Instant::now());
    let folder = tempfile::tempdir().unwrap();
    let started = run(folder.path(), &[("PX_DATABASE__URL", &url), ("PX_SERVER__PORT", "0")], &["serve"]);
    assert_eq!(started.code(), Some(1), "{started:?}");
    let said = started.stderr.lines().last().unwrap_or_default();
    assert!(said.starts_with("error: cannot use the database") && said.contains("too many"), "{said}");

    drop(crowd);
    trial.recovers(Instant::now());
    trial.finish();
}

/// Connects as often as the server lets it, and ends the service's sessions, until there is nothing more to have.
fn take_all_connections(url: &str) -> Vec<Stranger> {
    let mut crowd = vec![Stranger::connect(url).unwrap()];
    while crowd.len() < CONNECTIONS {
        match Stranger::connect(url) {
            Ok(stranger) => crowd.push(stranger),
            Err(error) => {
                assert!(error.to_string().contains("too many"), "{error}");
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name = 'florin'";
                crowd[0].execute(end).unwrap();
            }
        }
    }
    crowd
}
