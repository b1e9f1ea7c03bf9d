//! A closed loop of posts: as many connections as asked for, each with one request on its way.
//!
//! It shares the machine with the service and the database, so what it costs is taken from them: one thread, one
//! read and one write for a post, requests that are the same bytes but for a few digits. It counts nothing but
//! replies that say 201, or 200 where accounts are read, each of them read to its end.

mod connection;
mod http;
mod traffic;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use mio::{Events, Interest, Poll, Token};

use self::connection::Connection;
pub(crate) use self::http::{Client, get};
#[cfg(any(test, feature = "size"))]
pub(crate) use self::traffic::FUNDS;
#[cfg(any(test, feature = "alloc", feature = "size", feature = "peers"))]
pub(crate) use self::traffic::account;
pub(crate) use self::traffic::{Keys, Traffic};
use super::latencies::Latencies;

/// A service that says nothing for so long is not measured any further.
const PATIENCE: Duration = Duration::from_secs(30);

/// The load of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) traffic: Traffic,
    pub(crate) keys: Keys,
    /// Accounts that are there, numbered from 0.
    pub(crate) accounts: u32,
    /// Whether requests come with a key.
    pub(crate) is_authorized: bool,
    /// How long to post before anything counts.
    pub(crate) warm_up: Duration,
    /// How long to post after that.
    pub(crate) duration: Duration,
}

/// What a round of load saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Acknowledged posts per second, after the warm-up.
    pub(crate) per_second: f64,
    /// How long each of these took.
    pub(crate) latencies: Latencies,
    /// Acknowledged posts, those of the warm-up as well.
    pub(crate) posts: u64,
}

/// Posts transfers, each under a key of its own, until the time is over and every reply is there.
///
/// # Errors
/// The service cannot be reached, ends a connection, falls silent, or answers a post with anything but 201.
pub(crate) fn post_transfers(load: &Load) -> anyhow::Result<Seen> {
    let mut poll = Poll::new()?;
    let mut random = fastrand::Rng::new();
    let mut connections = Vec::with_capacity(load.connections);
    for number in 0..load.connections {
        let mut connection = Connection::open(load)?;
        poll.registry().register(connection.source(), Token(number), Interest::READABLE)?;
        connections.push(connection);
    }
    let start = Instant::now();
    let counts_from = start + load.warm_up;
    let end = counts_from + load.duration;
    let start_ms = epoch_ms()?;
    let epoch_ms = |now: Instant| start_ms + u64::try_from((now - start).as_millis()).unwrap_or(u64::MAX);
    for connection in &mut connections {
        let now = Instant::now();
        connection.post(&mut random, now, epoch_ms(now))?;
    }
    let mut latencies = Latencies::default();
    let mut posts = 0;
    let mut open = connections.len();
    let mut last = start;
    let mut events = Events::with_capacity(load.connections.max(1));
    while open > 0 {
        match poll.poll(&mut events, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() && last.elapsed() >= PATIENCE {
            bail!("the service answered nothing for {} seconds", PATIENCE.as_secs());
        }
        for event in &events {
            let connection = &mut connections[event.token().0];
            if !connection.read_reply()? {
                continue;
            }
            last = Instant::now();
            posts += 1;
            // A reply that comes after the end counts, and so does its time: to leave it out would flatter.
            if last >= counts_from {
                latencies.add(last - connection.posted_at());
            }
            if last < end {
                connection.post(&mut random, last, epoch_ms(last))?;
            } else {
                open -= 1;
            }
        }
    }
    let counted = f64::from(u32::try_from(latencies.count())?);
    if counted == 0.0 {
        bail!("not one post was answered");
    }
    Ok(Seen { per_second: counted / (last - counts_from).as_secs_f64(), latencies, posts })
}

/// Returns how many milliseconds have passed since 1970.
///
/// # Errors
/// The clock stands before that.
#[expect(clippy::disallowed_methods, reason = "clients have clocks")]
pub(crate) fn epoch_ms() -> anyhow::Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// Gives every account what it may spend.
///
/// # Errors
/// The service cannot be reached, or answers with anything but 201.
pub(crate) fn fund(address: SocketAddr, accounts: u32) -> anyhow::Result<()> {
    let mut client = Client::open(address)?;
    for (path, body) in traffic::funds(accounts) {
        let reply = client.send("POST", path, None, &body)?;
        if reply.status != 201 {
            let (status, body) = (reply.status, String::from_utf8_lossy(&reply.body));
            bail!("giving accounts what they spend was answered with {status}: {body}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{Keys, Load, Traffic, post_transfers};

    /// Answers as many posts with 201 as `good` says, in two pieces, and any more with 422. Returns its address,
    /// and how many it has answered.
    fn service(good: u64) -> (SocketAddr, Arc<AtomicU64>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let count = Arc::clone(&count);
                std::thread::spawn(move || answer(stream, &count, good));
            }
        });
        (address, answered)
    }

    fn answer(mut stream: TcpStream, answered: &AtomicU64, good: u64) {
        let mut request = [0; 1024];
        while let Ok(1..) = stream.read(&mut request) {
            let status =
                if answered.fetch_add(1, Ordering::SeqCst) < good { "201 Created" } else { "422 No" };
            let body = "x".repeat(5000);
            let reply = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let (first, second) = reply.split_at(40);
            for part in [first, second] {
                // The load may have ended, which is what the test is about.
                let _ = stream.write_all(part.as_bytes());
            }
        }
    }

    fn load(address: SocketAddr, connections: usize) -> Load {
        Load {
            address,
            connections,
            traffic: Traffic::Uniform,
            keys: Keys::Random,
            accounts: 10,
            is_authorized: true,
            warm_up: Duration::from_millis(20),
            duration: Duration::from_millis(80),
        }
    }

    #[test]
    fn every_reply_counts_once() {
        let (address, answered) = service(u64::MAX);
        let seen = post_transfers(&load(address, 3)).unwrap();
        assert_eq!(seen.posts, answered.load(Ordering::SeqCst));
        // What was answered during the warm-up has no place among the times.
        assert!(
            (1..=seen.posts).contains(&(seen.latencies.count() as u64)) && seen.per_second > 0.0,
            "{seen:?}"
        );
    }

    #[test]
    fn nothing_but_201_counts() {
        let (address, _) = service(5);
        let error = post_transfers(&load(address, 3)).unwrap_err().to_string();
        assert!(error.contains("HTTP/1.1 422 No"), "{error}");
    }

    #[test]
    fn a_connection_that_ends_early_is_an_error() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = std::thread::spawn(move || drop(listener.accept()));
        assert!(post_transfers(&load(address, 1)).is_err());
        accepting.join().unwrap();
    }
}
