//! A server of a test's own: stopped and started again, killed, run out of disk, followed and replaced by another.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::database::{self, Database};
use crate::folder::ServerFolder;
use crate::small_disk::{OnSmallDisk, SmallDisk};
use crate::supervisor::Supervisor;

/// The name of the one standby that a server may have.
const STANDBY: &str = "standby";

/// How long it may take until the server does what its configuration says, or a standby until commits wait for it.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A server that goes when it is dropped, or with the process.
#[derive(Debug)]
pub struct Server {
    folder: ServerFolder,
    supervisor: Supervisor,
}

impl Server {
    pub(crate) fn start(programs: &Path, more_settings: &str) -> Self {
        Self::start_in(ServerFolder::new(programs, more_settings, &[]), None)
    }

    pub(crate) fn start_kept(programs: &Path, folder: &Path, more_settings: &str) -> Self {
        Self::start_in(ServerFolder::kept(programs, folder, more_settings), None)
    }

    pub(crate) fn start_on_small_disk(programs: &Path, holds: OnSmallDisk, mebibytes: u32) -> Self {
        // Files of a mebibyte, so that many of them fit.
        let settings = "min_wal_size = '2MB'\nmax_wal_size = '8MB'\n";
        let folder = ServerFolder::new(programs, settings, &["--wal-segsize=1"]);
        let server = Self::start_in(folder, Some(SmallDisk { holds, mebibytes }));
        if holds == OnSmallDisk::Tablespace {
            let place = server.folder.path.join("small/tablespace");
            let create = format!("CREATE TABLESPACE {SMALL} LOCATION '{}'", place.display());
            database::execute_blocking(&server.url(), &[&create]).expect("a tablespace");
        }
        server
    }

    fn start_in(folder: ServerFolder, disk: Option<SmallDisk>) -> Self {
        let supervisor = Supervisor::start(&folder, disk);
        let mut server = Self { folder, supervisor };
        server.expect_done("start");
        server
    }

    /// Returns the address of the server's first database, over TCP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://florin@127.0.0.1:{}/postgres", self.port())
    }

    /// Returns the address of the server's first database, over its Unix socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        let folder = self.folder().to_string_lossy().replace('/', "%2F");
        format!("postgres://florin@{folder}:{}/postgres", self.port())
    }

    /// Returns the port that the server listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.folder.port
    }

    /// Returns the folder of PostgreSQL's programs.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.folder.programs
    }

    /// Returns the folder that the server's files lie in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Returns the process that all others of the server descend from.
    ///
    /// # Panics
    /// When the server is stopped.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        let file = std::fs::read_to_string(self.folder.data().join("postmaster.pid"));
        let file = file.expect("a running server says which process it is");
        file.lines().next().and_then(|line| line.trim().parse().ok()).expect("a number")
    }

    /// Makes a new, empty database, which goes with the server.
    ///
    /// # Panics
    /// When the server is stopped.
    pub async fn database(&self) -> Database {
        Database::create(&self.url(), "", false).await
    }

    /// Makes a new, empty database on the small disk of a server that has a tablespace there.
    ///
    /// # Panics
    /// When the server is stopped, or has none.
    pub async fn database_on_small_disk(&self) -> Database {
        Database::create(&self.url(), &format!("TABLESPACE {SMALL}"), false).await
    }

    /// Stops the server in order: sessions end, what is committed is on disk.
    pub fn stop(&mut self) {
        self.command("stop");
    }

    /// Stops the server as a crash does: sessions die, and the next start recovers from the log.
    pub fn crash(&mut self) {
        self.command("crash");
    }

    /// Kills the process that all others of the server descend from. They end when they notice.
    pub fn kill(&mut self) {
        self.command("kill");
    }

    /// Starts the server again, and waits until it takes connections; also where it is about to do so by itself.
    pub fn start_again(&mut self) {
        self.command("start");
    }

    /// Uses up all room on the small disk.
    pub fn fill_disk(&mut self) {
        self.command("fill");
    }

    /// Gives the room back.
    pub fn free_disk(&mut self) {
        self.command("free");
    }

    /// Starts a server that follows this one, and has every commit here wait from now on until it is on disk
    /// there. One at most.
    ///
    /// # Panics
    /// When the other one does not follow.
    #[must_use]
    pub fn synchronous_standby(&mut self) -> Self {
        let standby = Self::start_in(ServerFolder::follower(&self.folder, STANDBY), None);
        // Only here, not in the copy: when that has taken over, it waits for nobody.
        let demand = format!("ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'");
        let demanded = database::execute_blocking(&self.url(), &[&demand, "SELECT pg_reload_conf()"]);
        demanded.expect("the server runs");
        let follows = format!(
            "SELECT 1 / count(*) FROM pg_stat_replication
            WHERE application_name = '{STANDBY}' AND state = 'streaming' AND sync_state = 'sync'"
        );
        self.wait_until(&follows);
        standby
    }

    /// Has the server speak TLS from now on with whoever asks for it. Both are PEM.
    ///
    /// # Panics
    /// When it does not.
    pub fn speak_tls(&self, certificate: &str, key: &str) {
        let data = self.folder.data();
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = data.join(name);
            std::fs::write(&file, text).expect("the file is written");
            // Keys that others could read are refused.
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("the file is ours");
            let (user, group) = self.folder.owner();
            chown(&file, Some(user), Some(group)).expect("the file is given to the server's user");
        }
        let statements = ["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"];
        database::execute_blocking(&self.url(), &statements).expect("the server runs");
        self.wait_until("SELECT 1 / (current_setting('ssl') = 'on')::int");
    }

    /// Waits until a statement succeeds, each time on a connection of its own.
    fn wait_until(&self, statement: &str) {
        let began = Instant::now();
        while let Err(error) = database::execute_blocking(&self.url(), &[statement]) {
            assert!(began.elapsed() < TIMEOUT, "waited too long for {statement}: {error}");
        }
    }

    /// Makes a server that follows another one independent of that, and waits until it takes writes.
    pub fn promote(&mut self) {
        self.command("promote");
    }

    fn command(&mut self, command: &str) {
        self.supervisor.command(command);
        self.expect_done(command);
    }

    fn expect_done(&mut self, command: &str) {
        if !self.supervisor.is_done() {
            let log = std::fs::read_to_string(self.folder().join("log")).unwrap_or_default();
            panic!("PostgreSQL: {command} failed\n{log}");
        }
    }
}

/// The tablespace on a small disk.
const SMALL: &str = "small";
