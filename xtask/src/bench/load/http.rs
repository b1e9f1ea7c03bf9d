//! One request on a connection of its own, for what is not measured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Gets a page: the whole reply as text.
///
/// # Errors
/// The service cannot be reached, or ends the connection early.
pub(crate) fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: florin\r\nconnection: close\r\n\r\n"))
}

/// Posts JSON: the whole reply as text.
///
/// # Errors
/// As [`get`].
pub(super) fn post(address: SocketAddr, path: &str, body: &str) -> anyhow::Result<String> {
    let head = format!("POST {path} HTTP/1.1\r\nhost: florin\r\nconnection: close\r\n");
    let length = body.len();
    let request = format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    exchange(address, &request)
}

fn exchange(address: SocketAddr, request: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}
