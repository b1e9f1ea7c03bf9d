//! A connection's socket as the protocol library sees it: notes what comes and goes, and puts a proper
//! answer where the library would write a bare one.
//!
//! HTTP/1 requests that cannot be parsed never reach a handler. hyper answers them by itself, with a
//! status and no body, and offers no way to change that. Such an answer is known by its form: an error
//! status, no body, no header but the three that hyper sets. It is replaced on its way out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::refusal::{Refusal, Refuser};
use crate::version::Start;
use crate::watch::Watch;

/// Up to how many bytes pieces are put together to be sent as one, which the system takes faster. Most replies with their
/// heads are shorter.
const TOGETHER_MAX: usize = 2048;

/// A socket under watch.
pub(crate) struct Socket<S> {
    io: TokioIo<S>,
    start: Start,
    watch: Arc<Watch>,
    refuser: Option<Refuser>,
    replacement: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// For HTTP/1: the refuser's answers replace bare ones.
    pub(crate) fn http1(io: S, start: Start, watch: Arc<Watch>, refuser: Refuser) -> Self {
        Self { io: TokioIo::new(io), start, watch, refuser: Some(refuser), replacement: Vec::new() }
    }

    /// For HTTP/2, whose bytes don't tell where a request begins.
    pub(crate) fn http2(io: S, start: Start, watch: Arc<Watch>) -> Self {
        Self { io: TokioIo::new(io), start, watch, refuser: None, replacement: Vec::new() }
    }

    /// Returns the bare socket.
    pub(crate) fn into_inner(self) -> S {
        self.io.into_inner()
    }

    /// Starts replacing what is about to be written, if it is a bare answer.
    fn replaces(&mut self, written: &[u8]) -> bool {
        let (Some(refuser), Some(refusal)) = (&self.refuser, bare_answer(written)) else { return false };
        self.replacement = refuser.refuse(refusal);
        true
    }

    fn poll_replacement(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.replacement.is_empty() {
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, &self.replacement))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.replacement.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.watch.offered(written.is_ready());
        written
    }
}

/// Recognises the answer that hyper gives on its own behalf.
fn bare_answer(written: &[u8]) -> Option<Refusal> {
    let status = written.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    let refusal = match status {
        b"400" => Refusal::Malformed,
        b"414" => Refusal::UriTooLong,
        b"431" => Refusal::HeadTooLarge,
        _ => return None,
    };
    let (_, headers) = written.strip_suffix(b"\r\n\r\n")?.split_at_checked(status.len())?;
    let mut lines = headers.split(|byte| *byte == b'\n').skip(1);
    let set_by_hyper = |line: &[u8]| {
        ["connection: close", "content-length: 0", "date: "]
            .iter()
            .any(|known| line.starts_with(known.as_bytes()))
    };
    lines.all(set_by_hyper).then_some(refusal)
}

impl<S: AsyncRead + Unpin> Read for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.start.rest().len().min(buf.remaining());
        if count > 0 {
            buf.put_slice(&self.start.rest()[..count]);
            self.start.take(count);
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_ready() && self.refuser.is_some() {
            self.watch.received();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_replacement(cx))?;
        if self.replaces(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_replacement(cx))?;
        if let [only] = bufs
            && self.replaces(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        let written = if bufs.len() > 1 && bufs.iter().map(|piece| piece.len()).sum::<usize>() <= TOGETHER_MAX
        {
            let mut together: SmallVec<[u8; TOGETHER_MAX]> = SmallVec::new();
            for piece in bufs {
                together.extend_from_slice(piece);
            }
            Pin::new(&mut self.io).poll_write(cx, &together)
        } else {
            Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
        };
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replacement(cx))?;
        // What TLS has taken is with the client only now.
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.watch.offered(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replacement(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn pieces_arrive_in_order_whether_they_are_put_together_or_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        let mut socket = Socket::http2(server, Start::default(), Arc::new(Watch::new(peer)));
        for length in [1, TOGETHER_MAX - 4, TOGETHER_MAX, 3 * TOGETHER_MAX] {
            let body = vec![b'b'; length];
            let pieces = [IoSlice::new(b"head"), IoSlice::new(&[]), IoSlice::new(&body)];
            let count = poll_fn(|cx| Pin::new(&mut socket).poll_write_vectored(cx, &pieces)).await.unwrap();
            assert_eq!(count, 4 + length);
            let mut read = vec![0; count];
            client.read_exact(&mut read).await.unwrap();
            assert_eq!(read, [b"head", &body[..]].concat());
        }
    }

    #[test]
    fn an_answer_of_hypers_own_is_known_by_its_form() {
        let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
                     date: Fri, 20 Nov 2026 09:00:00 GMT\r\n\r\n";
        assert_eq!(bare_answer(bare), Some(Refusal::Malformed));
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(bare_answer(bare), Some(Refusal::HeadTooLarge));
        let bare = b"HTTP/1.0 414 URI Too Long\r\n\r\n";
        assert_eq!(bare_answer(bare), Some(Refusal::UriTooLong));
    }

    #[test]
    fn a_handlers_answer_is_left_alone() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 12\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 4",
            b"",
        ] {
            assert_eq!(bare_answer(answer), None, "{}", answer.escape_ascii());
        }
    }
}
