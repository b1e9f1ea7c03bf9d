//! A program that takes part, running on a database.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::Contestant;
use crate::bench::load::{self, Client};
use crate::bench::resident::resident_bytes;
use crate::bench::service::Service;

/// How long a program has to answer for the first time.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait before it is asked again whether it is there.
const START_PAUSE: Duration = Duration::from_millis(20);

/// A running program. Dropping it ends it.
pub(super) struct Running {
    pub(super) contestant: Contestant,
    pub(super) address: SocketAddr,
    pub(super) process: u32,
    pub(super) idle_bytes: u64,
    /// What it has been asked since.
    pub(super) requests: u64,
    _program: Ended,
}

/// Ends a program when it is dropped.
enum Ended {
    Service(#[expect(dead_code, reason = "it is kept until it is dropped")] Service),
    Peer(Child),
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Self::Peer(child) = self {
            // It may have ended by itself; then there is nothing left to end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts the service, as every benchmark does, without authentication: peers have none.
///
/// # Errors
/// It cannot be started.
pub(super) fn service(program: &Path, database: &str) -> anyhow::Result<Running> {
    let service = Service::start(program, database, &[("PX_AUTHENTICATION__MODE", "off")])?;
    load::get(service.address, "/version")?;
    let (address, process) = (service.address, service.process_id());
    Running::new(Contestant::Florin, address, process, Ended::Service(service))
}

/// Starts a peer.
///
/// # Errors
/// It cannot be started, ends, or does not answer.
pub(super) fn peer(
    contestant: Contestant,
    program: &Path,
    database: &str,
    pool_size: u32,
    static_reply: &str,
) -> anyhow::Result<Running> {
    // Free when it was looked for. Frameworks do not tell which one they were given.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut child = Command::new(program)
        .env("ADDRESS", address.to_string())
        .env("DATABASE_URL", database)
        .env("POOL_SIZE", pool_size.to_string())
        .env("STATIC_REPLY", static_reply)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let answers = wait_for(&mut child, address);
    let (process, ended) = (child.id(), Ended::Peer(child));
    answers.with_context(|| format!("starting {}", contestant.name()))?;
    Running::new(contestant, address, process, ended)
}

fn wait_for(child: &mut Child, address: SocketAddr) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("it ended: {status}");
        }
        let answer = Client::open(address).and_then(|mut client| client.get("/version"));
        match answer {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > START_TIMEOUT => return Err(error),
            // A program that is about to start tells nobody when it has.
            Err(_) => std::thread::park_timeout(START_PAUSE),
        }
    }
}

impl Running {
    fn new(
        contestant: Contestant,
        address: SocketAddr,
        process: u32,
        program: Ended,
    ) -> anyhow::Result<Self> {
        let idle_bytes = resident_bytes(process)?;
        Ok(Self { contestant, address, process, idle_bytes, requests: 0, _program: program })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::peer;
    use crate::bench::peers::Contestant;

    #[test]
    fn a_peer_that_ends_at_once_is_named() {
        let ended = peer(Contestant::Axum, Path::new("/bin/false"), "sqlite:none", 1, "{}");
        let error = format!("{:#}", ended.err().expect("it does not start"));
        assert!(error.starts_with("starting axum: it ended: "), "{error}");
    }
}
