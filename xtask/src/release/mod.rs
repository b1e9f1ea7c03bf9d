//! `cargo xtask release`: the release build, with what runs side by side in the program.
//!
//! The program is large, and the service needs little of it. A system reads programs by the page and maps sixteen pages at
//! once: with that little scattered over all of it, most of the program is resident in an idle service.

#[cfg(any(test, feature = "alloc"))]
mod order;

use clap::Args;

use crate::process;

/// Build the service for production, with what runs side by side in the program
///
/// Builds the release binary, has it start, answer and stop under valgrind's callgrind on both databases, and has it linked
/// once more with the functions that ran side by side. An idle service has much less of the program in memory then; it does
/// nothing else than what `cargo build --release` makes. The linker has to be LLVM's, as it is with Rust on x86-64 Linux, and
/// the C library where it runs glibc 2.36 or newer. valgrind and PostgreSQL have to be installed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The list of functions, to use again where nothing but it is there to go by; without it, it is found out
    #[arg(long, value_name = "FILE")]
    order: Option<std::path::PathBuf>,
    /// A release binary with its symbols to find it out with; without it, one is built
    #[arg(long, value_name = "FILE", conflicts_with = "order")]
    binary: Option<std::path::PathBuf>,
}

/// Builds, with the features that this takes.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if cfg!(not(all(feature = "alloc", feature = "postgres"))) {
        let mut again = cargo_command::cargo();
        again.args(["run", "--quiet", "--package", "xtask", "--features", "alloc,postgres", "--"]);
        return process::stream(again.args(std::env::args_os().skip(1)));
    }
    #[cfg(any(test, feature = "alloc"))]
    return build(options);
    #[cfg(not(any(test, feature = "alloc")))]
    anyhow::bail!("this program was compiled without the feature `alloc` ({options:?})")
}

#[cfg(any(test, feature = "alloc"))]
fn build(options: &Options) -> anyhow::Result<()> {
    use anyhow::Context;

    use crate::bench::alloc::version;
    use crate::bench::service::build_by;
    use crate::workspace;

    /// What the build of the server looks for.
    const ORDER: &str = "FLORIN_LINK_ORDER";

    // The same for both builds, so that nothing is compiled twice that does not have to be. The second is stripped by the
    // linker.
    let cargo = || {
        let mut cargo = cargo_command::cargo();
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo").env_remove(ORDER);
        cargo
    };
    let file = if let Some(file) = &options.order {
        std::path::absolute(file)?
    } else {
        version()?;
        let program = options.binary.clone().map_or_else(|| build_by(cargo()), Ok)?;
        let target = std::path::absolute(workspace::target())?;
        let folder = tempfile::Builder::new().prefix("florin-release-").tempdir_in(&target)?;
        let file = target.join("link-order.txt");
        let order = order::of(&program, folder.path())?;
        std::fs::write(&file, order).with_context(|| format!("cannot write {}", file.display()))?;
        file
    };
    let mut second = cargo();
    second.env(ORDER, &file);
    println!("{}", build_by(second)?.display());
    Ok(())
}
