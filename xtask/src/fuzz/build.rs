//! Builds the programs that fuzz, with cargo-fuzz and a compiler that takes its options. Installs neither.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{FUZZ, SCRATCH};
use crate::process;
use crate::setup::DOCS_TOOLCHAIN;

/// The programs, built.
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Builds the programs of some targets.
    ///
    /// # Errors
    /// cargo-fuzz is not there, or cannot build them.
    pub(super) fn build(targets: &[String], sanitizer: bool) -> anyhow::Result<Self> {
        if process::capture(cargo_command::cargo().args(["fuzz", "--version"])).is_err() {
            bail!("cargo-fuzz is not installed: cargo install --locked cargo-fuzz");
        }
        let toolchain = Toolchain::find()?;
        let triple = toolchain.triple()?;
        // A build with the sanitizer and one without share nothing.
        let folder = Path::new(SCRATCH).join(if sanitizer { "address" } else { "none" });
        eprintln!("building with {}, which takes minutes the first time …", toolchain.shown);
        // One target is built by its name; several are built all, since cargo-fuzz takes one name or none.
        let mut build = toolchain.cargo();
        build.args(["fuzz", "build", "--fuzz-dir", FUZZ, "--target-dir"]).arg(&folder);
        build.args(["--sanitizer", if sanitizer { "address" } else { "none" }]);
        if let [only] = targets {
            build.arg(only);
        }
        process::stream(&mut build)?;
        Ok(Self(folder.join(triple).join("release")))
    }

    /// Returns the program of a target.
    pub(super) fn of(&self, target: &str) -> Command {
        Command::new(self.0.join(target))
    }
}

/// The compiler that programs are built with.
struct Toolchain {
    /// What rustup calls it; none where it is the one that runs this.
    name: Option<&'static str>,
    shown: String,
    /// Whether it has to be told to take options that only a nightly takes by itself.
    bootstrap: bool,
}

impl Toolchain {
    /// Takes the one that `cargo xtask setup` links, or else the one that runs this.
    fn find() -> anyhow::Result<Self> {
        let version = |command: &mut Command| process::capture(command.arg("--version"));
        let linked = version(Command::new("rustup").args(["run", DOCS_TOOLCHAIN, "rustc"]));
        let (name, shown) = match linked {
            Ok(shown) => (Some(DOCS_TOOLCHAIN), shown),
            Err(_) => (None, version(&mut Command::new("rustc")).context("there is no Rust compiler")?),
        };
        let bootstrap = !shown.contains("nightly");
        Ok(Self { name, shown, bootstrap })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = match self.name {
            Some(name) => {
                let mut rustup = Command::new("rustup");
                rustup.args(["run", name, program]);
                rustup
            }
            None => Command::new(program),
        };
        cargo_command::as_from_a_shell(&mut command);
        // Who runs `cargo xtask` set these for the toolchain that this was built with.
        for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(variable);
        }
        if self.bootstrap {
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    fn cargo(&self) -> Command {
        self.command("cargo")
    }

    /// The machine that it builds for.
    fn triple(&self) -> anyhow::Result<String> {
        let said = process::capture(self.command("rustc").arg("-vV"))?;
        let host = said.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(str::to_owned).context("the compiler does not say what it builds for")
    }
}
