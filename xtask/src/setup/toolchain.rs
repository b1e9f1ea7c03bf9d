//! Finds or installs the toolchain that writes documentation for the code generator, and gives it one stable name.
//! It never changes the default toolchain, nor a toolchain that it did not install.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Step, shown};
use crate::process;

/// What `.cargo/config.toml` calls the toolchain, whatever rustup calls it on this machine.
pub(super) const NAME: &str = "florin-docs";

/// Names a toolchain to use instead of the pinned one.
const OVERRIDE: &str = "FLORIN_DOCS_TOOLCHAIN";

/// The pinned nightly: new enough for every dependency, and its documentation is in a format pavexc 0.2.10 reads.
const NIGHTLY: &str = "nightly-2026-05-20";

/// The commit of that nightly's compiler, which tells it under whatever name it was installed.
const COMMIT: &str = "e50aa6fba4e63ab34c72bf9acfd2c307c1155d1a";

/// Whether the stable name leads to a toolchain that will do.
///
/// # Errors
/// The toolchain named by the override is not there, or a compiler does not run.
pub(super) fn inspect() -> anyhow::Result<Step> {
    let wanted = overridden()?;
    let Some(root) = linked_root() else {
        return Ok(Step::Missing(format!("rustup knows no toolchain `{NAME}` yet")));
    };
    let compiler = compiler(&root)?;
    let suits = match &wanted {
        Some(wanted) => *wanted == root,
        None => compiler.commit == COMMIT,
    };
    if !suits {
        return Ok(Step::Missing(format!(
            "`{NAME}` is {} at {}, another one",
            compiler.release,
            shown(&root)
        )));
    }
    let mut text = format!("`{NAME}` is {} at {}", compiler.release, shown(&root));
    if !compiler.release.contains("nightly") {
        text.push_str("\n     It is no nightly: set RUSTC_BOOTSTRAP=1 wherever you run `cargo px`.");
    }
    Ok(Step::Ready(text))
}

/// Chooses the toolchain, installing it if need be, and links the stable name to it.
///
/// # Errors
/// None is there and none can be installed: the text says what would help.
pub(super) fn bring() -> anyhow::Result<()> {
    let root = match overridden()? {
        Some(root) => root,
        None => match installed()? {
            Some(root) => root,
            None => install()?,
        },
    };
    println!("     linking `{NAME}` to {}", shown(&root));
    process::capture(Command::new("rustup").args(["toolchain", "link", NAME]).arg(&root))?;
    Ok(())
}

/// The folder that the stable name leads to, if it leads anywhere.
pub(super) fn linked_root() -> Option<PathBuf> {
    root_of(NAME).ok()
}

/// Adds a component to the toolchain that lives in `root`.
///
/// # Errors
/// rustup does not manage that toolchain, or cannot fetch the component.
pub(super) fn add_component(root: &Path, component: &str) -> anyhow::Result<()> {
    let name = names()?
        .into_iter()
        .find(|name| name != NAME && root_of(name).is_ok_and(|its| its == root))
        .context("rustup did not install that toolchain")?;
    process::capture(Command::new("rustup").args(["component", "add", component, "--toolchain", &name]))?;
    Ok(())
}

/// What a compiler says about itself.
pub(super) struct Compiler {
    /// As in `1.97.0-nightly`.
    pub(super) release: String,
    /// As in `x86_64-unknown-linux-gnu`.
    pub(super) host: String,
    commit: String,
}

/// Asks the toolchain's compiler what it is.
///
/// # Errors
/// It does not run, or does not answer as compilers do.
pub(super) fn compiler(root: &Path) -> anyhow::Result<Compiler> {
    let text = process::capture(Command::new(root.join("bin/rustc")).arg("-vV"))?;
    describe(&text).with_context(|| format!("rustc in {} describes itself in an unknown way", shown(root)))
}

/// Reads the output of `rustc -vV`.
fn describe(text: &str) -> Option<Compiler> {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    };
    Some(Compiler { release: field("release")?, host: field("host")?, commit: field("commit-hash")? })
}

/// The root of the toolchain that the environment asks for, if it asks for one.
fn overridden() -> anyhow::Result<Option<PathBuf>> {
    let Ok(name) = std::env::var(OVERRIDE) else { return Ok(None) };
    if name == NAME {
        bail!("{OVERRIDE} must name a toolchain other than `{NAME}`, which is what will lead to it");
    }
    root_of(&name).with_context(|| format!("{OVERRIDE} asks for `{name}`")).map(Some)
}

/// The root of an installed nightly with the pinned compiler.
fn installed() -> anyhow::Result<Option<PathBuf>> {
    let nightlies = names()?.into_iter().filter(|name| name.starts_with("nightly"));
    Ok(nightlies
        .filter_map(|name| root_of(&name).ok())
        .find(|root| compiler(root).is_ok_and(|compiler| compiler.commit == COMMIT)))
}

/// Installs the pinned nightly: with the documentation itself if it is to be had, else with the pages to make it from.
fn install() -> anyhow::Result<PathBuf> {
    println!("     no installed nightly has that compiler: asking rustup for {NIGHTLY}");
    let ask = |component: &str| {
        let arguments =
            ["toolchain", "install", NIGHTLY, "--profile", "minimal", "--no-self-update", "-c", component];
        process::capture(Command::new("rustup").args(arguments))
    };
    if let Err(without_json) = ask("rust-docs-json") {
        println!("     {without_json:#}");
        if let Err(at_all) = ask("rust-docs") {
            bail!(
                "{at_all:#}\n\n\
                 The code generator needs a nightly toolchain, and none could be had. Either of these helps:\n\
                 - run `rustup toolchain install {NIGHTLY} --profile minimal -c rust-docs-json` where its server can \
                 be reached;\n\
                 - install a nightly of those weeks in your own way and name it: \
                 `{OVERRIDE}=my-nightly cargo xtask setup`.\n\
                 Building, running and testing the service need neither."
            );
        }
    }
    root_of(NIGHTLY)
}

/// The names rustup knows toolchains by.
fn names() -> anyhow::Result<Vec<String>> {
    let list = process::capture(Command::new("rustup").args(["toolchain", "list"]))
        .context("rustup is needed to keep toolchains apart: https://rustup.rs")?;
    Ok(list.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// The folder of a toolchain, links resolved. The code generator finds it in the same way.
fn root_of(name: &str) -> anyhow::Result<PathBuf> {
    let cargo = process::capture(Command::new("rustup").args(["which", "--toolchain", name, "cargo"]))?;
    let root = Path::new(&cargo).parent().and_then(Path::parent);
    let root = root.with_context(|| format!("`{cargo}` is not in a toolchain's bin folder"))?;
    root.canonicalize().with_context(|| format!("cannot follow {}", shown(root)))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn a_compiler_is_known_by_its_commit() {
        let text = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)\nbinary: rustc\n\
            commit-hash: e50aa6fba4e63ab34c72bf9acfd2c307c1155d1a\ncommit-date: 2026-05-19\n\
            host: x86_64-unknown-linux-gnu\nrelease: 1.97.0-nightly\nLLVM version: 22.1.4";
        let compiler = describe(text).expect("a compiler");
        assert_eq!(compiler.commit, super::COMMIT);
        assert_eq!(compiler.host, "x86_64-unknown-linux-gnu");
        assert_eq!(compiler.release, "1.97.0-nightly");
    }

    #[test]
    fn what_is_no_compiler_is_not_taken_for_one() {
        assert!(describe("error: no such command").is_none());
        assert!(describe("").is_none());
    }
}
