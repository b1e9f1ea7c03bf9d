//! A closed loop of posts: as many connections as asked for, each with one request on its way.
//!
//! It shares the machine with the service and the database, so what it costs is taken from them: one thread, one
//! read and one write for a post, requests that are the same bytes but for a few digits. It counts nothing but
//! replies that say 201, each of them read to its end.

mod connection;
mod http;
mod traffic;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::bail;
use mio::{Events, Interest, Poll, Token};

use self::connection::Connection;
pub(crate) use self::http::get;
pub(crate) use self::traffic::Traffic;
use super::latencies::Latencies;

/// A service that says nothing for so long is not measured any further.
const PATIENCE: Duration = Duration::from_secs(30);

/// The load of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) traffic: Traffic,
    /// Accounts that are there, numbered from 0.
    pub(crate) accounts: u32,
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
        let mut connection = Connection::open(load.address, load.traffic, load.accounts)?;
        poll.registry().register(connection.source(), Token(number), Interest::READABLE)?;
        connections.push(connection);
    }
    let start = Instant::now();
    let counts_from = start + load.warm_up;
    let end = counts_from + load.duration;
    for connection in &mut connections {
        connection.post(&mut random, Instant::now())?;
    }
    let mut latencies = Latencies::default();
    let mut posts = 0;
    let mut open = connections.len();
    let mut last = start;
    let mut events = Events::with_capacity(load.connections.max(1));
    while open > 0 {
        poll.poll(&mut events, Some(PATIENCE))?;
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
                connection.post(&mut random, last)?;
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

/// Gives every account what it may spend.
///
/// # Errors
/// The service cannot be reached, or answers with anything but 201.
pub(crate) fn fund(address: SocketAddr, accounts: u32) -> anyhow::Result<()> {
    for (path, body) in traffic::funds(accounts) {
        let reply = http::post(address, path, &body)?;
        if !reply.starts_with("HTTP/1.1 201 ") {
            bail!("giving accounts what they spend was answered with: {reply}");
        }
    }
    Ok(())
}
