//! The databases that are compared: a large one, and small ones that come and go beside it on the same disk and, where
//! there is one, the same server.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Options;
use crate::bench::cluster::Cluster;
use crate::bench::measure::ServerSpent;

/// What the server runs with, beside what every benchmark has: room for the log of all rounds, and not of all the filling.
/// A checkpoint has the pages that change next written into the log as a whole, so none should fall into the rounds.
const SETTINGS: [&str; 2] = ["min_wal_size = '4GB'", "max_wal_size = '20GB'"];

/// So many files of 16 MB of the server's log are there before anything is measured.
const WAL_FILES: u64 = 256;

/// Where databases are made.
pub(super) enum Home {
    /// In files of a folder.
    Sqlite(PathBuf),
    /// On a server.
    Postgres(Box<Cluster>),
}

impl Home {
    /// Has SQLite's databases in a folder.
    pub(super) fn sqlite(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join("sqlite");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self::Sqlite(folder))
    }

    /// Starts a PostgreSQL server with its files in a folder.
    pub(super) fn postgres(folder: &Path, options: &Options) -> anyhow::Result<Self> {
        let mut settings: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
        settings.extend_from_slice(&options.settings);
        Ok(Self::Postgres(Box::new(Cluster::start(Some(&folder.join("postgres")), &settings)?)))
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Returns the address of the large database, which is there or is made.
    pub(super) fn large(&self) -> anyhow::Result<String> {
        match self {
            Self::Sqlite(folder) => Ok(sqlite_url(&folder.join("large.db"))),
            Self::Postgres(cluster) => cluster.database_once("large"),
        }
    }

    /// Makes a small database for a round, which is gone when this is dropped. A PostgreSQL server carries out a
    /// checkpoint for either.
    pub(super) fn small(&self, round: u32) -> anyhow::Result<Small<'_>> {
        match self {
            Self::Sqlite(folder) => {
                let folder = tempfile::Builder::new().prefix("small-").tempdir_in(folder)?;
                let url = sqlite_url(&folder.path().join("small.db"));
                Ok(Small { url, _folder: Some(folder), on: None })
            }
            Self::Postgres(cluster) => {
                let name = format!("small_{round}");
                cluster.drop_database(&name)?;
                Ok(Small { url: cluster.database(&name)?, _folder: None, on: Some((cluster, name)) })
            }
        }
    }

    /// Leaves nothing to be done for what was filled that could fall into a measurement: what a server would have done
    /// by itself by and by.
    pub(super) fn settle(&self) -> anyhow::Result<()> {
        if let Self::Postgres(cluster) = self {
            cluster.execute(&cluster.database_once("large")?, "VACUUM (ANALYZE)")?;
            cluster.prepare_wal(WAL_FILES)?;
        }
        Ok(())
    }

    /// Returns what the database server has spent so far, where there is one.
    pub(super) fn spent(&self) -> anyhow::Result<ServerSpent> {
        match self {
            Self::Sqlite(_) => Ok(ServerSpent::UNKNOWN),
            Self::Postgres(cluster) => cluster.spent(),
        }
    }

    /// Returns a mark that moves with every checkpoint of the database server, where there is one.
    pub(super) fn last_checkpoint(&self) -> anyhow::Result<String> {
        match self {
            Self::Sqlite(_) => Ok(String::new()),
            Self::Postgres(cluster) => cluster.last_checkpoint(),
        }
    }

    /// Returns how many bytes the large database takes on disk.
    pub(super) fn size(&self) -> anyhow::Result<u64> {
        match self {
            Self::Sqlite(folder) => Ok(std::fs::metadata(folder.join("large.db"))?.len()),
            Self::Postgres(cluster) => {
                let size =
                    cluster.query(&cluster.database_once("large")?, "SELECT pg_database_size('large')")?;
                Ok(size.parse()?)
            }
        }
    }

    /// Says in Markdown what the databases are on.
    pub(super) fn about(&self) -> anyhow::Result<String> {
        match self {
            Self::Sqlite(_) => Ok("SQLite, as it is built into the service.".to_owned()),
            Self::Postgres(cluster) => {
                let settings = cluster.settings.iter().map(|setting| format!("`{setting}`"));
                let settings = settings.collect::<Vec<_>>().join(", ");
                Ok(format!("{} on {}: {settings}.", cluster.version()?, cluster.file_system()))
            }
        }
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// A small database.
pub(super) struct Small<'h> {
    pub(super) url: String,
    _folder: Option<tempfile::TempDir>,
    on: Option<(&'h Cluster, String)>,
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        // Another one is made anew in any case.
        let _ = self.on.as_ref().map(|(cluster, name)| cluster.drop_database(name));
    }
}
