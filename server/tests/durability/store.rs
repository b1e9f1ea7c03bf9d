//! Where a test keeps its ledger: a folder for SQLite, a database of its own on PostgreSQL. Both outlive the
//! services that are killed on them.

use tempfile::TempDir;

use crate::harness::{Ended, Service, run};

/// A store, and a ledger in it that no other test has: a port that a killed service leaves may be another's
/// next, and what strays there finds no ledger.
pub(crate) struct Store {
    folder: TempDir,
    database: Option<test_postgres::Database>,
    pub(crate) ledger: String,
    ledgers: String,
}

impl Store {
    pub(crate) fn sqlite() -> Self {
        let ledger = format!("book-{:08x}", fastrand::u32(..));
        let ledgers = format!("[{ledger}]");
        Self { folder: tempfile::tempdir().expect("a folder"), database: None, ledger, ledgers }
    }

    /// Returns `None`, and says so, where there is no PostgreSQL.
    pub(crate) fn postgres() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let database = runtime.block_on(test_postgres::database())?;
        Some(Self { database: Some(database), ..Self::sqlite() })
    }

    /// Starts a service that dies where `kill_at` says.
    pub(crate) fn serve(&self, kill_at: Option<&str>) -> Service {
        match kill_at {
            Some(kill_at) => self.serve_with(&[(fail_points::variable(), kill_at)]),
            None => self.serve_with(&[]),
        }
    }

    /// Starts a service with settings that come after the store's own.
    pub(crate) fn serve_with(&self, settings: &[(&str, &str)]) -> Service {
        Service::start(self.folder.path(), &self.with(settings))
    }

    /// Runs a command of the binary.
    pub(crate) fn run(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
        run(self.folder.path(), &self.with(settings), arguments)
    }

    /// Returns the ledger's path.
    pub(crate) fn path(&self) -> String {
        format!("/v1/ledgers/{}", self.ledger)
    }

    fn with<'a>(&'a self, settings: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![("PX_ENGINE__CREATE_LEDGERS", &*self.ledgers), ("PX_TELEMETRY__FILTER", "warn")];
        all.extend(self.database.as_ref().map(|database| ("PX_DATABASE__URL", database.url())));
        all.extend(settings);
        all
    }
}
