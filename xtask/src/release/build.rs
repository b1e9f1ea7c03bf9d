//! The builds, one after the other: each knows what was seen of the one before.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Options, order, profile};
use crate::bench::alloc::version;
use crate::bench::service::build_by;
use crate::workspace;

/// What the build of the server looks for.
const ORDER: &str = "FLORIN_LINK_ORDER";

/// Builds, and says where the program is.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let rust = profile::Rust::installed()?;
    let target = std::path::absolute(workspace::target())?;
    let folder = tempfile::Builder::new().prefix("florin-release-").tempdir_in(&target)?;
    if options.order.is_none() {
        // Said before the long builds, too.
        version()?;
    }
    let build = |flag: &str, file: &Path, order: Option<&Path>| -> anyhow::Result<PathBuf> {
        let mut cargo = cargo(flag, file);
        if let Some(order) = order {
            cargo.env(ORDER, order);
        }
        // Where a target is named, flags are not for what runs while building.
        cargo.env("CARGO_BUILD_TARGET", &rust.host);
        build_by(cargo)?;
        Ok(target.join(&rust.host).join("release/server"))
    };
    let profile = if let Some(file) = &options.profile {
        std::path::absolute(file)?
    } else {
        let merge = rust.merging()?;
        let counts = folder.path().join("counts");
        let program = build("-Cprofile-generate=", &counts, None)?;
        profile::count(&program, folder.path())?;
        let file = target.join("release.profdata");
        merge(&counts, &file)?;
        file
    };
    let order = if let Some(file) = &options.order {
        std::path::absolute(file)?
    } else {
        let program = build("-Cprofile-use=", &profile, None)?;
        let file = target.join("link-order.txt");
        let order = order::of(&program, folder.path())?;
        std::fs::write(&file, order).with_context(|| format!("cannot write {}", file.display()))?;
        file
    };
    println!("{}", build("-Cprofile-use=", &profile, Some(&order))?.display());
    Ok(())
}

/// Returns a cargo that compiles with one more flag, which names a file. Symbols are kept until the linker takes them out of
/// the last program.
fn cargo(flag: &str, file: &Path) -> Command {
    let mut cargo = cargo_command::cargo();
    let given = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", with_flag(&given, flag, file));
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo").env_remove(ORDER);
    cargo
}

/// Adds one to flags that spaces separate. In what is returned it is a character that no path has.
fn with_flag(given: &str, flag: &str, file: &Path) -> OsString {
    let mut flags = OsString::new();
    for flag in given.split_whitespace() {
        flags.push(flag);
        flags.push("\u{1f}");
    }
    flags.push(flag);
    flags.push(file);
    flags
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::with_flag;

    #[test]
    fn flags_that_are_given_stay_and_a_path_may_have_spaces() {
        let flags = with_flag(" -Cdebuginfo=1  -g", "-Cprofile-use=", Path::new("/a b/c"));
        assert_eq!(flags, "-Cdebuginfo=1\u{1f}-g\u{1f}-Cprofile-use=/a b/c");
        assert_eq!(with_flag("", "-Cprofile-use=", Path::new("/c")), "-Cprofile-use=/c");
    }
}
