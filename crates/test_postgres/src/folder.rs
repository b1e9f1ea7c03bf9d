//! The folder that a server lies in: made, filled with a new cluster or a copy of a running one, and given to the
//! user that the server runs as. Starts nothing that stays.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes reach the disk as they do in production; all else is small.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = '32MB'
max_wal_size = '512MB'
fsync = on
synchronous_commit = on
log_min_messages = warning
log_line_prefix = '%m [%p] '
";

/// A folder with everything that a server needs.
#[derive(Debug)]
pub(crate) struct ServerFolder {
    pub(crate) programs: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) port: u16,
    /// The user and the group that the server runs as, where we are root.
    pub(crate) user: Option<(u32, u32)>,
    /// Whether it stays when the server goes.
    pub(crate) kept: bool,
}

impl ServerFolder {
    /// Makes one with a new cluster.
    pub(crate) fn new(programs: &Path, more_settings: &str, more_arguments: &[&str]) -> Self {
        let folder = Self::empty(programs);
        folder.initialise(more_arguments);
        folder.configure(&format!("{SETTINGS}\n{more_settings}"));
        folder
    }

    /// Takes a folder that stays, with the cluster that is in it, or a new one.
    pub(crate) fn kept(programs: &Path, path: &Path, more_settings: &str) -> Self {
        std::fs::create_dir_all(path).expect("a folder");
        let path = path.canonicalize().expect("the folder is there");
        let folder = Self::at(programs, path, true);
        if !folder.data().join("PG_VERSION").exists() {
            folder.initialise(&[]);
        }
        folder.configure(&format!("{SETTINGS}\n{more_settings}"));
        folder
    }

    fn initialise(&self, more_arguments: &[&str]) {
        let mut initdb = self.program("initdb");
        initdb.arg("--pgdata").arg(self.data()).args([
            "--username=florin",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]);
        run(initdb.args(more_arguments));
    }

    /// Makes one with a copy of a server that runs, which will follow that server under a name. What it has not
    /// seen yet is kept for it there.
    pub(crate) fn follower(of: &Self, name: &str) -> Self {
        let folder = Self::empty(&of.programs);
        let source = format!("host=127.0.0.1 port={} user=florin application_name={name}", of.port);
        let mut copy = folder.program("pg_basebackup");
        copy.arg("--dbname").arg(source).arg("--pgdata").arg(folder.data());
        run(copy.args([
            "--write-recovery-conf",
            "--create-slot",
            "--slot",
            name,
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ]));
        folder.configure("");
        folder
    }

    /// Makes one with nothing in it.
    pub(crate) fn empty(programs: &Path) -> Self {
        // Whoever supervises the server removes it, because that outlives this process.
        let path = tempfile::Builder::new().prefix("florin-postgres-").tempdir().expect("a folder").keep();
        Self::at(programs, path, false)
    }

    fn at(programs: &Path, path: PathBuf, kept: bool) -> Self {
        let mut folder = Self { programs: programs.to_owned(), path, port: free_port(), user: None, kept };
        // PostgreSQL refuses to run as root.
        let owner = folder.owner();
        if owner.0 == 0 {
            let (uid, gid) = unprivileged_user();
            chown(&folder.path, Some(uid), Some(gid)).expect("the folder is given to the server's user");
            folder.user = Some((uid, gid));
        } else if kept {
            // It was given to that user in an earlier run.
            folder.user = Some(owner);
        }
        folder
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Returns the user and the group that the folder belongs to.
    pub(crate) fn owner(&self) -> (u32, u32) {
        let folder = std::fs::metadata(&self.path).expect("the folder is there");
        (folder.uid(), folder.gid())
    }

    /// One of PostgreSQL's programs, about to run as the server's user.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        as_user(command.current_dir("/"), self.user);
        command
    }

    /// Adds settings, which win over those before.
    fn configure(&self, settings: &str) {
        let mut settings = settings.to_owned();
        let (port, sockets) = (self.port, self.path.display());
        write!(settings, "\nport = {port}\nunix_socket_directories = '{sockets}'\n")
            .expect("texts can be written");
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .expect("a cluster has its configuration");
        file.write_all(settings.as_bytes()).expect("the configuration is written");
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Has a command run as another user, where there is one.
pub(crate) fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((uid, gid)) => command.gid(gid).uid(uid),
        None => command,
    }
}

/// Returns the user and the group that a server runs as where we are root.
fn unprivileged_user() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).unwrap_or((65_534, 65_534))
}

/// Finds a port below those that systems hand out by themselves: nobody else gets it while the server is stopped.
fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| fastrand::u16(12_000..32_000));
    ports
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("there is no end of them")
}
