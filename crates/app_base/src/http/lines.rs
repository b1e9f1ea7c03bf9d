//! Takes the body of a request line by line, however long it is. What it holds is one line and what came with its end.
//!
//! It never looks into a line.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;

type AnyError = Box<dyn Error + Send + Sync>;

/// A body that is read line by line.
pub struct Lines {
    body: UnsyncBoxBody<Bytes, AnyError>,
    /// What came and was not handed out yet.
    buffer: BytesMut,
    /// How much of it has no end of a line.
    scanned: usize,
    /// The most bytes that a line may have.
    max_bytes: usize,
    /// The number of the last line that was handed out.
    number: u64,
    /// Whether the line that is coming is too long already.
    too_long: bool,
    ended: bool,
}

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// It, without its end.
    Text(Bytes),
    /// It has more bytes than a line may have.
    TooLong,
}

/// The connection broke, or the client stopped in the middle.
#[derive(Debug, thiserror::Error)]
#[error("the body ended early")]
pub struct Broken(#[source] pub AnyError);

impl Lines {
    /// Starts to read a body. Its first line has the number `first`; a line may have `max_bytes`.
    pub fn of<B>(body: B, first: u64, max_bytes: usize) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<AnyError>,
    {
        let body = body.map_err(Into::into).boxed_unsync();
        let number = first.saturating_sub(1);
        Self { body, buffer: BytesMut::new(), scanned: 0, max_bytes, number, too_long: false, ended: false }
    }

    /// Returns the number of the line that comes next, blank or not.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Returns the most bytes that a line may have.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Reads the next line that is not blank, with its number. `None` at the end of the body. Who stops waiting loses
    /// nothing.
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn next(&mut self) -> Result<Option<(u64, Line)>, Broken> {
        loop {
            let end = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n');
            let line = if let Some(end) = end {
                let mut line = self.buffer.split_to(self.scanned + end + 1);
                line.truncate(line.len() - 1);
                line
            } else if self.ended {
                if self.buffer.is_empty() && !self.too_long {
                    return Ok(None);
                }
                std::mem::take(&mut self.buffer)
            } else {
                self.scanned = self.buffer.len();
                if self.scanned > self.max_bytes {
                    self.too_long = true;
                }
                if self.too_long {
                    self.buffer.clear();
                    self.scanned = 0;
                }
                self.take_more().await?;
                continue;
            };
            self.scanned = 0;
            self.number += 1;
            if std::mem::take(&mut self.too_long) || line.len() > self.max_bytes {
                return Ok(Some((self.number, Line::TooLong)));
            }
            if line.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Ok(Some((self.number, Line::Text(line.freeze()))));
            }
        }
    }

    /// Takes what still comes and throws it away, up to the end of the body or of the connection.
    pub async fn discard(&mut self) {
        self.buffer.clear();
        self.scanned = 0;
        while !self.ended && self.take_more().await.is_ok() {
            self.buffer.clear();
        }
    }

    async fn take_more(&mut self) -> Result<(), Broken> {
        match self.body.frame().await {
            None => self.ended = true,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
            }
            Some(Err(error)) => {
                self.ended = true;
                return Err(Broken(error));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    /// Reads what comes in such pieces, with lines of at most eight bytes.
    async fn read(pieces: &[&'static str]) -> Vec<(u64, String)> {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from(*piece)))).collect();
        let mut lines = Lines::of(StreamBody::new(stream::iter(pieces)), 1, 8);
        let mut read = Vec::new();
        while let Some((number, line)) = lines.next().await.unwrap() {
            read.push(match line {
                Line::Text(text) => (number, String::from_utf8(text.to_vec()).unwrap()),
                Line::TooLong => (number, "too long".into()),
            });
        }
        read
    }

    fn wanted(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
    }

    #[tokio::test]
    async fn lines_are_the_same_however_they_come() {
        let lines = wanted(&[(1, "a"), (2, "bc"), (4, "d")]);
        for pieces in [&["a\nbc\n\nd"][..], &["a", "\nb", "c\n", "", "\nd\n"], &["a\nbc\n \t\nd\n\n\n"]] {
            assert_eq!(read(pieces).await, lines, "{pieces:?}");
        }
        assert_eq!(read(&["a\r\n\r\n"]).await, wanted(&[(1, "a\r")]), "JSON takes it for white space");
        assert_eq!(read(&[]).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_told_and_the_next_one_read() {
        let lines = wanted(&[(1, "12345678"), (2, "too long"), (3, "b")]);
        for pieces in [
            &["12345678\n123456789\nb"][..],
            &["12345678\n12345", "67890", "12345678901234567890", "\nb\n"],
            &["12345678\n", "1234567890", "\n", "b"],
        ] {
            assert_eq!(read(pieces).await, lines, "{pieces:?}");
        }
        assert_eq!(read(&["1234567890"]).await, wanted(&[(1, "too long")]));
        assert_eq!(read(&["1234567890", "12345678901"]).await, wanted(&[(1, "too long")]));
    }

    #[tokio::test]
    async fn numbers_go_on_where_the_caller_says() {
        let body = http_body_util::Full::new(Bytes::from("a\n\nb"));
        let mut lines = Lines::of(body, 1000, 8);
        assert_eq!(lines.next_number(), 1000);
        assert_eq!(lines.next().await.unwrap(), Some((1000, Line::Text("a".into()))));
        assert_eq!(lines.next().await.unwrap(), Some((1002, Line::Text("b".into()))));
        assert_eq!(lines.next_number(), 1003);
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_apart_from_one_that_ends() {
        let pieces = [Ok(Frame::data(Bytes::from("a\nb"))), Err(std::io::Error::other("gone"))];
        let mut lines = Lines::of(StreamBody::new(stream::iter(pieces)), 1, 8);
        assert_eq!(lines.next().await.unwrap(), Some((1, Line::Text("a".into()))));
        assert!(lines.next().await.is_err());
    }
}
