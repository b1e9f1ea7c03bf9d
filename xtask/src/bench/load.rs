//! A closed loop of posts: as many connections as asked for, each with one request on its way.
//!
//! Speaks just enough HTTP/1.1 to be cheap beside the service that shares the machine with it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a round of load saw.
pub(crate) struct Seen {
    /// Acknowledged posts per second.
    pub(crate) per_second: f64,
    /// Half of the posts took no longer, in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 posts took no longer, in milliseconds.
    pub(crate) p99_ms: f64,
}

/// Posts transfers from `world` to one of `accounts` accounts in turn, each under a key of its own, for
/// `duration`. `round` keeps the keys of rounds apart.
pub(crate) fn post_transfers(
    address: SocketAddr,
    connections: usize,
    accounts: usize,
    duration: Duration,
    round: usize,
) -> anyhow::Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let end = started + duration;
        let mut tasks = tokio::task::JoinSet::new();
        for connection in 0..connections {
            tasks.spawn(post_until(end, address, connection, connections, accounts, round));
        }
        let mut latencies = Vec::new();
        while let Some(joined) = tasks.join_next().await {
            latencies.extend(joined??);
        }
        let elapsed = started.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at = |share: f64| {
            // Rounding a place in the list: neither sign nor size can be lost.
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let place = ((latencies.len() as f64 * share) as usize).min(latencies.len() - 1);
            latencies[place].as_secs_f64() * 1e3
        };
        if latencies.is_empty() {
            bail!("not one post was answered");
        }
        let count = f64::from(u32::try_from(latencies.len())?);
        Ok(Seen { per_second: count / elapsed, p50_ms: at(0.5), p99_ms: at(0.99) })
    })
}

async fn post_until(
    end: Instant,
    address: SocketAddr,
    connection: usize,
    connections: usize,
    accounts: usize,
    round: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    let mut reply = Vec::with_capacity(4096);
    for turn in 0.. {
        let started = Instant::now();
        if started >= end {
            break;
        }
        // A stride that is prime to the number of accounts spreads neighbours.
        let account = (turn * connections + connection).wrapping_mul(7_919) % accounts;
        let body = format!(
            r#"{{"postings":[{{"source":"world","destination":"users:{account}:wallet","asset":"USD/2","amount":"100"}}]}}"#
        );
        let request = format!(
            "POST /v1/ledgers/main/transactions HTTP/1.1\r\nhost: florin\r\ncontent-type: application/json\r\n\
             idempotency-key: {round:04x}-{connection:04x}-{turn:08x}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let status = read_reply(&mut stream, &mut reply).await?;
        if status != 201 {
            bail!("a post was answered with {status}: {}", String::from_utf8_lossy(&reply));
        }
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

/// Reads one reply with a `content-length` into `reply` and returns its status.
async fn read_reply(stream: &mut TcpStream, reply: &mut Vec<u8>) -> anyhow::Result<u16> {
    reply.clear();
    loop {
        if stream.read_buf(reply).await? == 0 {
            bail!("the service closed the connection");
        }
        let Some(head_end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&reply[..head_end])?;
        let length: usize = head
            .lines()
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            })
            .context("a reply without content-length")?;
        let status = head.split(' ').nth(1).context("a reply without a status")?.parse()?;
        while reply.len() < head_end + 4 + length {
            if stream.read_buf(reply).await? == 0 {
                bail!("the service closed the connection");
            }
        }
        return Ok(status);
    }
}

/// Gets a page as text.
pub(crate) fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: florin\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await?;
        Ok(reply)
    })
}
