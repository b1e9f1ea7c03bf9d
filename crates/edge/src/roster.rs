//! The list of all open connections: how many there are, and how to tell them to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

use crate::watch::{Order, Watch};

/// All open connections.
#[derive(Debug)]
pub(crate) struct Roster {
    seats: Mutex<Seats>,
    emptied: Notify,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Seats {
    taken: HashMap<u64, Arc<Watch>>,
    next: u64,
}

impl Roster {
    pub(crate) fn new(gauge: Gauge) -> Self {
        Self { seats: Mutex::default(), emptied: Notify::new(), gauge }
    }

    /// Adds a connection, unless there are `max` already.
    pub(crate) fn enter(self: &Arc<Self>, watch: &Arc<Watch>, max: usize) -> Option<Seat> {
        let mut seats = self.seats();
        if seats.taken.len() >= max {
            return None;
        }
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(watch));
        self.gauge.inc();
        Some(Seat { number, roster: Arc::clone(self) })
    }

    /// Tells every connection what to do.
    pub(crate) fn tell(&self, order: Order) {
        // Copied out: a woken task may want the lock before this is done.
        let all: Vec<_> = self.seats().taken.values().map(Arc::clone).collect();
        for watch in all {
            watch.tell(order);
        }
    }

    /// Counts the connections that have requests in hand, and those requests.
    pub(crate) fn in_hand(&self) -> (usize, usize) {
        let seats = self.seats();
        let busy = seats.taken.values().map(|watch| watch.in_hand()).filter(|requests| *requests > 0);
        busy.fold((0, 0), |(connections, requests), more| (connections + 1, requests + more))
    }

    /// Waits until no connection is open.
    pub(crate) async fn emptied(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.emptied.notified());
            // Listening before looking: a seat left in between is not missed.
            emptied.as_mut().enable();
            if self.seats().taken.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        // The list is whole between any two of its statements, whoever panicked while holding it.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place in the roster, until dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    roster: Arc<Roster>,
}

impl Seat {
    /// Returns the connection's number, counted from 0 since the start.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roster.gauge.dec();
        let mut seats = self.roster.seats();
        seats.taken.remove(&self.number);
        if seats.taken.is_empty() {
            self.roster.emptied.notify_waiters();
        }
    }
}
