//! `cargo xtask dev`: builds and serves, and does so again whenever a source changes.

#[cfg(feature = "dev")]
mod build;
#[cfg(feature = "dev")]
mod serve;
#[cfg(feature = "dev")]
mod service;
#[cfg(feature = "dev")]
mod watch;

use std::net::SocketAddr;

use clap::Args;

/// Build, serve, and do so again whenever a source changes
///
/// Code is generated only when what the Pavex compiler reads has changed. While the next service is being built, and
/// when it cannot be, the last one goes on. The socket is handed over: no connection is refused. Ctrl-C ends all.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:8000")]
    address: SocketAddr,
}

/// Serves until somebody wants this to end.
#[cfg(feature = "dev")]
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    serve::serve(options.address)
}

/// Goes on as this program with what serving takes: it is compiled for whoever wants it.
#[cfg(not(feature = "dev"))]
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    let mut again = cargo_command::cargo();
    again.args(["run", "--quiet", "--package", "xtask", "--features", "dev", "--", "dev", "--address"]);
    // Not as a child: a signal from the terminal is for one process, which ends when it is done with it.
    Err(again.arg(options.address.to_string()).exec().into())
}
