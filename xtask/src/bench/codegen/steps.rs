//! What a contributor does after a change: build, start, ask.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use synthetic_graph::Workspace;

use crate::bench::load;
use crate::bench::service::Service;

/// What threads of the service have as their stack, in bytes: without optimising, the one function that leads to
/// hundreds of routes has a place there for each of them.
const STACK: &str = "67108864";

/// What decides whether code has to be generated.
const GENERATE: &str = "generate";

/// A workspace, and how it is built.
pub(crate) struct Steps {
    pub(crate) workspace: Workspace,
    target: PathBuf,
    /// The generated package, the one with the blueprint, the one with the program.
    generated: &'static str,
    blueprint: &'static str,
    server: &'static str,
}

impl Steps {
    pub(crate) fn new(
        workspace: Workspace,
        target: &Path,
        generated: &'static str,
        blueprint: &'static str,
        server: &'static str,
    ) -> Self {
        Self { workspace, target: target.to_owned(), generated, blueprint, server }
    }

    /// Builds by `cargo px build`.
    pub(crate) fn build_with_px(&self) -> anyhow::Result<()> {
        quietly(self.workspace.cargo(&self.target).args(["px", "build"]))
    }

    /// Builds what [`Self::build_as_dev`] asks: `cargo xtask dev` has it in its own program, and compiles it before it
    /// waits for a change.
    pub(crate) fn build_what_dev_has(&self) -> anyhow::Result<()> {
        let arguments = ["build", "--package", "graph_fingerprint", "--bin", GENERATE];
        quietly(self.workspace.cargo(&self.target).args(arguments))
    }

    /// Builds as `cargo xtask dev` does: asks by itself whether code has to be generated, then runs cargo.
    pub(crate) fn build_as_dev(&self) -> anyhow::Result<()> {
        let root = &self.workspace.folder;
        let mut generate = Command::new(self.target.join("debug").join(GENERATE));
        cargo_command::as_from_a_shell(&mut generate);
        generate.arg(self.blueprint).current_dir(root).env("CARGO_TARGET_DIR", &self.target);
        generate.env("CARGO_PX_WORKSPACE_ROOT_DIR", root);
        generate.env("CARGO_PX_GENERATED_PKG_MANIFEST_PATH", root.join(self.generated).join("Cargo.toml"));
        quietly(&mut generate)?;
        let arguments = ["build", "--package", self.server, "--bin", self.server, "--jobs"];
        let jobs = cargo_command::jobs_after_a_change().to_string();
        quietly(self.workspace.cargo(&self.target).args(arguments).arg(jobs))
    }

    /// Forgets what is known of earlier runs, so that code is generated whatever has changed.
    pub(crate) fn forget(&self) -> anyhow::Result<()> {
        let kept = self.target.join("graph_fingerprint");
        if kept.exists() {
            std::fs::remove_dir_all(&kept).context("cannot forget")?;
        }
        Ok(())
    }

    /// Returns the program that was built.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("debug").join(self.server)
    }

    /// Returns how many lines were generated.
    pub(crate) fn generated_lines(&self) -> anyhow::Result<usize> {
        Ok(self.workspace.get(&format!("{}/src/lib.rs", self.generated))?.lines().count())
    }
}

/// Runs a command; only when it fails, what it said is of interest.
fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().context("cannot start cargo")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {}\n{said}", output.status);
    }
    Ok(())
}

/// Starts a program, and asks it.
///
/// # Errors
/// It does not start, or says anything else.
pub(crate) fn answers(binary: &Path, path: &str, says: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite://{}", folder.path().join("florin.db").display());
    let service = Service::start(binary, &database, &[("RUST_MIN_STACK", STACK)])?;
    let body = load::get(service.address, path)?;
    if !body.contains(says) {
        bail!("{path} says {body:?}, and not {says:?}: the change is not there");
    }
    Ok(())
}
