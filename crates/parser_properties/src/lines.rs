//! Lines: they are the same in whatever pieces a body comes.

use std::convert::Infallible;

use app_base::http::lines::{Line, Lines};
use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http_body::Frame;
use http_body_util::StreamBody;

pub(crate) fn lines(input: &[u8]) {
    // How long pieces are, and how long lines may be.
    let [piece_bytes, line_bytes_max, body @ ..] = input else { return };
    let (piece_bytes, line_bytes_max) = (usize::from(*piece_bytes).max(1), usize::from(*line_bytes_max));
    let pieces: Vec<_> = body
        .chunks(piece_bytes)
        .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let mut lines = Lines::of(StreamBody::new(stream::iter(pieces)), 1, line_bytes_max);
    let mut found = Vec::new();
    loop {
        let next = lines.next().now_or_never().expect("all pieces are there");
        let Some(line) = next.expect("no piece is missing") else { break };
        found.push(line);
    }
    assert_eq!(found, wanted(body, line_bytes_max));
}

/// The lines of a body that is there as a whole.
fn wanted(body: &[u8], line_bytes_max: usize) -> Vec<(u64, Line)> {
    let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let numbered = (1..).zip(lines);
    let told = numbered.filter_map(|(number, line)| {
        if line.len() > line_bytes_max {
            return Some((number, Line::TooLong));
        }
        let blank = line.iter().all(u8::is_ascii_whitespace);
        (!blank).then(|| (number, Line::Text(Bytes::copy_from_slice(line))))
    });
    told.collect()
}
