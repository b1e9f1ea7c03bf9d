//! A server of its own, in a folder of its own. A small shell script stands between: it stops the server when
//! the pipe to it closes, which a panic, an abort and `kill -9` do as well as an orderly end.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::database::Database;

const SUPERVISE: &str = include_str!("supervise.sh");

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

/// A server that goes when it is dropped, or with the process.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    supervisor: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start(programs: &Path, more_settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("florin-postgres-").tempdir().expect("a folder");
        // The script removes it, because it outlives this process.
        let folder = folder.keep();
        let user = unprivileged_user(&folder);
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).expect("the folder is given to the server's user");
        }
        let port = free_port();
        initialise(programs, &folder, port, user, more_settings);
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISE, "supervise"]).arg(programs).arg(&folder);
        // Of its own group, so that an interrupt meant for the tests does not reach it before they end.
        command.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut supervisor = as_user(&mut command, user).spawn().expect("sh runs");
        let commands = supervisor.stdin.take();
        let answers = BufReader::new(supervisor.stdout.take().expect("it is piped"));
        let programs = programs.to_owned();
        let mut server = Self { programs, folder, port, supervisor, commands, answers };
        server.answered("start");
        server
    }

    /// Returns the address of the server's first database, over TCP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://florin@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the address of the server's first database, over its Unix socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        let folder = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://florin@{folder}:{}/postgres", self.port)
    }

    /// Returns the folder of PostgreSQL's programs.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Returns the folder that the server's files lie in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the process that all others of the server descend from.
    ///
    /// # Panics
    /// When the server is stopped.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let file = file.expect("a running server says which process it is");
        file.lines().next().and_then(|line| line.trim().parse().ok()).expect("a number")
    }

    /// Makes a new, empty database, which goes with the server.
    ///
    /// # Panics
    /// When the server is stopped.
    pub async fn database(&self) -> Database {
        Database::create(&self.url(), false).await
    }

    /// Stops the server in order: sessions end, what is committed is on disk.
    pub fn stop(&mut self) {
        self.command("stop");
    }

    /// Stops the server as a crash does: sessions die, and the next start recovers from the log.
    pub fn crash(&mut self) {
        self.command("crash");
    }

    /// Starts the server again.
    pub fn start_again(&mut self) {
        self.command("start");
    }

    fn command(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("open until dropped");
        writeln!(commands, "{command}").expect("the supervisor listens");
        self.answered(command);
    }

    fn answered(&mut self, command: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the supervisor answers");
        if line.trim() != "done" {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("PostgreSQL: {command} failed\n{log}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.supervisor.wait();
    }
}

fn initialise(programs: &Path, folder: &Path, port: u16, user: Option<(u32, u32)>, more_settings: &str) {
    let data = folder.join("data");
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.arg("--pgdata").arg(&data).args([
        "--username=florin",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]);
    run(as_user(initdb.current_dir("/"), user));
    let mut settings = SETTINGS.to_owned();
    let sockets = folder.display();
    write!(settings, "port = {port}\nunix_socket_directories = '{sockets}'\n{more_settings}\n")
        .expect("texts can be written");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .expect("initdb writes the configuration");
    file.write_all(settings.as_bytes()).expect("the configuration is written");
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((uid, gid)) => command.gid(gid).uid(uid),
        None => command,
    }
}

/// PostgreSQL refuses to run as root: returns the user and the group to run it as, where we are root.
fn unprivileged_user(own_folder: &Path) -> Option<(u32, u32)> {
    if std::fs::metadata(own_folder).expect("the folder is there").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).or(Some((65_534, 65_534)))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}
