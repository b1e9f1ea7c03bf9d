//! The page's commands on a PostgreSQL server: from nothing to a service, and back from backups.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use serde_json::json;
use test_postgres::Server;

use crate::harness::{Request, Service, wait_until};
use crate::page::{Shell, block};
use crate::place::{Place, block_on};

/// The database of the page on a server, with the service on it.
struct Deployment {
    server: Server,
    /// What is `/var/backups` on the page. The server's user owns it.
    backups: tempfile::TempDir,
    folder: tempfile::TempDir,
}

impl Deployment {
    fn new() -> Option<Self> {
        let backups = tempfile::tempdir().unwrap();
        std::fs::create_dir(backups.path().join("wal")).unwrap();
        let settings =
            block("settings of a test: archive").replace("/var/backups", backups.path().to_str().unwrap());
        let server = test_postgres::own_server_with(&settings)?;
        let owner = std::fs::metadata(server.folder()).unwrap();
        for path in [backups.path(), &backups.path().join("wal")] {
            chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let deployment = Self { server, backups, folder: tempfile::tempdir().unwrap() };
        deployment.shell(&[]).succeed("create");
        Some(deployment)
    }

    /// The page's commands for the server's own user.
    fn shell_of_the_server(&self, more_stand_ins: &[(&'static str, &str)]) -> Shell<'_> {
        let owner = std::fs::metadata(self.server.folder()).unwrap();
        Shell { user: Some((owner.uid(), owner.gid())), ..self.shell(more_stand_ins) }
    }

    /// The page's commands for everybody else.
    fn shell(&self, more_stand_ins: &[(&'static str, &str)]) -> Shell<'_> {
        let host = format!("127.0.0.1:{}", self.server.port());
        let mut stand_ins: Vec<(&'static str, String)> =
            more_stand_ins.iter().map(|(named, stand_in)| (*named, (*stand_in).to_owned())).collect();
        stand_ins.extend([
            ("postgres@db.internal:5432", format!("florin@{host}")),
            ("db.internal:5432", host),
            ("/var/backups", self.backups.path().display().to_string()),
            ("/var/lib/postgresql", self.server.folder().display().to_string()),
        ]);
        Shell {
            before: "postgres",
            folder: self.backups.path(),
            stand_ins,
            programs: Some(self.server.programs().to_owned()),
            user: None,
        }
    }

    /// Starts a replica as the page has it: as the role that may change neither the schema nor what is recorded.
    fn start(&self, database: &str) -> Service {
        start(self.folder.path(), self.server.port(), database, "[main]")
    }

    fn ask(&self, query: &str) -> String {
        use sqlx::{Connection as _, Row as _};
        block_on(async {
            let url = self.server.url().replace("/postgres", "/ledgers");
            let mut stranger = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&mut stranger).await.unwrap().get(0)
        })
    }
}

fn start(folder: &Path, port: u16, database: &str, ledgers: &str) -> Service {
    let url = format!("postgres://ledger_service:secret@127.0.0.1:{port}/{database}");
    let settings = [
        ("PX_DATABASE__URL", url.as_str()),
        ("PX_DATABASE__MIGRATE_ON_START", "false"),
        ("PX_ENGINE__CREATE_LEDGERS", ledgers),
    ];
    Service::start(folder, &settings)
}

#[test]
fn a_dump_becomes_a_database_with_the_same_log_and_a_standby_is_read_and_verified() {
    let Some(mut deployment) = Deployment::new() else { return };
    let service = deployment.start("ledgers");
    let address = service.address.to_string();
    let shell = deployment.shell(&[("127.0.0.1:8000", &address)]);
    let probed = shell.succeed("probe");
    assert!(
        probed.contains("\"live\"") && probed.contains("\"ready\"") && probed.contains("\"version\""),
        "{probed}"
    );
    Place::post(&service, 20);
    let refused = block_on(async {
        use sqlx::Connection as _;
        let url =
            deployment.server.url().replace("florin@", "ledger_service@").replace("/postgres", "/ledgers");
        let mut service = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query("ALTER TABLE entries DISABLE TRIGGER ALL").execute(&mut service).await.unwrap_err()
    });
    assert!(refused.to_string().contains("must be owner"), "{refused}");

    let upgraded = shell.succeed("upgrade");
    assert!(upgraded.contains("the schema is up to date"), "{upgraded}");
    let found = shell.succeed("long-transactions");
    assert!(found.contains("application_name") && found.contains("kept_back"), "{found}");
    let verified = shell.succeed("verify");
    assert!(verified.starts_with("main: clean (20 entries, "), "{verified}");
    let report = std::fs::read_to_string(deployment.backups.path().join("verify.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ledgers"][0]["entries"], 20);

    shell.succeed("export");
    let exported = std::fs::read_to_string(deployment.backups.path().join("main.ndjson")).unwrap();
    assert_eq!(exported.lines().count(), 21);
    let journal = std::fs::read_to_string(deployment.backups.path().join("main.journal")).unwrap();
    assert_eq!(journal.matches("transaction ").count(), 20);

    let imported = shell.succeed("import");
    assert!(imported.contains("main-copy: 20 entries were written, 0 were there already"), "{imported}");
    assert!(imported.contains("main-copy: clean (20 entries, "), "{imported}");

    shell.succeed("dump");
    let dumped = Place::log(&service);
    Place::post(&service, 5);
    let restored = shell.succeed("dump-restore");
    assert!(restored.contains("main: clean (20 entries, "), "{restored}");
    let other = deployment.start("ledgers_restored");
    assert_eq!(Place::log(&other), dumped);
    Place::post(&other, 1);
    assert_eq!(other.stop().code(), Some(0));
    drop(shell);

    let standby = deployment.server.synchronous_standby();
    let place = format!("127.0.0.1:{}", standby.port());
    let shell = deployment.shell(&[("standby.internal:5432", &place)]);
    // What is acknowledged from now on is there, too; to be seen, it may take a moment more.
    Place::post(&service, 1);
    wait_until("the standby to show it", || {
        shell.succeed("verify-standby").starts_with("main: clean (26 entries, ")
    });
    let reader = start(deployment.folder.path(), standby.port(), "ledgers", "[]");
    assert_eq!(Place::log(&reader), Place::log(&service));
    assert_eq!((reader.get("/health/ready").status, reader.get("/health/live").status), (503, 200));
    let post = Request::post("/v1/ledgers/main/transactions").json(Place::TRANSACTION);
    let refused = reader.connect().call(&post);
    assert_eq!((refused.status, refused.code().as_str()), (503, "service.unavailable"), "{refused:?}");
    drop(standby);
    shell.succeed("alone");
    Place::post(&service, 1);
    assert_eq!(service.stop().code(), Some(0));
}

#[test]
fn what_the_page_grants_is_enough_for_every_kind_of_command() {
    let Some(deployment) = Deployment::new() else { return };
    let service = deployment.start("ledgers");
    let mut client = service.connect();
    let pay = |amount: &str| {
        json!({ "postings": [{ "source": "world", "destination": "users:1", "asset": "USD/2", "amount": amount }],
            "metadata": { "order": amount } })
    };
    let backdated = json!({ "postings": pay("1")["postings"], "effective_at": "2026-01-01T00:00:00Z" });
    let hold =
        json!({ "postings": [{ "source": "users:1", "destination": "b", "asset": "USD/2", "amount": "2" }] });
    let main = |path: &str| format!("/v1/ledgers/main/{path}");
    let requests = [
        Request::post(main("transactions")).json(pay("9")),
        Request::post(main("transactions")).json(backdated),
        Request::patch(main("transactions/0")).json(json!({ "metadata": { "order": "10", "more": "x" } })),
        Request::patch(main("accounts/users:1")).json(json!({ "metadata": { "k": "v" } })),
        Request::patch(main("accounts/users:1")).json(json!({ "metadata": { "k": "w" } })),
        Request::post(main("transactions/0/reversals")).json(json!({
            "postings": [{ "source": "users:1", "destination": "world", "asset": "USD/2", "amount": "1" }] })),
        Request::post(main("transactions/0/reversals")).json(json!({
            "postings": [{ "source": "users:1", "destination": "world", "asset": "USD/2", "amount": "1" }] })),
        Request::post(main("holds")).json(&hold),
        Request::post(main("holds/7/captures")).json(json!({})),
        Request::post(main("holds")).json(&hold),
        Request::post(main("holds/9/void")),
        Request::post(main("schedules")).json(json!({ "transaction": pay("3"), "at": "2026-01-01T00:00:00Z" })),
        Request::post(main("schedules")).json(json!({ "transaction": pay("3"), "at": "2999-01-01T00:00:00Z" })),
        Request::post(main("schedules/1/cancel")),
        Request::post("/v1/keys").json(json!({ "name": "k", "grants": [{ "role": "reader", "ledgers": "all" }] })),
    ];
    for request in &requests {
        let reply = client.call(request);
        assert!(matches!(reply.status, 200 | 201), "{request:?}\n{reply:?}");
    }
    wait_until("the schedule to have run", || {
        service.get(&main("schedules/0/runs")).body.contains("\"posted\"")
    });
    assert_eq!(service.stop().code(), Some(0));
}

#[test]
fn a_base_backup_and_the_archive_lead_to_the_moment_before_a_mistake() {
    let Some(mut deployment) = Deployment::new() else { return };
    let service = deployment.start("ledgers");
    Place::post(&service, 5);
    deployment.shell_of_the_server(&[]).succeed("base-backup");
    Place::post(&service, 5);
    let good = Place::log(&service);
    let moment = deployment.ask("SELECT clock_timestamp()::text");
    Place::post(&service, 5);
    // The last part of the log that matters reaches the archive when it is full, or after a minute, or now.
    let segment = deployment.ask("SELECT pg_walfile_name(pg_current_wal_lsn())");
    deployment.ask("SELECT pg_switch_wal()::text");
    let archived = deployment.backups.path().join("wal").join(segment);
    wait_until("the archive", || archived.exists());
    assert_eq!(service.stop().code(), Some(0));
    deployment.server.stop();

    let moment = [("2026-01-31 12:00:00+00", moment.as_str())];
    deployment.shell_of_the_server(&moment).succeed("point-in-time");
    deployment.server.start_again();
    let recovered = deployment.shell(&moment).succeed("recovered");
    assert!(recovered.contains("main: clean (10 entries, "), "{recovered}");
    let service = deployment.start("ledgers");
    assert_eq!(Place::log(&service), good);
    Place::post(&service, 1);
    assert_eq!(Place::log(&service).len(), good.len() + 1);
    assert_eq!(service.stop().code(), Some(0));
}
