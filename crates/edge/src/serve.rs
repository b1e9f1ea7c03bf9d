//! The accept loop and its end.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::connection::Terms;
use crate::limits::Limits;
use crate::metrics::EdgeMetrics;
use crate::refusal::{Refusal, Refuser};
use crate::roster::Roster;
use crate::tls::Tls;
use crate::watch::{Order, Watch};

/// How long connections that were told to end at once may take to hear of it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What was left when the edge stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut off with requests in hand.
    pub connections: usize,
    /// Those requests.
    pub requests: usize,
}

/// A server for one handler.
pub struct Edge<H> {
    handler: Arc<H>,
    terms: Arc<Terms>,
    roster: Arc<Roster>,
    turned_away: Arc<Semaphore>,
    metrics: EdgeMetrics,
    tls: Option<Arc<Tls>>,
}

impl<H, F, B> Edge<H>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Makes a server: `handler` answers requests, `answer` writes what is said to those that never
    /// reach it.
    #[must_use]
    pub fn new(
        limits: Limits,
        metrics: EdgeMetrics,
        handler: H,
        answer: impl Fn(Refusal) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        let refuser = Refuser { answer: Arc::new(answer), metrics: metrics.clone() };
        Self {
            handler: Arc::new(handler),
            terms: Arc::new(Terms::new(limits, refuser)),
            roster: Arc::new(Roster::new(metrics.connections.clone())),
            turned_away: Arc::new(Semaphore::new(Limits::TURNED_AWAY_MAX)),
            metrics,
            tls: None,
        }
    }

    /// Expects TLS on every connection. One too many is closed without a word then: to say anything, the handshake
    /// would have to be made first.
    #[must_use]
    pub fn with_tls(self, tls: Arc<Tls>) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Serves every connection that comes, until `stop`. Then accepts no more, lets the requests in hand
    /// finish for [`Limits::drain_timeout`], and closes what is left.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Drained {
        let mut stop = pin!(stop);
        let mut backoff = Backoff::default();
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((socket, peer)) => {
                        backoff.succeeded();
                        self.admit(socket, peer);
                    }
                    Err(error) => {
                        self.metrics.accept_errors.inc();
                        let Some(pause) = backoff.failed(&error) else { continue };
                        let pause_ms = pause.as_millis();
                        tracing::error!(error = &error as &dyn Error, pause_ms, "cannot accept connections");
                        drop(error);
                        tokio::select! {
                            () = &mut stop => break,
                            () = sleep(pause) => {}
                        }
                    }
                },
            }
        }
        drop(listener);
        self.drain().await
    }

    /// Serves a connection in a task of its own, or sends it away.
    fn admit(&self, socket: TcpStream, peer: SocketAddr) {
        let watch = Arc::new(Watch::new(peer));
        let terms = Arc::clone(&self.terms);
        if let Some(seat) = self.roster.enter(&watch, terms.limits.connections_max) {
            let handler = Arc::clone(&self.handler);
            match self.tls.clone() {
                None => tokio::spawn(async move { terms.serve(socket, handler, watch, seat).await }),
                Some(tls) => {
                    tokio::spawn(async move { terms.serve_tls(socket, &tls, handler, watch, seat).await })
                }
            };
        } else if self.tls.is_none()
            && let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned()
        {
            tokio::spawn(async move {
                terms.refuser.turn_away(socket, Watch::new(peer)).await;
                drop(permit);
            });
        } else {
            self.metrics.count(Refusal::TooManyConnections);
        }
    }

    async fn drain(self) -> Drained {
        self.roster.tell(Order::Close);
        if timeout(self.terms.limits.drain_timeout, self.roster.emptied()).await.is_ok() {
            return Drained { connections: 0, requests: 0 };
        }
        let (connections, requests) = self.roster.in_hand();
        self.roster.tell(Order::Abort);
        // A task that never yields does not hear; it does not keep the others waiting either.
        let _ = timeout(LAST_WORDS, self.roster.emptied()).await;
        Drained { connections, requests }
    }
}
