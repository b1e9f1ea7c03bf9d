//! The service under load: the release build in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace;

/// The key that the service under load is given, and with which every request comes. It is no secret.
pub(crate) const ADMIN_KEY: &str = "florin_2USBDPIBEdi3_28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ3PHIAW";

/// What it is given to seal with, so that it leaves no file where it runs. It is no secret either.
const SECRET: &str = "florin-secret_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11iQtTM";

/// A running service. Dropping it ends it.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Builds the release binary and returns its path.
pub(crate) fn build() -> anyhow::Result<std::path::PathBuf> {
    build_by(cargo_command::cargo())?;
    Ok(workspace::target().join("release/server"))
}

/// Builds it with a cargo that is set up as the caller wants it.
pub(crate) fn build_by(mut cargo: Command) -> anyhow::Result<()> {
    eprintln!("building the release binary …");
    let status = cargo.args(["build", "--release", "--package", "server"]).status()?;
    if !status.success() {
        bail!("the release build failed");
    }
    Ok(())
}

impl Service {
    /// Starts the service on a database, with settings as environment variables over the `dev` profile.
    pub(crate) fn start(binary: &Path, database: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::start_with(Command::new(binary), database, settings)
    }

    /// Starts it with a command: under a program that looks on, say. What it warns of concerns whoever measures, unless the
    /// command says otherwise.
    pub(crate) fn start_with(
        mut command: Command,
        database: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut child = command
            .env("PX_PROFILE", "dev")
            .env("PX_SERVER__PORT", "0")
            .env("PX_DATABASE__URL", database)
            .env("PX_TELEMETRY__FILTER", "warn")
            // Nobody reads what it would write to the users that it is filled with.
            .env("PX_MAIL__TRANSPORT", "off")
            // What asks it keeps its connections, which may take hours.
            .env("PX_SERVER__CONNECTION_AGE_MAX_MS", "0")
            .env("PX_AUTHENTICATION__ADMIN_KEY", ADMIN_KEY)
            .env("PX_AUTHENTICATION__SECRET", SECRET)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let rest = line.split_once("http://")?.1;
                rest.split('/').next()?.parse().ok()
            })
            .context("the service ended before it named its address")?;
        // Keeps reading, so that the service never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    /// Has it stop by itself, and waits until it has.
    ///
    /// # Errors
    /// It does not end well.
    #[cfg(any(test, feature = "alloc"))]
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        use rustix::process::{Pid, Signal, kill_process};

        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the service ended with {status}");
        }
        Ok(())
    }

    /// Returns its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Samples of `/metrics`, as a service gave them at one time.
pub(crate) struct Metrics(String);

impl Metrics {
    pub(crate) fn read(address: SocketAddr) -> anyhow::Result<Self> {
        super::load::get(address, "/metrics").map(Self)
    }

    /// Returns the value of the line that begins with `name` and a space.
    pub(crate) fn value(&self, name: &str) -> anyhow::Result<f64> {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.split(' ').next()?.parse().ok();
        self.0.lines().find_map(value).with_context(|| format!("/metrics has no {name}"))
    }
}
