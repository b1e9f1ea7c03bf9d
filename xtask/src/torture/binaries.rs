//! The test binaries: built once, put aside, so that whatever else is built meanwhile does not change them, and
//! run in a process group of their own.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::interrupt::Interrupt;
use crate::{process, workspace};

/// The test binary of `server` that has it killed at random moments.
pub(crate) const KILLS: &str = "durability";

/// All that test faults.
const TESTS: [&str; 2] = [KILLS, "outages"];

/// The built binaries.
pub(crate) struct Binaries {
    folder: PathBuf,
}

/// How a run ended.
pub(crate) enum Ended {
    /// All tests passed.
    Passed,
    /// One did not.
    Failed,
    /// It was cut off.
    Interrupted,
}

impl Binaries {
    /// Builds them, and puts them aside.
    pub(crate) fn build(release: bool) -> anyhow::Result<Self> {
        eprintln!("building the tests …");
        let mut cargo = cargo_command::cargo();
        cargo.current_dir(workspace::root()).args(["test", "--package", "server", "--no-run"]);
        cargo.args(TESTS.iter().flat_map(|test| ["--test", test]));
        cargo.args(["--message-format", "json-render-diagnostics"]);
        if release {
            // Debug builds can be killed at fail points as they are.
            cargo.args(["--release", "--features", "fail_points/armed"]);
        }
        let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the tests cannot be built");
        }
        let messages = String::from_utf8(output.stdout).context("cargo prints UTF-8")?;
        let server = executable(&messages, "server").context("cargo built no `server`")?;
        // Beside what cargo built: copies of its size are welcome there.
        let folder = server.parent().context("it lies in a folder")?.join("torture");
        fs::create_dir_all(&folder)?;
        for name in TESTS.into_iter().chain(["server"]) {
            let built = executable(&messages, name).with_context(|| format!("cargo built no `{name}`"))?;
            fs::copy(&built, folder.join(name))
                .with_context(|| format!("cannot copy {}", built.display()))?;
        }
        Ok(Self { folder })
    }

    /// Lists the binaries that have tests among those that `filter` leaves.
    pub(crate) fn with_tests(&self, filter: &[&str]) -> anyhow::Result<Vec<&'static str>> {
        let mut found = Vec::new();
        for name in TESTS {
            let listed = process::capture(Command::new(self.folder.join(name)).arg("--list").args(filter))?;
            if listed.lines().any(|line| line.ends_with(": test")) {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Runs one, and writes what it says to `log`.
    pub(crate) fn run(
        &self,
        name: &str,
        filter: &[&str],
        settings: &[(&str, String)],
        log: &Path,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Ended> {
        let said = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut tests = Command::new(self.folder.join(name));
        tests.args(["--nocapture"]).args(filter).envs(settings.iter().map(|(name, value)| (name, value)));
        // As cargo runs tests, but for the binary that they start.
        tests
            .current_dir(workspace::root().join("server"))
            .env("CARGO_BIN_EXE_server", self.folder.join("server"));
        tests.stdin(Stdio::null()).stderr(said.try_clone()?).stdout(said);
        let mut running = tests.process_group(0).spawn().with_context(|| format!("cannot start {name}"))?;
        let ended = wait(&mut running, interrupt)?;
        Ok(match ended {
            None => Ended::Interrupted,
            Some(status) if status.success() => Ended::Passed,
            Some(_) => Ended::Failed,
        })
    }

    /// Returns where logs go.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Waits for the end of the tests; `None` when they were cut off.
fn wait(running: &mut Child, interrupt: &Interrupt) -> anyhow::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = running.try_wait()? {
            return Ok(Some(status));
        }
        if interrupt.came() {
            // The services that they started are in their group and stop in order.
            let group = format!("-{}", running.id());
            process::stream(Command::new("kill").args(["-INT", "--", &group]))?;
            running.wait()?;
            return Ok(None);
        }
        thread::park_timeout(Duration::from_millis(100));
    }
}

/// Finds an executable in what cargo says about its artifacts, one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter(|line| line.contains(r#""reason":"compiler-artifact""#));
    let mut named = artifacts.filter(|line| line.contains(&format!(r#""name":"{name}""#)));
    let path = named.find_map(|line| line.split_once(r#""executable":""#)?.1.split('"').next())?;
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::executable;
    use std::path::Path;

    #[test]
    fn executables_are_found_among_libraries_of_the_same_name() {
        let messages = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"server"},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"server"},"executable":"/t/debug/server","fresh":true}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "server").as_deref(), Some(Path::new("/t/debug/server")));
        assert_eq!(executable(messages, "durability"), None);
    }
}
