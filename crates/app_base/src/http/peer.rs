//! Who sent a request: the other end of the connection, or whom a trusted proxy names there.
//!
//! The generated router knows requests, not connections: whoever serves a connection says whose it is by
//! running each of its requests inside [`Peer::scope`].

use std::future::Future;
use std::net::SocketAddr;

tokio::task_local! {
    static PEER: SocketAddr;
}

/// The address that a request came from, where it is known. Its port is 0 where a trusted proxy named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub Option<SocketAddr>);

#[pavex::methods]
impl Peer {
    /// Returns the peer of the request that runs at the moment.
    #[request_scoped]
    #[must_use]
    pub fn current() -> Self {
        Self(PEER.try_with(|peer| *peer).ok())
    }

    /// Runs a request as one that `peer` sent.
    pub fn scope<F: Future>(peer: SocketAddr, request: F) -> impl Future<Output = F::Output> {
        PEER.scope(peer, request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_knows_the_peer_that_it_runs_for() {
        let address = SocketAddr::from(([192, 0, 2, 1], 4711));
        assert_eq!(Peer::scope(address, async { Peer::current() }).await, Peer(Some(address)));
    }

    #[test]
    fn without_a_connection_there_is_no_peer() {
        assert_eq!(Peer::current(), Peer(None));
    }
}
