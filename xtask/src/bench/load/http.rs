//! One request after the other on one connection, each read to the end of its reply. What measures latency measures
//! around it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::bench::service::ADMIN_KEY;

/// A reply that takes longer does not come.
const PATIENCE: Duration = Duration::from_mins(2);

/// More bytes than any reply has.
const REPLY_MAX: usize = 256 << 20;

/// A connection to the service.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// A whole reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// What its body is, without parameters; empty where the reply does not say.
    #[cfg_attr(not(any(test, feature = "peers")), expect(dead_code, reason = "peers are held to it alone"))]
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// The service cannot be reached.
    pub(crate) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), address })
    }

    /// Gets a page.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.send("GET", path, None, "")
    }

    /// Sends a request with a body of JSON, under an idempotency key where one is given.
    ///
    /// # Errors
    /// The service ends the connection early, falls silent, or answers what is not HTTP.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> anyhow::Result<Reply> {
        let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
        let content = if body.is_empty() {
            String::new()
        } else {
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: florin\r\nauthorization: Bearer {ADMIN_KEY}\r\n{key}{content}\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).context("sending a request")?;
        let (reply, goes_on) = read_reply(&mut self.stream).with_context(|| format!("{method} {path}"))?;
        if !goes_on {
            *self = Self::open(self.address)?;
        }
        Ok(reply)
    }
}

/// Gets a page, on a connection of its own: its body as text.
///
/// # Errors
/// The service cannot be reached, ends the connection early, or answers with anything but 200.
pub(crate) fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let Reply { status, body, .. } = Client::open(address)?.get(path)?;
    let body = String::from_utf8(body).context("a reply that is not text")?;
    if status != 200 {
        bail!("{path} was answered with {status}: {body}");
    }
    Ok(body)
}

/// Reads a reply, and says whether the connection goes on.
fn read_reply(stream: &mut impl BufRead) -> anyhow::Result<(Reply, bool)> {
    let status = line(stream)?;
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.context("a reply without its status")?;
    let (mut length, mut goes_on, mut content_type) = (None, true, String::new());
    loop {
        let header = line(stream)?.to_ascii_lowercase();
        let Some((name, value)) = header.split_once(':') else { break };
        match (name, value.trim()) {
            ("content-length", value) => length = Some(value.parse().context("a length that is none")?),
            ("connection", "close") => goes_on = false,
            ("content-type", value) => {
                value.split(';').next().unwrap_or_default().trim().clone_into(&mut content_type);
            }
            _ => {}
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => take(stream, length, &mut body)?,
        None => loop {
            let size = line(stream)?;
            let size = usize::from_str_radix(&size, 16).context("a reply without its length")?;
            take(stream, size, &mut body)?;
            line(stream)?;
            if size == 0 {
                break;
            }
        },
    }
    Ok((Reply { status, content_type, body }, goes_on))
}

fn take(stream: &mut impl BufRead, length: usize, body: &mut Vec<u8>) -> anyhow::Result<()> {
    if length > REPLY_MAX - body.len() {
        bail!("a reply is too long");
    }
    let read = stream.take(length as u64).read_to_end(body)?;
    if read < length {
        bail!("the service ended the connection");
    }
    Ok(())
}

/// Reads a line, without its end.
fn line(stream: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    if stream.take(1 << 16).read_line(&mut line)? == 0 {
        bail!("the service ended the connection");
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::read_reply;

    #[test]
    fn a_reply_ends_where_it_says() {
        let replies = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc\
                       HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n\
                       HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let mut stream = replies.as_bytes();
        for (status, body, goes_on) in [(200, "abc", true), (201, "abc0123456789", true), (503, "", false)] {
            let (reply, open) = read_reply(&mut stream).unwrap();
            assert_eq!((reply.status, &*reply.body, open), (status, body.as_bytes(), goes_on));
        }
        assert!(stream.is_empty());
    }

    #[test]
    fn what_a_body_is_stands_in_the_head() {
        for (header, content_type) in [
            ("Content-Type: application/json; charset=utf-8\r\n", "application/json"),
            ("content-type:text/plain\r\n", "text/plain"),
            ("", ""),
        ] {
            let reply = format!("HTTP/1.1 200 OK\r\n{header}content-length: 0\r\n\r\n");
            assert_eq!(read_reply(&mut reply.as_bytes()).unwrap().0.content_type, content_type);
        }
    }

    #[test]
    fn a_reply_that_is_cut_off_is_none() {
        for reply in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\n\r\n4\r\nabc",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "nonsense",
        ] {
            assert!(read_reply(&mut reply.as_bytes()).is_err(), "{reply}");
        }
    }
}
