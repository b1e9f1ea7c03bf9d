//! A database of a test's own, on either store, with the settings that name it.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, Connection as _};

use crate::harness::{Ended, Request, Service, run};

/// A folder to run in and the database to run on.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    database: Kind,
}

enum Kind {
    Sqlite,
    Postgres(test_postgres::Database),
}

impl Place {
    pub(crate) fn on_sqlite() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), database: Kind::Sqlite }
    }

    pub(crate) fn on_postgres() -> Option<Self> {
        let database = block_on(test_postgres::database())?;
        Some(Self { folder: tempfile::tempdir().expect("a folder"), database: Kind::Postgres(database) })
    }

    /// One on each store that there is.
    pub(crate) fn on_each() -> impl Iterator<Item = Self> {
        [Some(Self::on_sqlite()), Self::on_postgres()].into_iter().flatten()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> &str {
        match &self.database {
            Kind::Sqlite => "sqlite://florin.db",
            Kind::Postgres(database) => database.url(),
        }
    }

    /// Runs a command to its end, as in production: nothing happens to the schema unasked.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(self.path(), &self.settings(), arguments)
    }

    /// Brings the schema up to date and starts the service with a ledger `main`.
    pub(crate) fn start(&self) -> Service {
        let migrated = self.run(&["migrate"]);
        assert_eq!(migrated.code(), Some(0), "{migrated:?}");
        Service::start(self.path(), &self.settings())
    }

    /// Runs a statement as somebody else, who may do everything.
    pub(crate) fn tamper(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        block_on(async {
            let done = match &self.database {
                Kind::Sqlite => {
                    let options =
                        sqlx::sqlite::SqliteConnectOptions::new().filename(self.path().join("florin.db"));
                    let mut stranger =
                        sqlx::SqliteConnection::connect_with(&options).await.expect("a database");
                    sqlx::raw_sql(statement).execute(&mut stranger).await.map(drop)
                }
                Kind::Postgres(database) => {
                    sqlx::raw_sql(statement).execute(&mut database.stranger().await).await.map(drop)
                }
            };
            done.expect("the statement is good");
        });
    }

    /// Takes away what keeps recorded entries from being changed.
    pub(crate) fn allow_tampering(&self) {
        self.tamper(match &self.database {
            Kind::Sqlite => {
                "DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_vanish;
                DROP TRIGGER earlier_movements_never_change; DROP TRIGGER earlier_movements_never_vanish"
            }
            Kind::Postgres(_) => {
                "ALTER TABLE entries DISABLE TRIGGER entries_never_change;
                ALTER TABLE earlier_movements DISABLE TRIGGER movements_never_change"
            }
        });
    }

    /// Records a step as a version would that has one more.
    pub(crate) fn migrated_by_a_newer_version(&self, version: u32, description: &str) {
        let checksum = match &self.database {
            Kind::Sqlite => "x'00'",
            Kind::Postgres(_) => "'\\x00'",
        };
        self.tamper(&format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES ({version}, '{description}', TRUE, {checksum}, 0)"
        ));
    }

    /// A transfer of 5 to `a`.
    pub(crate) const TRANSACTION: &str =
        r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"5"}]}"#;

    /// Posts so many of these to the ledger `main`.
    pub(crate) fn post(service: &Service, count: usize) {
        let mut client = service.connect();
        for _ in 0..count {
            let post = Request::post("/v1/ledgers/main/transactions").json(Self::TRANSACTION);
            let posted = client.call(&post);
            assert_eq!(posted.status, 201, "{posted:?}");
        }
    }

    /// Posts so many transactions to the ledger `main`, each with 500 postings.
    pub(crate) fn post_large(service: &Service, count: usize) {
        let posting =
            |n| format!(r#"{{"source":"world","destination":"u:{n}","asset":"USD/2","amount":"5"}}"#);
        let postings: Vec<_> = (0..500).map(posting).collect();
        let body = format!(r#"{{"postings":[{}]}}"#, postings.join(","));
        let mut client = service.connect();
        for _ in 0..count {
            let posted = client.call(&Request::post("/v1/ledgers/main/transactions").json(&body));
            assert_eq!(posted.status, 201, "{posted:?}");
        }
    }

    /// The log of the ledger `main`, entry by entry.
    pub(crate) fn log(service: &Service) -> Vec<serde_json::Value> {
        let mut client = service.connect();
        let mut entries: Vec<serde_json::Value> = Vec::new();
        loop {
            let after = entries.last().map(|entry| format!("&after={}", entry["number"])).unwrap_or_default();
            let page = client.get(&format!("/v1/ledgers/main/log?limit=1000{after}"));
            assert_eq!(page.status, 200, "{page:?}");
            let page = page.json();
            let items = page["items"].as_array().expect("a list");
            if items.is_empty() {
                return entries;
            }
            entries.extend(items.iter().cloned());
        }
    }

    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("PX_DATABASE__URL", self.url()),
            ("PX_DATABASE__MIGRATE_ON_START", "false"),
            ("PX_ENGINE__CREATE_LEDGERS", "[main]"),
            ("PX_SERVER__PORT", "0"),
        ]
    }

    /// The settings with others that win over them.
    pub(crate) fn settings_with<'a>(&'a self, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        [self.settings(), others.to_vec()].concat()
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Sends a signal by name, `TERM`.
pub(crate) fn send_signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(sent.expect("there is a `kill`").success());
}

/// Tells clients to stop when it is dropped, so that nobody waits for them where the test has failed.
pub(crate) struct Stop<'a>(pub(crate) &'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A process that does not outlive the test, also where it was stopped in the middle.
pub(crate) struct Held(pub(crate) Child);

impl Drop for Held {
    fn drop(&mut self) {
        // It may have ended; then there is nothing left to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
