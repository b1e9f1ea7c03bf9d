//! Random histories over HTTP, each reply held against the reference model, on both databases. That on PostgreSQL is left
//! out, with a word on it, where there is none. `cargo xtask differential` plays as many more as it is asked for.

#[path = "../harness/mod.rs"]
mod harness;

use ::differential::{Plan, play};
use harness::{Service, run};

/// Plays to a service with such settings, then verifies its database.
fn agree(settings: &[(&str, &str)]) {
    let seed = std::env::var("FLORIN_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u32(..).into());
    eprintln!("FLORIN_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), settings);
    let plan = Plan { seed, commands: 480, history: 60, ledgers_at_once: 8 };
    let played = play(service.address, &plan, &|| ()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((played.commands, played.histories), (480, 8));
    for outcome in [
        "transaction",
        "transaction changed",
        "hold",
        "capture",
        "reversal",
        "account changed",
        "hold voided",
        "replayed",
        "batch, atomic",
        "batch, independent",
        "batch, lines",
    ] {
        assert!(played.outcomes.of(outcome) > 0, "no {outcome} among {:?}", played.outcomes);
    }
    assert!(service.stop().status.success());
    let verified = run(folder.path(), settings, &["verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
}

#[test]
fn the_service_on_sqlite_answers_as_the_model_does() {
    agree(&[]);
}

#[test]
fn the_service_on_postgres_answers_as_the_model_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(database) = runtime.block_on(test_postgres::database()) else { return };
    agree(&[("PX_DATABASE__URL", database.url())]);
}
