//! One connection, from its first byte to its last.

use std::error::Error;
use std::io;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::limits::Limits;
use crate::refusal::{Refusal, Refuser, say_good_bye};
use crate::roster::Seat;
use crate::service::Connected;
use crate::socket::Socket;
use crate::supervisor::{Stop, Supervisor};
use crate::tls::{HANDSHAKE_RECORD, Handshake, Tls};
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
    pub(crate) async fn serve<H, F, B>(&self, tcp: TcpStream, handler: Arc<H>, watch: Arc<Watch>, seat: Seat)
    where
        H: Fn(Request<Incoming>, SocketAddr) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Replies are written whole: waiting for more to send with them only delays them.
        let _ = tcp.set_nodelay(true);
        let supervisor = Supervisor::new(Arc::clone(&watch), self.limits, seat.number());
        self.speak(tcp, handler, watch, supervisor).await;
    }

    /// Serves a connection on which TLS is spoken. Setting it up takes of the time that the first head has.
    pub(crate) async fn serve_tls<H, F, B>(
        &self,
        tcp: TcpStream,
        tls: &Tls,
        handler: Arc<H>,
        watch: Arc<Watch>,
        seat: Seat,
    ) where
        H: Fn(Request<Incoming>, SocketAddr) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let _ = tcp.set_nodelay(true);
        let mut supervisor = Supervisor::new(Arc::clone(&watch), self.limits, seat.number());
        if let Some(stream) = self.shake_hands(tcp, tls, &mut supervisor).await {
            self.speak(stream, handler, watch, supervisor).await;
        }
    }

    /// Sets TLS up, unless the client does not, or takes too long.
    async fn shake_hands(
        &self,
        tcp: TcpStream,
        tls: &Tls,
        supervisor: &mut Supervisor,
    ) -> Option<TlsStream<TcpStream>> {
        let mut first = [HANDSHAKE_RECORD];
        let peeked = {
            let peeking = pin!(tcp.peek(&mut first));
            supervisor.run(peeking).await
        };
        if let Ok(Ok(1)) = peeked
            && first != [HANDSHAKE_RECORD]
        {
            tls.count(Handshake::Failed);
            self.refuse(tcp, Refusal::NotTls).await;
            return None;
        }
        let accepted = match peeked {
            Err(stop) => Err(stop),
            Ok(Ok(0)) => Ok(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(Err(error)) => Ok(Err(error)),
            Ok(Ok(_)) => {
                let accepting = pin!(tls.accept(tcp));
                supervisor.run(accepting).await
            }
        };
        match accepted {
            Ok(Ok(stream)) => {
                tls.count(Handshake::Completed);
                Some(stream)
            }
            Ok(Err(error)) => {
                tls.count(Handshake::failed(&error));
                tracing::debug!(error = &error as &dyn Error, "TLS was not set up");
                None
            }
            // The service is about to stop.
            Err(Stop::Close) => None,
            Err(Stop::HeadTimeout | Stop::Abort) => {
                tls.count(Handshake::TimedOut);
                None
            }
        }
    }

    /// Speaks HTTP on whatever carries it.
    async fn speak<S, H, F, B>(
        &self,
        mut io: S,
        handler: Arc<H>,
        watch: Arc<Watch>,
        mut supervisor: Supervisor,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        H: Fn(Request<Incoming>, SocketAddr) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let started = {
            let reading = pin!(Start::read(&mut io, &watch));
            supervisor.run(reading).await
        };
        let start = match started {
            Ok(Ok(Some(start))) => start,
            Err(Stop::HeadTimeout) => return self.refuse(io, Refusal::HeadTimeout).await,
            Ok(Err(_) | Ok(None)) | Err(Stop::Close | Stop::Abort) => return,
        };
        let service = Connected { handler, refuser: self.refuser.clone(), watch: Arc::clone(&watch) };
        if start.is_http2() {
            watch.settled();
            let socket = Socket::http2(io, start, watch);
            let connection = pin!(self.http2.serve_connection(socket, service));
            log(supervise(&mut supervisor, connection).await.0);
        } else {
            let socket = Socket::http1(io, start, Arc::clone(&watch), self.refuser.clone());
            let mut connection = self.http1.serve_connection(socket, service);
            let (end, asked) = supervise(&mut supervisor, Pin::new(&mut connection)).await;
            let io = connection.into_parts().io.into_inner();
            match end {
                // Told to close while it lay idle: nothing is on its way.
                Ok(Ok(())) if asked == Some(0) => {}
                Ok(Ok(())) => say_good_bye(io, &[]).await,
                Err(Stop::HeadTimeout) => self.refuse(io, Refusal::HeadTimeout).await,
                Ok(Err(error)) if error.is_parse() => say_good_bye(io, &[]).await,
                // The client closed its side in the middle of a head, and may still listen.
                Ok(Err(error)) if error.is_incomplete_message() && watch.phase() == Phase::Head => {
                    self.refuse(io, Refusal::Malformed).await;
                }
                end => log(end),
            }
        }
    }

    async fn refuse<S>(&self, io: S, refusal: Refusal)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        say_good_bye(io, &self.refuser.refuse(refusal)).await;
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
