//! The service in a process of its own, on a socket that it is handed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::build::Stamp;

/// How long a service may take until it listens: migrations included.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Services that were told to stop, and may have requests to finish.
static STOPPING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// A service that answers. Dropping it leaves it running.
pub(crate) struct Service {
    child: Child,
    pub(crate) built: Stamp,
    /// What it printed: where it is.
    pub(crate) announced: String,
}

impl Service {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(
        root: &Path,
        binary: &Path,
        built: Stamp,
        listener: &TcpListener,
    ) -> anyhow::Result<Self> {
        let socket = OwnedFd::from(listener.try_clone().context("cannot share the socket")?);
        let mut child = Command::new(binary)
            .arg("serve")
            .current_dir(root)
            // As systemd does it, but on standard input, which needs no code that runs between fork and exec.
            .envs([("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "0")])
            .env_remove("LISTEN_PID")
            .stdin(Stdio::from(socket))
            .stdout(Stdio::piped())
            // Ctrl-C is for this program, which tells it in its turn.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let output = child.stdout.take().context("it has no standard output")?;
        let (send, announced) = sync_channel(1);
        thread::spawn(move || {
            let mut lines = BufReader::new(output).lines();
            let _ = send.send(lines.next().and_then(Result::ok));
            // Keeps reading, so that the service never waits for a full pipe.
            lines.for_each(drop);
        });
        if let Ok(Some(announced)) = announced.recv_timeout(START_TIMEOUT) {
            return Ok(Self { child, built, announced });
        }
        let _ = child.kill();
        let _ = child.wait();
        bail!("the service that was built does not start")
    }

    /// Returns whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Tells it to stop, and lets it finish what it has begun.
    pub(crate) fn stop(mut self) {
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let waiting = thread::spawn(move || _ = self.child.wait());
        STOPPING.lock().expect("nobody panics with it").push(waiting);
    }
}

/// Waits for all that were told to stop.
pub(crate) fn wait_for_all() {
    for waiting in STOPPING.lock().expect("nobody panics with it").drain(..) {
        let _ = waiting.join();
    }
}
