//! PostgreSQL runs out of disk.

use std::time::{Duration, Instant};

use test_postgres::{OnSmallDisk, own_server_on_small_disk};

use super::database::{Stranger, new_database, new_database_on_small_disk};
use super::posts::{CREATED, OUTCOME_UNKNOWN, REJECTED, UNAVAILABLE};
use super::trial::{Trial, Turn};

/// The server breaks down, recovers by itself perhaps and breaks down again, until there is room.
#[test]
fn a_full_disk_under_the_write_ahead_log_loses_nothing() {
    let _turn = Turn::wait();
    let Some(mut server) = own_server_on_small_disk(OnSmallDisk::WriteAheadLog, 32) else { return };
    let url = new_database(&server);
    let mut trial = Trial::start("full_log", &url, &[]);
    trial.calm();
    server.fill_disk();
    let since = Instant::now();
    // Each switch wants a new file. Where the posts have taken the last one by now, nobody is let in any more.
    if let Ok(mut stranger) = Stranger::connect(&url) {
        while stranger.execute("SELECT pg_switch_wal()").is_ok() {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
    trial.trouble(UNAVAILABLE);
    trial.assert_only(&[CREATED, REJECTED, UNAVAILABLE, OUTCOME_UNKNOWN], since, Instant::now());
    server.free_disk();
    server.start_again();
    trial.recovers(Instant::now());
    trial.finish();
}

/// Tables cannot grow; everything else goes on.
#[test]
fn a_full_disk_under_the_tables_fails_what_needs_room_and_nothing_else() {
    let _turn = Turn::wait();
    let Some(mut server) = own_server_on_small_disk(OnSmallDisk::Tablespace, 32) else { return };
    let mut trial = Trial::start("full_tables", &new_database_on_small_disk(&server), &[]);
    trial.calm();
    let since = Instant::now();
    server.fill_disk();
    trial.load.wait_for(UNAVAILABLE, 100);
    // The server says no and stays: there is no doubt about any post.
    trial.assert_only(&[CREATED, REJECTED, UNAVAILABLE], since, Instant::now());
    assert!(trial.probes.since(since).iter().all(|probe| probe.ready), "reads go on");
    server.free_disk();
    trial.recovers(Instant::now());
    trial.finish();
}
