//! A connection to the service: one request, one reply, over and over. It never sends a request a second time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A service that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// No reply is larger than this many bytes.
const REPLY_MAX: usize = 64 << 20;

/// The key that the service under test is given, and with which every request comes. It is no secret.
pub const ADMIN_KEY: &str = "florin_2USBDPIBEdi3_28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ3PHIAW";

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<String>,
    /// Whether the body is lines, and so is the reply's.
    pub(crate) is_lines: bool,
}

impl Request {
    pub(crate) fn get(path: String) -> Self {
        Self { method: "GET", path, key: None, body: None, is_lines: false }
    }

    pub(crate) fn post(path: String, body: &Value) -> Self {
        Self { method: "POST", path, key: None, body: Some(body.to_string()), is_lines: false }
    }

    /// Says whether it has many commands.
    pub(crate) fn is_batch(&self) -> bool {
        self.path.contains("/batches")
    }

    /// Returns it in one line, for people.
    pub(crate) fn shown(&self) -> String {
        let key = self.key.as_ref().map_or_else(String::new, |key| format!(" [{key}]"));
        format!("{} {}{key} {}", self.method, self.path, self.body.as_deref().unwrap_or_default())
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) location: Option<String>,
    /// Of lines: a list of them; of a table: its text.
    pub(crate) body: Value,
}

/// A connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    /// The connection breaks or is silent for too long, the service answers 503 or 504, or what comes back is not a JSON reply with its length.
    pub(crate) fn call(&mut self, request: &Request) -> io::Result<Reply> {
        let Request { method, path, key, body, is_lines } = request;
        let key = key.as_ref().map_or_else(String::new, |key| format!("idempotency-key: {key}\r\n"));
        let (about, body) = match body {
            Some(body) => {
                let media_type = if *is_lines { "application/x-ndjson" } else { "application/json" };
                let about = format!("content-type: {media_type}\r\ncontent-length: {}\r\n", body.len());
                (about, body.as_str())
            }
            None if *method == "GET" => (String::new(), ""),
            None => ("content-length: 0\r\n".to_owned(), ""),
        };
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: florin\r\nauthorization: Bearer {ADMIN_KEY}\r\n{key}{about}\r\n{body}"
        );
        self.stream.get_mut().write_all(text.as_bytes())?;
        self.read()
    }

    fn read(&mut self) -> io::Result<Reply> {
        let head = self.line()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| malformed(&head))?;
        let (mut length, mut in_chunks, mut replayed, mut location) = (None, false, false, None);
        let (mut is_lines, mut is_table) = (false, false);
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok().filter(|length| *length <= REPLY_MAX),
                "transfer-encoding" => in_chunks = value == "chunked",
                "content-type" => {
                    is_lines = value == "application/x-ndjson";
                    is_table = value == "text/csv; charset=utf-8";
                }
                "idempotency-replayed" => replayed = value == "true",
                "location" => location = Some(value.to_owned()),
                _ => {}
            }
        }
        let body = if in_chunks {
            self.chunks()?
        } else {
            let mut body = vec![0; length.ok_or_else(|| malformed("no length that could be right"))?];
            self.stream.read_exact(&mut body)?;
            body
        };
        // Such a request may have been carried out or not, so that nothing can be compared any more.
        if matches!(status, 503 | 504) {
            let said = String::from_utf8_lossy(&body);
            return Err(io::Error::other(format!("the service cannot keep up or was stopped: {said}")));
        }
        let read = if is_lines {
            body.split_inclusive(|byte| *byte == b'\n').map(serde_json::from_slice::<Value>).collect()
        } else if is_table {
            Ok(Value::String(String::from_utf8_lossy(&body).into_owned()))
        } else {
            serde_json::from_slice(&body)
        };
        let body = read.map_err(|_| malformed(&String::from_utf8_lossy(&body)))?;
        Ok(Reply { status, replayed, location, body })
    }

    /// Reads a body that comes in pieces.
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(&line, 16).ok();
            let length = length.filter(|length| body.len() + length <= REPLY_MAX);
            let length = length.ok_or_else(|| malformed(&line))?;
            let from = body.len();
            body.resize(from + length, 0);
            self.stream.read_exact(&mut body[from..])?;
            if !self.line()?.is_empty() {
                return Err(malformed("a chunk that does not end where it should"));
            }
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(malformed(&line)),
        }
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a reply of the service: {what:?}"))
}
