//! The smallest HTTP/1 client: it sends what it is given and reads one response at a time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::site::LONG;

pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { socket: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.socket.write_all(text.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: h\r\n\r\n")).await;
        self.reply().await
    }

    /// Reads one response.
    pub(crate) async fn reply(&mut self) -> Reply {
        self.reply_or_end().await.expect("a response")
    }

    /// Reads one response, or nothing where the connection ends instead.
    pub(crate) async fn reply_or_end(&mut self) -> Option<Reply> {
        let end_of_head = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at;
            }
            if !self.more().await {
                assert!(self.read.is_empty(), "half a head: {}", self.read.escape_ascii());
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end_of_head + 4).collect()).unwrap();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect(&head);
        let mut reply = Reply { status, head, body: String::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "half a body");
        }
        reply.body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Some(reply)
    }

    /// Reads to the end of the connection and expects nothing more on it.
    pub(crate) async fn end(&mut self) {
        while self.more().await {}
        assert!(self.read.is_empty(), "not the end: {}", self.read.escape_ascii());
    }

    /// Reads what there is; false at the end, however it came.
    pub(crate) async fn more(&mut self) -> bool {
        let read = timeout(LONG, self.socket.read_buf(&mut self.read)).await.expect("an end to the waiting");
        read.is_ok_and(|count| count > 0)
    }

    /// Returns what was read and not asked for yet.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.read
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
