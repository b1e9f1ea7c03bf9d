//! The ledgers: filled through the service, once for each database and size, and copied for everybody, so that all begin
//! with the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::plan::Ledger;
use super::scenario;
use super::{Contestant, Store, job, running};
use crate::bench::cluster::Cluster;
use crate::bench::load::{Client, fund};

/// Commands in one batch, as many as there may be.
const BATCH: u64 = 1000;

/// Where databases are.
pub(super) struct Home<'c> {
    folder: PathBuf,
    cluster: Option<&'c Cluster>,
}

/// A ledger that is filled.
pub(super) struct Filled<'h> {
    home: &'h Home<'h>,
    store: Store,
    /// Tells it from those of other sizes.
    name: String,
    copies: Vec<String>,
}

impl<'c> Home<'c> {
    pub(super) fn new(folder: &Path, cluster: Option<&'c Cluster>) -> Self {
        Self { folder: folder.to_owned(), cluster }
    }

    fn cluster(&self) -> anyhow::Result<&'c Cluster> {
        self.cluster.context("a PostgreSQL server was not started")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// Fills a ledger.
    ///
    /// # Errors
    /// The service cannot be started, or refuses what it is filled with.
    pub(super) fn fill(&self, ledger: &Ledger, program: &Path) -> anyhow::Result<Filled<'_>> {
        let Ledger { store, entries, accounts, .. } = ledger;
        let name = format!("base_{entries}_{accounts}");
        eprintln!("{}: filling a ledger with {entries} entries and {accounts} accounts …", store.name());
        let url = match store {
            Store::Sqlite => sqlite_url(&self.file(&name)),
            Store::Postgres => self.cluster()?.database(&name)?,
        };
        let service = running::service(program, &url)?;
        fund(service.address, *accounts)?;
        let mut client = Client::open(service.address)?;
        for request in scenario::preparation() {
            let reply = client.send(request.method, &request.path, None, &request.body)?;
            if !matches!(reply.status, 200 | 201) {
                bail!("{} was answered with {}", request.path, String::from_utf8_lossy(&reply.body));
            }
        }
        post(&mut client, *entries, *accounts)?;
        drop(service);
        if *store == Store::Postgres {
            self.cluster()?.execute(&url, "VACUUM (ANALYZE)")?;
        }
        Ok(Filled { home: self, store: *store, name, copies: Vec::new() })
    }
}

/// Posts transfers until there are so many entries.
fn post(client: &mut Client, entries: u64, accounts: u32) -> anyhow::Result<()> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut said = 0;
    loop {
        let reply = client.get("/v1/ledgers/main")?;
        let reply: serde_json::Value = serde_json::from_slice(&reply.body)?;
        let there = reply["entries"].as_u64().context("a ledger without entries")?;
        let missing = entries.saturating_sub(there);
        if missing == 0 {
            return Ok(());
        }
        if there >= said + 500_000 {
            said = there;
            eprintln!("{there} of {entries} entries …");
        }
        let mut commands = String::new();
        for at in 0..missing.min(BATCH) {
            let body = job::transfer(&mut random, accounts);
            let (comma, members) = (if at == 0 { "" } else { "," }, body.trim_start_matches('{'));
            write!(commands, r#"{comma}{{"type":"transaction",{members}"#)?;
        }
        let body = format!(r#"{{"mode":"independent","commands":[{commands}]}}"#);
        let reply = client.send("POST", "/v1/ledgers/main/batches", None, &body)?;
        if reply.status != 200 {
            bail!("a batch was answered with {}", String::from_utf8_lossy(&reply.body));
        }
    }
}

impl Filled<'_> {
    /// Returns the address of a copy for a contestant.
    ///
    /// # Errors
    /// It cannot be copied.
    pub(super) fn copy(&mut self, contestant: Contestant) -> anyhow::Result<String> {
        let copy = format!("{}_{}", self.name, format!("{contestant:?}").to_lowercase());
        let url = match self.store {
            Store::Postgres => self.home.cluster()?.copied_database(&copy, &self.name)?,
            Store::Sqlite => {
                // The service ended without closing its database: what was not copied back is in the file beside it.
                for ending in ["", "-wal"] {
                    let name = |name: &str| format!("{}{ending}", self.home.file(name).display());
                    let from = name(&self.name);
                    if Path::new(&from).exists() {
                        std::fs::copy(&from, name(&copy)).with_context(|| format!("copying {from}"))?;
                    }
                }
                sqlite_url(&self.home.file(&copy))
            }
        };
        self.copies.push(copy);
        Ok(url)
    }
}

impl Drop for Filled<'_> {
    fn drop(&mut self) {
        for name in self.copies.iter().chain([&self.name]) {
            match self.store {
                // What cannot be removed goes with the folder in which all of it is.
                Store::Postgres => {
                    let _ = self.home.cluster().and_then(|cluster| cluster.drop_database(name));
                }
                Store::Sqlite => {
                    for ending in ["", "-wal", "-shm"] {
                        let _ = std::fs::remove_file(format!("{}{ending}", self.home.file(name).display()));
                    }
                }
            }
        }
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}
