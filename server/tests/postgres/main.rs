//! The service on PostgreSQL: started, posted to, killed, started again, verified. Left out, with a word on it,
//! where there is no PostgreSQL.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../http/access/rotation.rs"]
mod rotation;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use app_base::http::time::Rfc3339;
use harness::{Request, Service, run, wait_until};
use ledger::Timestamp;

const TRANSACTIONS: &str = "/v1/ledgers/main/transactions";
const BODY: &str = r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"5"}]}"#;

fn database() -> Option<test_postgres::Database> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test_postgres::database())
}

#[test]
fn what_was_posted_survives_a_kill_and_is_found_by_another_replica() {
    let Some(database) = database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PX_DATABASE__URL", database.url()), ("PX_DATABASE__MIGRATE_ON_START", "false")];
    let early = run(folder.path(), &settings, &["verify"]);
    assert_eq!(early.code(), Some(2), "{early:?}");
    assert!(early.stderr.contains("server migrate"), "{early:?}");
    let migrated = run(folder.path(), &settings, &["migrate"]);
    assert_eq!(migrated.code(), Some(0), "{migrated:?}");

    let first = Service::start(folder.path(), &settings);
    let second = Service::start(folder.path(), &settings);
    for (number, service) in [&first, &second, &first].into_iter().enumerate() {
        let key = format!("key-{number}");
        let reply =
            service.connect().call(&Request::post(TRANSACTIONS).header("idempotency-key", &key).json(BODY));
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(reply.json()["id"], number);
    }
    assert_eq!(run(folder.path(), &settings, &["verify"]).code(), Some(0));
    drop(first.kill());

    let replayed =
        second.connect().call(&Request::post(TRANSACTIONS).header("idempotency-key", "key-2").json(BODY));
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"), "{replayed:?}");
    assert_eq!(replayed.json()["id"], 2);
    assert_eq!(second.stop().code(), Some(0));

    let third = Service::start(folder.path(), &settings);
    assert_eq!(third.get("/health/ready").status, 200);
    let account = third.get("/v1/ledgers/main/accounts/a").json();
    assert_eq!(account["balances"][0]["posted"], "15", "{account}");
    assert_eq!(third.stop().code(), Some(0));
    let verified = run(folder.path(), &settings, &["verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
    assert!(verified.stdout.starts_with("main: clean (3 entries, "), "{verified:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the services under test have clocks of their own")]
fn holds_that_are_due_at_once_are_let_go_once_by_whichever_replica() {
    const HOLDS: usize = 30;
    let Some(database) = database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PX_DATABASE__URL", database.url())];
    let replicas = [Service::start(folder.path(), &settings), Service::start(folder.path(), &settings)];
    let mut connection = replicas[0].connect();
    let time = SystemTime::now() + Duration::from_secs(3);
    let micros = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let expires_at = Rfc3339(Timestamp::from_micros(i64::try_from(micros).unwrap()).unwrap());
    let posting = r#"{"source":"world","destination":"a","asset":"USD/2","amount":"5"}"#;
    let body = format!(r#"{{"postings":[{posting}],"expires_at":"{expires_at}"}}"#);
    for _ in 0..HOLDS {
        let reply = connection.call(&Request::post("/v1/ledgers/main/holds").json(&body));
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let mut items = |path: &str| connection.get(path).json()["items"].as_array().unwrap().clone();
    wait_until("all holds to expire", || {
        items("/v1/ledgers/main/holds?state=expired&limit=1000").len() == HOLDS
    });
    let released: Vec<_> = items("/v1/ledgers/main/log?limit=1000")
        .iter()
        .filter(|entry| entry["type"] == "release")
        .map(|entry| entry["releases"]["hold"].as_u64().unwrap())
        .collect();
    let each: BTreeSet<_> = released.iter().copied().collect();
    assert_eq!((released.len(), each.len()), (HOLDS, HOLDS), "{released:?}");
    for replica in replicas {
        assert_eq!(replica.stop().code(), Some(0));
    }
    let verified = run(folder.path(), &settings, &["verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
}

#[test]
fn a_database_that_cannot_be_used_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    for (url, reason) in [
        ("postgres://florin:hunter2@127.0.0.1:1/florin", "cannot be reached"),
        ("postgres://florin:hunter2@127.0.0.1:1/florin?sslmode=verify-ca", "use verify-full"),
    ] {
        let started = run(folder.path(), &[("PX_DATABASE__URL", url)], &["serve"]);
        assert_ne!(started.code(), Some(0), "{started:?}");
        let said = format!("{}{}", started.stdout, started.stderr);
        assert!(said.contains("postgres://***@127.0.0.1:1/florin") && said.contains(reason), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn tokens_outlive_a_rotation() {
    let Some(database) = database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PX_DATABASE__URL", database.url())];
    rotation::tokens_outlive_a_rotation_on_every_replica_and_no_revocation(folder.path(), &settings);
}
