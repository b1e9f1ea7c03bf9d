//! `cargo xtask release`: the release build, with a profile, and with what runs side by side in the program.
//!
//! The compiler guesses which way a branch goes, and what is called often enough to be copied to where it is called; a
//! program that was asked things and counted itself what it did knows.
//!
//! The program is large, and the service needs little of it. A system reads programs by the page and maps sixteen pages at
//! once: with that little scattered over all of it, most of the program is resident in an idle service.

#[cfg(any(test, feature = "alloc"))]
mod build;
#[cfg(any(test, feature = "alloc"))]
mod order;
#[cfg(any(test, feature = "alloc"))]
mod profile;

use std::path::PathBuf;

use clap::Args;

use crate::process;

/// Build the service for production: with a profile, and with what runs side by side in the program
///
/// Builds a binary that counts what it does and has it answer requests on both databases; builds the release binary with these
/// counts; has that start, answer and stop under valgrind's callgrind; and links it once more with the functions that ran side
/// by side. It does nothing else than what `cargo build --release` makes, but takes less of a processor for it, and an idle
/// service has much less of the program in memory. It takes some twenty minutes on two cores. The linker has to be LLVM's, as
/// it is with Rust on x86-64 Linux, and the C library where it runs glibc 2.36 or newer. valgrind, PostgreSQL and
/// `rustup component add llvm-tools` have to be installed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A profile of these sources, to use again; without it, it is measured
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The list of functions, to use again where nothing but it is there to go by; without it, it is found out
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
}

/// Builds, with the features that this takes.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if cfg!(not(all(feature = "alloc", feature = "postgres"))) {
        let mut again = cargo_command::cargo();
        again.args(["run", "--quiet", "--package", "xtask", "--features", "alloc,postgres", "--"]);
        return process::stream(again.args(std::env::args_os().skip(1)));
    }
    #[cfg(any(test, feature = "alloc"))]
    return build::run(options);
    #[cfg(not(any(test, feature = "alloc")))]
    anyhow::bail!("this program was compiled without the feature `alloc` ({options:?})")
}
