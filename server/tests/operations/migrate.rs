//! `server migrate`, and starts that migrate: any number at once, and two versions side by side.

use std::process::Stdio;

use crate::harness::{Ended, Service, command};
use crate::page::block;
use crate::place::Place;

#[test]
fn processes_that_migrate_at_the_same_time_all_succeed_and_one_of_them_does_it() {
    for place in Place::on_each() {
        let migrating: Vec<_> = (0..6)
            .map(|_| {
                let mut migrate = command(place.path(), &place.settings());
                migrate.arg("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let ended: Vec<_> = migrating.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        let ended: Vec<_> = ended.into_iter().map(Ended::from).collect();
        assert!(ended.iter().all(|ended| ended.code() == Some(0)), "{ended:?}");
        let applied = ended.iter().filter(|ended| ended.stdout.starts_with("applied 1 ledgers\n"));
        assert_eq!(applied.count(), 1, "{ended:?}");
        let had_nothing_to_do = ended.iter().filter(|ended| ended.stdout == "the schema is up to date\n");
        assert_eq!(had_nothing_to_do.count(), 5, "{ended:?}");
    }
}

#[test]
fn services_that_start_together_on_a_new_database_all_serve() {
    for place in Place::on_each() {
        let settings = place.settings_with(&[("PX_DATABASE__MIGRATE_ON_START", "true")]);
        let services: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Service::start(place.path(), &settings))).collect();
            starting.into_iter().map(|starting| starting.join().unwrap()).collect()
        });
        for service in services {
            assert_eq!(service.get("/v1/ledgers/main").status, 200);
            assert_eq!(service.stop().code(), Some(0));
        }
    }
}

#[test]
fn a_check_names_what_is_missing_and_changes_nothing() {
    let place = Place::on_sqlite();
    let ended = place.run(&["migrate", "--check"]);
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    assert!(ended.stderr.contains("there is no database"), "{ended:?}");
    assert!(!place.path().join("florin.db").exists());
    std::fs::write(place.path().join("florin.db"), "").unwrap();

    for place in [Some(place), Place::on_postgres()].into_iter().flatten() {
        for _ in 0..2 {
            let ended = place.run(&["migrate", "--check"]);
            assert_eq!(ended.code(), Some(1), "{ended:?}");
            assert!(ended.stdout.starts_with("missing 1 ledgers\n"), "{ended:?}");
        }
        assert_eq!(place.run(&["migrate"]).code(), Some(0));
        let ended = place.run(&["migrate", "--check"]);
        assert_eq!(
            (ended.code(), ended.stdout.as_str()),
            (Some(0), "the schema is up to date\n"),
            "{ended:?}"
        );
    }
}

#[test]
fn replicas_of_the_version_before_go_on_and_start_beside_a_newer_one_until_it_contracts() {
    for place in Place::on_each() {
        let running = place.start();
        place.tamper(&block("run by a test: expand"));
        place.migrated_by_a_newer_version(9002, "expand entry channel");
        Place::post(&running, 1);
        let started = Service::start(place.path(), &place.settings());
        Place::post(&started, 1);
        let check = place.run(&["migrate", "--check"]);
        assert_eq!(check.code(), Some(0), "{check:?}");
        let said =
            "left alone 9002 expand entry channel: it came with a newer version\nthe schema is up to date\n";
        assert_eq!(check.stdout, said);
        assert_eq!(place.run(&["verify"]).code(), Some(0));
        let logged = started.stop().stderr;
        assert_eq!(logged.matches("a newer version has migrated the database").count(), 1, "{logged}");

        place.migrated_by_a_newer_version(9003, "contract wheels");
        Place::post(&running, 1);
        for (arguments, code) in
            [(&["serve"][..], 1), (&["migrate"], 1), (&["migrate", "--check"], 2), (&["verify"], 2)]
        {
            let refused = place.run(arguments);
            assert_eq!(refused.code(), Some(code), "{arguments:?}: {refused:?}");
            assert!(refused.stderr.contains("migration 9003 (contract wheels), unknown here"), "{refused:?}");
        }
        assert_eq!(running.stop().code(), Some(0));
    }
}
