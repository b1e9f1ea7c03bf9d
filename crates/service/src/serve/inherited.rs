//! A listening socket that whoever starts the service hands over, as systemd does: `LISTEN_FDS` says how many there are.
//! It never takes more than one, and none that it cannot accept connections on.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use listenfd::ListenFd;
use tokio::net::TcpListener;

/// A socket that listens already.
pub(crate) struct Inherited(std::net::TcpListener);

/// Takes what was handed over, and what says so out of the environment: nothing that is started from here is to take it
/// for its own. Has to be called while there are no other threads.
///
/// # Errors
/// It is more than one socket, or none that listens on TCP.
pub(crate) fn take() -> anyhow::Result<Option<Inherited>> {
    let mut handed = ListenFd::from_env();
    match handed.len() {
        0 => Ok(None),
        1 => {
            let socket =
                handed.take_tcp_listener(0).context("what LISTEN_FDS hands over is no TCP socket")?;
            Ok(socket.map(Inherited))
        }
        sockets => bail!("LISTEN_FDS hands over {sockets} sockets: the service listens on one"),
    }
}

impl Inherited {
    /// Listens on it; the configured address is left aside.
    ///
    /// # Errors
    /// The socket has no address, or cannot be waited for.
    pub(crate) fn listen(self) -> anyhow::Result<(TcpListener, SocketAddr)> {
        self.0.set_nonblocking(true).context("cannot wait for the socket that was handed over")?;
        let listener =
            TcpListener::from_std(self.0).context("cannot listen on the socket that was handed over")?;
        let address = listener.local_addr().context("cannot tell the address")?;
        tracing::info!(%address, "the socket was handed over: server.ip and server.port are not used");
        Ok((listener, address))
    }
}
