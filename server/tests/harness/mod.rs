//! Runs the real binary in a folder of its own, and talks to it over a bare socket.
//!
//! Nothing of the caller's configuration gets through: every `PX_` variable is taken away first.

// Each test binary that takes this in uses another part of it.
#![allow(dead_code, unused_imports)]

mod audit;
mod client;
mod tally;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) use self::audit::{Claim, Posting, audit, transaction};
pub(crate) use self::client::{Client, PLANTED, Reply, Request, with_key};
pub(crate) use self::tally::Tally;

/// Longer than anything may take, even on a machine that is busy with other things.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// The key with which clients come that say nothing else, and which every service is given.
pub(crate) const ADMIN_KEY: &str = differential::ADMIN_KEY;

/// The secret that every service is given, as replicas of one have to be.
pub(crate) const SECRET: &str = "florin-secret_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11iQtTM";

/// How many warnings of a service are shown when a test fails.
const LAST_LINES: usize = 30;

/// The binary, about to run in `folder` with `settings` as its only environment variables of its own.
pub(crate) fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    // Whoever runs test binaries without cargo may have put the service somewhere else.
    let binary = std::env::var_os("CARGO_BIN_EXE_server");
    let mut command = Command::new(binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_server").into()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_uppercase().starts_with("PX_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("PX_AUTHENTICATION__ADMIN_KEY", ADMIN_KEY);
    command.env("PX_AUTHENTICATION__SECRET", SECRET);
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
    Ended::from(command(folder, settings).args(arguments).output().expect("the binary runs"))
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
        Self { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A running service. Dropping it kills it.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The first line that it printed.
    pub(crate) announced: String,
    logged: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<String>>,
}

impl Service {
    /// Starts the service on a free port and a database in `folder`, unless `settings` say otherwise, and
    /// waits until it names its address.
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder, &[("PX_SERVER__PORT", "0")]);
        Self::spawn(command.args(["serve"]).envs(settings.iter().copied()))
    }

    /// Starts a command that ends up as the service.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let logged = Arc::new(Mutex::new(String::new()));
        let log = tee(child.stderr.take().expect("it is piped"), Arc::clone(&logged));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut announced = String::new();
        stdout.read_line(&mut announced).expect("it prints UTF-8");
        let rest = announced.strip_prefix("http://").or_else(|| announced.strip_prefix("https://"));
        let address = rest.and_then(|rest| rest.split('/').next());
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("no address in {announced:?}; it said:\n{}", log.join().unwrap_or_default());
        };
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).expect("it prints UTF-8");
            rest
        });
        Self { child, address, announced, logged, readers: vec![rest, log] }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address).expect("it listens")
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.connect().get(path)
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.connect().call(&Request::post(path).json(body))
    }

    /// Returns the whole lines that it has logged so far.
    pub(crate) fn logged(&self) -> String {
        let logged = self.logged.lock().expect("nobody panics with it");
        logged[..logged.rfind('\n').map_or(0, |end| end + 1)].to_owned()
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process_id().to_string()]).status();
        assert!(sent.expect("there is a `kill`").success());
    }

    /// Says whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_some()
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().expect("it runs");
        self.wait()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) -> Ended {
        let mut status = None;
        wait_until("the service to end", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        let mut read = self.readers.drain(..).map(|reader| reader.join().expect("it reads"));
        let (stdout, stderr) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
        Ended { status: status.expect("it has ended"), stdout, stderr }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            let logged = self.logged();
            // Requests that went well are of no interest.
            let lines: Vec<_> = logged.lines().filter(|line| !line.contains("INFO")).collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
            eprintln!("the service, ended by itself: {:?}, warned last:\n{last}", self.child.try_wait());
        }
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            assert!(!self.logged().contains(PLANTED), "the log has a secret that a request carried");
        }
    }
}

fn tee(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            into.lock().expect("nobody panics with it").push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
        into.lock().expect("nobody panics with it").clone()
    })
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "waited too long for {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
