//! Which HTTP a client speaks, told by its first bytes. Answers nothing.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::watch::Watch;

const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes that were read to find out, which belong to what follows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Start {
    bytes: [u8; HTTP2_PREFACE.len()],
    read: usize,
    given: usize,
}

impl Start {
    /// Returns what has not been taken yet.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.given..self.read]
    }

    /// Takes bytes off.
    pub(crate) fn take(&mut self, count: usize) {
        self.given += count;
    }

    /// Tells whether it is what every HTTP/2 client begins with.
    pub(crate) fn is_http2(&self) -> bool {
        self.bytes[..self.read] == HTTP2_PREFACE[..]
    }

    /// Tells whether it may still become that.
    fn may_be_http2(&self) -> bool {
        self.read < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(&self.bytes[..self.read])
    }

    /// Reads until the version is clear; `None` when the client left without a byte.
    pub(crate) async fn read<S>(socket: &mut S, watch: &Watch) -> io::Result<Option<Self>>
    where
        S: AsyncRead + Unpin,
    {
        let mut start = Self::default();
        while start.may_be_http2() {
            let count = socket.read(&mut start.bytes[start.read..]).await?;
            if count == 0 {
                break;
            }
            watch.received();
            start.read += count;
        }
        Ok((start.read > 0).then_some(start))
    }
}
