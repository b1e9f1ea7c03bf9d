//! The programs that take part: built for speed, or found where they were built before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::results::Program;
use super::{Contestant, Options};
use crate::bench::service;

/// Where peers are built, whichever workspace they are in.
const TARGET: &str = "bench/target";

/// Programs by who they are.
pub(super) struct Programs(BTreeMap<Contestant, PathBuf>);

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// One does not compile, or is not where it should be.
    pub(super) fn build(options: &Options) -> anyhow::Result<Self> {
        let mut programs = BTreeMap::new();
        let service = options.binary.clone().map_or_else(service::build, Ok)?;
        programs.insert(Contestant::Florin, service);
        let folder = match &options.peers {
            Some(folder) => folder.clone(),
            None => build_peers(options)?,
        };
        for (contestant, package) in peers(options) {
            programs.insert(contestant, folder.join(package));
        }
        for (contestant, program) in &programs {
            if !program.is_file() {
                bail!("{} is not at {}", contestant.name(), program.display());
            }
        }
        Ok(Self(programs))
    }

    pub(super) fn of(&self, contestant: Contestant) -> anyhow::Result<&Path> {
        self.0.get(&contestant).map(PathBuf::as_path).context("a contestant without a program")
    }

    /// Describes those that take part.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn described(&self, options: &Options) -> anyhow::Result<Vec<Program>> {
        let described = |&contestant: &Contestant| {
            let lock = Path::new(contestant.workspace()).join("Cargo.lock");
            let lock = std::fs::read_to_string(&lock)
                .with_context(|| format!("{}: run this where the repository is", lock.display()))?;
            let framework = contestant.framework();
            let version = version(&lock, framework).unwrap_or("of an unknown version");
            Ok(Program {
                contestant,
                framework: format!("{framework} {version}"),
                bytes: std::fs::metadata(self.of(contestant)?)?.len(),
            })
        };
        options.contestants.iter().map(described).collect()
    }
}

/// Returns the peers that take part, with their packages.
fn peers(options: &Options) -> impl Iterator<Item = (Contestant, &'static str)> {
    options.contestants.iter().filter_map(|&contestant| Some((contestant, contestant.package()?)))
}

fn build_peers(options: &Options) -> anyhow::Result<PathBuf> {
    eprintln!("building the peers, which takes some minutes each the first time …");
    let workspaces: BTreeSet<&str> = peers(options).map(|(contestant, _)| contestant.workspace()).collect();
    for workspace in workspaces {
        // By its name: where rustup looks after toolchains, it then says which one compiles all of it, and no crate does.
        let mut cargo = Command::new("cargo");
        cargo_command::as_from_a_shell(&mut cargo);
        cargo.args(["build", "--release", "--locked", "--manifest-path"]);
        // Whatever this program was told of where to build is not for them.
        cargo.arg(Path::new(workspace).join("Cargo.toml")).args(["--target-dir", TARGET]);
        for (_, package) in peers(options).filter(|(contestant, _)| contestant.workspace() == workspace) {
            cargo.args(["--package", package]);
        }
        if !cargo.status()?.success() {
            bail!("the peers in {workspace} cannot be built");
        }
    }
    Ok(Path::new(TARGET).join("release"))
}

/// Finds a package's version in a lock file.
fn version<'l>(lock: &'l str, package: &str) -> Option<&'l str> {
    let rest = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?.1;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::version;
    use crate::bench::peers::Contestant;

    #[test]
    fn versions_stand_in_the_lock_file() {
        let lock = "[[package]]\nname = \"axum-core\"\nversion = \"0.5.6\"\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.9\"\n";
        assert_eq!([version(lock, "axum"), version(lock, "hyper")], [Some("0.8.9"), None]);
    }

    #[test]
    fn every_peer_is_there_and_its_framework_is_locked() {
        let root = crate::workspace::root();
        for contestant in Contestant::value_variants() {
            let workspace = root.join(contestant.workspace());
            let lock = std::fs::read_to_string(workspace.join("Cargo.lock")).unwrap();
            assert!(version(&lock, contestant.framework()).is_some(), "{}", contestant.framework());
            let Some(package) = contestant.package() else { continue };
            assert!(version(&lock, package).is_some(), "{package}");
        }
    }
}
