//! A PostgreSQL server for one benchmark: new, and gone with it, or in a folder that is kept.
//!
//! Starting it needs the feature `postgres`, which benchmarks that start it ask for by themselves: without it, this
//! program compiles in a fraction of the time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::measure::ServerSpent;
use crate::bench::processor;
use crate::process;

/// What the server runs with, beside a quarter of the memory. Every flush reaches the disk; all data fits in memory; no
/// checkpoint falls into one measurement and not into another.
const SETTINGS: [&str; 6] = [
    "fsync = on",
    "synchronous_commit = on",
    "max_connections = 200",
    "min_wal_size = '8GB'",
    "max_wal_size = '32GB'",
    "checkpoint_timeout = '1h'",
];

/// A running server.
pub(crate) struct Cluster {
    /// The address of its databases, without a name at the end.
    url: String,
    /// The folder of PostgreSQL's programs.
    programs: PathBuf,
    /// The folder of its files.
    folder: PathBuf,
    /// Its first process.
    postmaster: u32,
    pub(crate) settings: Vec<String>,
    /// Ends it when dropped.
    #[cfg(feature = "postgres")]
    _server: test_postgres::Server,
}

/// Returns how much memory the machine has.
#[cfg(feature = "postgres")]
fn memory_mb() -> anyhow::Result<u64> {
    use anyhow::Context;

    let text = std::fs::read_to_string("/proc/meminfo").context("reading how much memory there is")?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.strip_suffix("kB")?.trim().parse().ok());
    Ok(total.map_or(0, |kilobytes: u64| kilobytes / 1024).max(512))
}

impl Cluster {
    /// Starts a server, in a folder that is kept with what is in it, where one is given. `more_settings` win over those
    /// that it has here.
    #[cfg(feature = "postgres")]
    pub(crate) fn start(folder: Option<&Path>, more_settings: &[String]) -> anyhow::Result<Self> {
        use anyhow::Context;

        let mut settings: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
        settings.push(format!("shared_buffers = '{}MB'", memory_mb()? / 4));
        settings.extend_from_slice(more_settings);
        let server = match folder {
            None => test_postgres::own_server_with(&settings.join("\n")),
            Some(folder) => test_postgres::own_server_in(folder, &settings.join("\n")),
        };
        let server = server.context("PostgreSQL has to be installed for this")?;
        let url = server.url();
        Ok(Self {
            url: url.strip_suffix("postgres").context("the address ends with a database")?.to_owned(),
            programs: server.programs().to_owned(),
            folder: server.folder().to_owned(),
            postmaster: server.process_id(),
            settings,
            _server: server,
        })
    }

    #[cfg(not(feature = "postgres"))]
    pub(crate) fn start(_: Option<&Path>, _: &[String]) -> anyhow::Result<Self> {
        anyhow::bail!("this program was compiled without the feature `postgres` ({})", SETTINGS.join(", "))
    }

    /// Makes a new database and returns its address.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        self.execute(&self.maintenance(), &format!("CREATE DATABASE {name}"))?;
        Ok(format!("{}{name}", self.url))
    }

    /// Returns the address of a database, which is made where it is not there.
    #[cfg(any(test, feature = "size"))]
    pub(crate) fn database_once(&self, name: &str) -> anyhow::Result<String> {
        let found = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        if self.query(&self.maintenance(), &found)? == "0" {
            return self.database(name);
        }
        Ok(format!("{}{name}", self.url))
    }

    /// Makes a new database that begins as another one, to which nobody is connected, and returns its address.
    #[cfg(any(test, feature = "alloc", feature = "peers"))]
    pub(crate) fn copied_database(&self, name: &str, of: &str) -> anyhow::Result<String> {
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of}'");
        self.execute(&self.maintenance(), &end)?;
        self.execute(&self.maintenance(), &format!("CREATE DATABASE {name} TEMPLATE {of}"))?;
        Ok(format!("{}{name}", self.url))
    }

    /// Removes a database and ends whoever is connected to it.
    #[cfg(any(test, feature = "alloc", feature = "size", feature = "peers"))]
    pub(crate) fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        self.execute(&self.maintenance(), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    }

    /// Writes all that has changed into its files: the log behind it is not needed any more.
    pub(crate) fn checkpoint(&self) -> anyhow::Result<()> {
        self.execute(&self.maintenance(), "CHECKPOINT")
    }

    /// Makes so many files for the log ahead of time. A server that has run for a while uses files again, where a
    /// new one has to make each when it gets there, and everybody waits: whoever writes most waits most.
    pub(crate) fn prepare_wal(&self, files: u64) -> anyhow::Result<()> {
        let fill = format!(
            "DO $$ BEGIN FOR file IN 1..{files} LOOP \
             PERFORM pg_logical_emit_message(false, 'florin', 'next'); PERFORM pg_switch_wal(); \
             END LOOP; END $$"
        );
        self.execute(&self.maintenance(), &fill)?;
        // Marks them as free.
        self.checkpoint()
    }

    /// Returns what the server has spent so far.
    pub(crate) fn spent(&self) -> anyhow::Result<ServerSpent> {
        let wal_bytes =
            self.query(&self.maintenance(), "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")?.parse()?;
        Ok(ServerSpent { processor: processor::with_children(self.postmaster), wal_bytes })
    }

    /// Returns where the log starts that a crash would need: it moves with every checkpoint.
    pub(crate) fn last_checkpoint(&self) -> anyhow::Result<String> {
        self.query(&self.maintenance(), "SELECT redo_lsn FROM pg_control_checkpoint()")
    }

    /// Returns what a query gives, as text.
    pub(crate) fn query(&self, database: &str, query: &str) -> anyhow::Result<String> {
        process::capture(self.psql(database).args(["--tuples-only", "--no-align", "--command", query]))
    }

    fn maintenance(&self) -> String {
        format!("{}postgres", self.url)
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.program("psql"));
        psql.args([database, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
        psql
    }

    /// Returns one of PostgreSQL's programs; those that do not lie beside the server are on `PATH`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let beside = self.programs.join(name);
        if beside.exists() { beside } else { name.into() }
    }

    /// Runs statements in a database.
    pub(crate) fn execute(&self, database: &str, statements: &str) -> anyhow::Result<()> {
        process::capture(self.psql(database).args(["--command", statements])).map(drop)
    }

    /// Returns what the server says it is, `postgres (PostgreSQL) 17.2`.
    pub(crate) fn version(&self) -> anyhow::Result<String> {
        process::capture(Command::new(self.program("postgres")).arg("--version"))
    }

    /// Returns the kind of file system that the server's files lie on.
    pub(crate) fn file_system(&self) -> String {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        kind_of(&self.folder, &mounts).unwrap_or("an unknown file system").to_owned()
    }
}

/// Finds the mount that a folder lies in: the longest path, of several at one path the last.
fn kind_of<'a>(folder: &Path, mounts: &'a str) -> Option<&'a str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (place, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(place).then_some((place.len(), kind))
    });
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::kind_of;

    #[test]
    fn a_folder_lies_in_the_nearest_mount() {
        let mounts = "/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n";
        assert_eq!(kind_of(Path::new("/tmp/x"), mounts), Some("tmpfs"));
        assert_eq!(kind_of(Path::new("/tmpx"), mounts), Some("ext4"));
        assert_eq!(kind_of(Path::new("/x"), ""), None);
    }
}
