//! A connection with one request on its way. It never has two, and never takes part of a reply for the whole.

use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

use anyhow::{Context, bail};
use mio::net::TcpStream;

use super::Load;
use super::traffic::{Request, Traffic};

const CREATED: &[u8] = b"HTTP/1.1 201 ";
const OK: &[u8] = b"HTTP/1.1 200 ";
const LENGTH: &[u8] = b"content-length: ";
const HEAD_END: &[u8] = b"\r\n\r\n";

/// More bytes than any reply has.
const REPLY_MAX: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    request: Request,
    /// What a good reply begins with.
    good: &'static [u8],
    posted_at: Instant,
    reply: Vec<u8>,
    filled: usize,
    layout: Layout,
}

impl Connection {
    pub(super) fn open(load: &Load) -> anyhow::Result<Self> {
        // Waits here: what it takes to connect is not measured.
        let stream = std::net::TcpStream::connect(load.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            request: Request::new(load.traffic, load.keys, load.accounts, load.is_authorized),
            good: if load.traffic == Traffic::Reads { OK } else { CREATED },
            posted_at: Instant::now(),
            reply: vec![0; 4096],
            filled: 0,
            layout: Layout::default(),
        })
    }

    pub(super) fn source(&mut self) -> &mut impl mio::event::Source {
        &mut self.stream
    }

    /// When the post that is on its way was sent.
    pub(super) fn posted_at(&self) -> Instant {
        self.posted_at
    }

    /// Sends a post at `now`, which is so many milliseconds after 1970.
    pub(super) fn post(
        &mut self,
        random: &mut fastrand::Rng,
        now: Instant,
        epoch_ms: u64,
    ) -> anyhow::Result<()> {
        self.posted_at = now;
        let request = self.request.next(random, epoch_ms);
        // The last reply is there, so the service has read all that was sent: there is room for one request.
        let written = self.stream.write(request).context("sending a post")?;
        if written != request.len() {
            bail!("the service does not read what it is sent");
        }
        Ok(())
    }

    /// Reads what there is. Returns whether a reply, which says 201 or to a read 200, is complete with it.
    pub(super) fn read_reply(&mut self) -> anyhow::Result<bool> {
        loop {
            match self.stream.read(&mut self.reply[self.filled..]) {
                Ok(0) => bail!("the service closed the connection"),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading a reply"),
            }
            let Some(end) = self.layout.end_of(&self.reply[..self.filled])? else {
                if self.filled == self.reply.len() {
                    self.reply.resize(2 * self.filled, 0);
                }
                continue;
            };
            if !self.reply.starts_with(self.good) {
                let reply = String::from_utf8_lossy(&self.reply[..end.min(self.filled)]);
                bail!("a request was not answered with {}: {reply}", String::from_utf8_lossy(self.good));
            }
            if end > self.filled {
                if end > self.reply.len() {
                    self.reply.resize(end, 0);
                }
                continue;
            }
            if end < self.filled {
                bail!("the service answered more than was asked");
            }
            self.filled = 0;
            return Ok(true);
        }
    }
}

/// Where the parts of the last reply lay. The next one is most likely alike, which two comparisons show.
#[derive(Debug, Default)]
struct Layout {
    head_end: usize,
    length: usize,
}

impl Layout {
    /// Returns where the reply ends, as soon as its head is there.
    fn end_of(&mut self, reply: &[u8]) -> anyhow::Result<Option<usize>> {
        let follows = |at: usize, text: &[u8]| reply.get(at..at + text.len()) == Some(text);
        let alike = self.length >= LENGTH.len()
            && follows(self.length - LENGTH.len(), LENGTH)
            && follows(self.head_end, HEAD_END);
        if !alike {
            let find = |text: &[u8]| reply.windows(text.len()).position(|part| part == text);
            let Some(head_end) = find(HEAD_END) else { return Ok(None) };
            let length = find(LENGTH).filter(|at| *at < head_end).context("a reply without its length")?;
            *self = Self { head_end, length: length + LENGTH.len() };
        }
        let mut length = 0;
        for digit in reply[self.length..].iter().take_while(|byte| **byte != b'\r') {
            if !digit.is_ascii_digit() || length > REPLY_MAX {
                bail!("a reply's length is not one");
            }
            length = 10 * length + usize::from(digit - b'0');
        }
        Ok(Some(self.head_end + HEAD_END.len() + length))
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn a_reply_ends_where_its_head_says() {
        let mut layout = Layout::default();
        let head = "HTTP/1.1 201 Created\r\ncontent-length: 12\r\ndate: today\r\n";
        assert_eq!(layout.end_of(head.as_bytes()).unwrap(), None);
        let whole = format!("{head}\r\n012345678901");
        for seen in head.len() + 2..=whole.len() {
            assert_eq!(layout.end_of(&whole.as_bytes()[..seen]).unwrap(), Some(whole.len()));
        }
    }

    #[test]
    fn a_reply_unlike_the_last_is_read_anew() {
        let mut layout = Layout::default();
        for (reply, body) in [
            ("HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\nabc", 3),
            ("HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nabcd", 4),
            ("HTTP/1.1 201 Created\r\nlocation: /1\r\ncontent-length: 0\r\n\r\n", 0),
            ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 23\r\nx: y\r\n\r\nab", 23),
        ] {
            let head = reply.find("\r\n\r\n").unwrap() + 4;
            assert_eq!(layout.end_of(reply.as_bytes()).unwrap(), Some(head + body), "{reply}");
        }
    }

    #[test]
    fn a_length_that_is_none_is_refused() {
        for length in ["x", "-1", "9999999999999999999999"] {
            let reply = format!("HTTP/1.1 201 Created\r\ncontent-length: {length}\r\n\r\n");
            let end = Layout::default().end_of(reply.as_bytes());
            assert!(end.is_err(), "{length}: {end:?}");
        }
        assert!(Layout::default().end_of(b"HTTP/1.1 201 Created\r\n\r\n").is_err());
    }
}
