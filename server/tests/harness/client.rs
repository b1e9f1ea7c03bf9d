//! The smallest HTTP/1 client: it sends what it is given, malformed or not, and reads one reply at a time.

use std::borrow::Cow;
use std::fmt::{Debug, Display, Formatter, Write as _};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::{ADMIN_KEY, LONG};

/// A secret that every request carries, and no log may have.
pub(crate) const PLANTED: &str = "planted-in-every-request";

/// A well-formed request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    host: &'static str,
    headers: String,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: impl Display) -> Self {
        Self { method, path: path.to_string(), host: "h", headers: String::new(), body: None }
    }

    pub(crate) fn get(path: impl Display) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Display) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn patch(path: impl Display) -> Self {
        Self::new("PATCH", path)
    }

    pub(crate) fn delete(path: impl Display) -> Self {
        Self::new("DELETE", path)
    }

    /// Sends it with this key instead of the admin's.
    pub(crate) fn key(self, key: impl Display) -> Self {
        self.header("authorization", format!("Bearer {key}"))
    }

    /// Sends it without saying who does.
    pub(crate) fn without_key(mut self) -> Self {
        self.host = "nobody";
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Display) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("a string takes everything");
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    pub(crate) fn json(self, body: impl Display) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Whether the body is lines.
    pub(crate) fn sent_lines(&self) -> bool {
        self.headers.contains("content-type: application/x-ndjson\r\n")
    }

    /// The body where it is JSON.
    pub(crate) fn sent_json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }

    /// The request as it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { method, path, host, headers, body } = self;
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncookie: planted={PLANTED}\r\n{headers}");
        if let Some(body) = body {
            write!(text, "content-length: {}\r\n", body.len()).expect("a string takes everything");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body.as_deref().unwrap_or_default());
        bytes
    }
}

/// Gives a request the admin key, behind its host, unless it says itself who sends it.
pub(crate) fn with_key(bytes: &[u8]) -> Cow<'_, [u8]> {
    const HOSTS: [&[u8]; 2] = [b"\r\nhost: h\r\n", b"\r\nhost: x\r\n"];
    let says_who = bytes.windows(14).any(|part| part.eq_ignore_ascii_case(b"authorization:"));
    let host = bytes.windows(HOSTS[0].len()).position(|part| HOSTS.contains(&part));
    let Some(host) = host.filter(|_| !says_who) else { return Cow::Borrowed(bytes) };
    let (head, rest) = bytes.split_at(host + HOSTS[0].len());
    Cow::Owned([head, format!("authorization: Bearer {ADMIN_KEY}\r\n").as_bytes(), rest].concat())
}

/// A connection.
pub(crate) struct Client(BufReader<TcpStream>);

/// A reply.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    /// The body; what is no UTF-8 in it is replaced.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Debug for Reply {
    /// Without the bytes, which nobody can read, and which a test that fails would print a line each.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { status, head, body, bytes: _ } = self;
        f.debug_struct("Reply")
            .field("status", status)
            .field("head", head)
            .field("body", body)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, LONG)?;
        socket.set_read_timeout(Some(LONG))?;
        socket.set_nodelay(true)?;
        Ok(Self(BufReader::new(socket)))
    }

    pub(crate) fn send(&mut self, text: &str) -> &mut Self {
        self.try_send(text.as_bytes()).expect("it takes bytes");
        self
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(&with_key(bytes))
    }

    /// Says that nothing more will be sent, and goes on listening.
    pub(crate) fn finish(&mut self) -> &mut Self {
        // A service that has closed the connection by itself is not told.
        let _ = self.0.get_ref().shutdown(Shutdown::Write);
        self
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.call(&Request::get(path))
    }

    /// Sends a request and reads its reply.
    pub(crate) fn call(&mut self, request: &Request) -> Reply {
        self.try_call(request).expect("a whole reply")
    }

    /// Sends a request and reads its reply, where the connection lasts that long.
    pub(crate) fn try_call(&mut self, request: &Request) -> std::io::Result<Reply> {
        self.try_send(&request.bytes())?;
        self.read(request.method == "HEAD")
    }

    /// Sends bytes from a thread of their own, since the service may answer and stop reading before all is
    /// sent, and reads one reply, where one comes.
    pub(crate) fn exchange(&mut self, bytes: Vec<u8>) -> std::io::Result<Reply> {
        let mut sender = self.0.get_ref().try_clone()?;
        let bytes = with_key(&bytes).into_owned();
        let sending = std::thread::spawn(move || sender.write_all(&bytes));
        let reply = self.try_reply();
        // Ends the sender, whose fate does not matter.
        let _ = self.0.get_ref().shutdown(Shutdown::Both);
        let _ = sending.join().expect("it only sends");
        reply
    }

    /// Reads one reply.
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().expect("a whole reply")
    }

    /// Reads one reply, where one comes.
    pub(crate) fn try_reply(&mut self) -> std::io::Result<Reply> {
        self.read(false)
    }

    fn read(&mut self, head_only: bool) -> std::io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status line");
        let mut reply = Reply { status, head, body: String::new(), bytes: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        reply.bytes = vec![0; if head_only { 0 } else { length }];
        self.0.read_exact(&mut reply.bytes)?;
        if reply.header("transfer-encoding") == Some("chunked") && !head_only {
            self.read_chunks(&mut reply.bytes)?;
        }
        reply.body = String::from_utf8_lossy(&reply.bytes).into_owned();
        Ok(reply)
    }

    /// Reads chunks (RFC 9112, 7.1) up to the last one, which is empty. Without it, the body is not complete.
    fn read_chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let mut size = String::new();
            self.0.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim_end(), 16).map_err(|_| ErrorKind::UnexpectedEof)?;
            let start = body.len();
            body.resize(start + size, 0);
            self.0.read_exact(&mut body[start..])?;
            self.0.read_exact(&mut [0; 2])?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// Waits a while for something to read, or for the end of the connection.
    pub(crate) fn has_something_within(&mut self, while_waiting: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(while_waiting)).expect("a limit that is not zero");
        let waited = self.0.fill_buf().map(|_| ()).map_err(|error| error.kind());
        self.0.get_ref().set_read_timeout(Some(LONG)).expect("a limit that is not zero");
        !matches!(waited, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    /// Tells whether the connection has ended, and waits until it has or bytes come.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.fill_buf().map_or(true, <[u8]>::is_empty)
    }
}

impl Reply {
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().filter_map(|line| line.split_once(": "))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body, which has to be JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}
