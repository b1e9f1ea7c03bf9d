//! One connection, from its first byte to its last.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;

use crate::limits::Limits;
use crate::refusal::{Refusal, Refuser, say_good_bye};
use crate::roster::Seat;
use crate::service::Connected;
use crate::socket::Socket;
use crate::supervisor::{Stop, Supervisor};
use crate::version::Start;
use crate::watch::{Phase, Watch};

/// What all connections have in common.
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    pub(crate) refuser: Refuser,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Terms {
    pub(crate) fn new(limits: Limits, refuser: Refuser) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // The supervisor's own deadlines tell an idle connection from a slow head.
            .header_read_timeout(None)
            .max_header_size(limits.header_max_bytes)
            .max_buf_size(limits.header_max_bytes.max(Limits::HTTP1_BUFFER));
        // hyper's own limit costs nothing, any other some time per request.
        if limits.headers_max != 100 {
            http1.max_headers(limits.headers_max);
        }
        let (stream_window, connection_window) = Limits::HTTP2_WINDOWS;
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.http2_streams_max)
            .max_header_list_size(u32::try_from(limits.header_max_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(stream_window)
            .initial_connection_window_size(connection_window)
            .keep_alive_interval(Limits::HTTP2_PING)
            .keep_alive_timeout(Limits::HTTP2_PING);
        Self { limits, refuser, http1, http2 }
    }

    /// Serves a connection until it ends, in whatever way.
    pub(crate) async fn serve<H, F, B>(
        &self,
        mut tcp: TcpStream,
        handler: Arc<H>,
        watch: Arc<Watch>,
        seat: Seat,
    ) where
        H: Fn(Request<Incoming>, SocketAddr) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Replies are written whole: waiting for more to send with them only delays them.
        let _ = tcp.set_nodelay(true);
        let mut supervisor = Supervisor::new(Arc::clone(&watch), self.limits, seat.number());
        let started = {
            let reading = pin!(Start::read(&mut tcp, &watch));
            supervisor.run(reading).await
        };
        let start = match started {
            Ok(Ok(Some(start))) => start,
            Err(Stop::HeadTimeout) => return self.refuse(tcp, Refusal::HeadTimeout).await,
            Ok(Err(_) | Ok(None)) | Err(Stop::Close | Stop::Abort) => return,
        };
        let service = Connected { handler, refuser: self.refuser.clone(), watch: Arc::clone(&watch) };
        if start.is_http2() {
            watch.settled();
            let socket = Socket::http2(tcp, start, watch);
            let connection = pin!(self.http2.serve_connection(socket, service));
            log(supervise(&mut supervisor, connection).await.0);
        } else {
            let socket = Socket::http1(tcp, start, Arc::clone(&watch), self.refuser.clone());
            let mut connection = self.http1.serve_connection(socket, service);
            let (end, asked) = supervise(&mut supervisor, Pin::new(&mut connection)).await;
            let tcp = connection.into_parts().io.into_inner();
            match end {
                // Told to close while it lay idle: nothing is on its way.
                Ok(Ok(())) if asked == Some(0) => {}
                Ok(Ok(())) => say_good_bye(tcp, &[]).await,
                Err(Stop::HeadTimeout) => self.refuse(tcp, Refusal::HeadTimeout).await,
                Ok(Err(error)) if error.is_parse() => say_good_bye(tcp, &[]).await,
                // The client closed its side in the middle of a head, and may still listen.
                Ok(Err(error)) if error.is_incomplete_message() && watch.phase() == Phase::Head => {
                    self.refuse(tcp, Refusal::Malformed).await;
                }
                end => log(end),
            }
        }
    }

    async fn refuse(&self, tcp: TcpStream, refusal: Refusal) {
        say_good_bye(tcp, &self.refuser.refuse(refusal)).await;
    }
}

/// Runs a connection to its end, and asks it to close when it is time. Returns the end, and how many
/// requests were in hand when it was asked.
async fn supervise<C: GracefulConnection>(
    supervisor: &mut Supervisor,
    mut connection: Pin<&mut C>,
) -> (Result<Result<(), C::Error>, Stop>, Option<usize>) {
    let mut asked = None;
    loop {
        match supervisor.run(connection.as_mut()).await {
            Err(Stop::Close) => {
                asked = Some(supervisor.in_hand());
                connection.as_mut().graceful_shutdown();
            }
            end => return (end, asked),
        }
    }
}

/// Clients come and go as they like: how a connection ended is of interest to nobody but a debugger.
fn log(end: Result<Result<(), hyper::Error>, Stop>) {
    match end {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = &error as &dyn Error, "a connection ended"),
        Err(stop) => tracing::debug!(?stop, "a connection was ended"),
    }
}
