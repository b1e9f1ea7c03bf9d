//! A ledger on each database, filled once by a service that nobody looks at, and copied for each run: all runs begin alike.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Store, routes};
use crate::bench::cluster::Cluster;
use crate::bench::load::{Client, fund};
use crate::bench::service::Service;

/// The name of the ledger that is copied.
const BASE: &str = "base";

/// Where the ledgers of one kind are.
pub(crate) enum Home {
    Sqlite(PathBuf),
    Postgres(Box<Cluster>),
}

impl Home {
    /// Has them in a folder, or on a server of their own.
    ///
    /// # Errors
    /// The server does not start.
    pub(crate) fn new(store: Store, folder: &Path) -> anyhow::Result<Self> {
        Ok(match store {
            Store::Sqlite => Self::Sqlite(folder.to_owned()),
            Store::Postgres => Self::Postgres(Box::new(Cluster::start(None, &[])?)),
        })
    }

    /// Fills the ledger that is copied.
    ///
    /// # Errors
    /// The service cannot be started, or refuses what it is filled with.
    pub(crate) fn fill(&self, program: &Path) -> anyhow::Result<()> {
        let url = match self {
            Self::Sqlite(folder) => sqlite_url(&file(folder, BASE)),
            Self::Postgres(cluster) => cluster.database(BASE)?,
        };
        let service = Service::start(program, &url, &super::run::SETTINGS)?;
        fund(service.address, routes::ACCOUNTS)?;
        let mut client = Client::open(service.address)?;
        let batch = routes::batch();
        for _ in 0..routes::TRANSFERS / routes::BATCH {
            let reply = client.send("POST", "/v1/ledgers/main/batches", None, &batch)?;
            if reply.status != 200 {
                bail!("a batch was answered with {}", String::from_utf8_lossy(&reply.body));
            }
        }
        drop(client);
        // A database that is closed is all in one file.
        service.end()?;
        if let Self::Postgres(cluster) = self {
            cluster.execute(&url, "VACUUM (ANALYZE)")?;
        }
        Ok(())
    }

    /// Makes an empty database, which is gone when it is dropped.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn empty(&self) -> anyhow::Result<Copy<'_>> {
        let name = "empty".to_owned();
        let url = match self {
            Self::Sqlite(folder) => sqlite_url(&file(folder, &name)),
            Self::Postgres(cluster) => cluster.database(&name)?,
        };
        Ok(Copy { home: self, name, url })
    }

    /// Makes a copy, which is gone when it is dropped.
    ///
    /// # Errors
    /// It cannot be copied.
    pub(crate) fn copy(&self, run: u32) -> anyhow::Result<Copy<'_>> {
        let name = format!("run_{run}");
        let url = match self {
            Self::Sqlite(folder) => {
                let (from, to) = (file(folder, BASE), file(folder, &name));
                std::fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
                sqlite_url(&to)
            }
            Self::Postgres(cluster) => cluster.copied_database(&name, BASE)?,
        };
        Ok(Copy { home: self, name, url })
    }
}

/// A ledger for one run.
pub(crate) struct Copy<'h> {
    home: &'h Home,
    name: String,
    pub(crate) url: String,
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        // What cannot be removed goes with the folder, or the server.
        match self.home {
            Home::Sqlite(folder) => {
                let _ = std::fs::remove_file(file(folder, &self.name));
            }
            Home::Postgres(cluster) => {
                let _ = cluster.drop_database(&self.name);
            }
        }
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.db"))
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}
