//! What is known of one connection: what it waits for, since when, and what it was told to do.
//!
//! Shared by the task that serves the connection, the responses it sends, and the roster. It decides
//! nothing and wakes nobody but that task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

const NOT_STALLED: u64 = u64::MAX;

/// What a connection without a request in hand waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// For the first byte ever.
    Fresh,
    /// For the rest of a request's head.
    Head,
    /// For the next request.
    Idle,
}

/// What a connection was told to do. Only ever grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Order {
    /// To serve.
    Serve,
    /// To finish what it has in hand, and close.
    Close,
    /// To close at once.
    Abort,
}

/// The state of one connection. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(crate) struct Watch {
    peer: SocketAddr,
    opened: Instant,
    in_hand: AtomicUsize,
    phase: AtomicU8,
    since_ms: AtomicU64,
    stalled_ms: AtomicU64,
    order: AtomicU8,
    pub(crate) task: AtomicWaker,
}

impl Watch {
    pub(crate) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            opened: Instant::now(),
            in_hand: AtomicUsize::new(0),
            phase: AtomicU8::new(Phase::Fresh as u8),
            since_ms: AtomicU64::new(0),
            stalled_ms: AtomicU64::new(NOT_STALLED),
            order: AtomicU8::new(Order::Serve as u8),
            task: AtomicWaker::new(),
        }
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// Counts the requests that were received and whose responses are not complete.
    pub(crate) fn in_hand(&self) -> usize {
        self.in_hand.load(Relaxed)
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            phase if phase == Phase::Fresh as u8 => Phase::Fresh,
            phase if phase == Phase::Head as u8 => Phase::Head,
            _ => Phase::Idle,
        }
    }

    /// Returns when the phase began, or when the last response was complete if that was later.
    pub(crate) fn since(&self) -> Instant {
        self.opened + Duration::from_millis(self.since_ms.load(Relaxed))
    }

    /// Returns since when the client takes no bytes.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        match self.stalled_ms.load(Relaxed) {
            NOT_STALLED => None,
            ms => Some(self.opened + Duration::from_millis(ms)),
        }
    }

    /// Says that no request was ever received.
    pub(crate) fn is_new(&self) -> bool {
        match self.phase() {
            Phase::Fresh => true,
            Phase::Head => self.since_ms.load(Relaxed) == 0,
            Phase::Idle => false,
        }
    }

    /// Notes that bytes came. Where no request is in hand, the head of one has begun.
    pub(crate) fn received(&self) {
        if self.in_hand() == 0 && self.phase() != Phase::Head {
            // The first head counts from the connection's start: no second chance for the first byte.
            if self.phase() == Phase::Idle {
                self.since_ms.store(self.now_ms(), Relaxed);
            }
            self.phase.store(Phase::Head as u8, Relaxed);
        }
    }

    /// Notes that the connection is set up and waits for requests.
    pub(crate) fn settled(&self) {
        self.since_ms.store(self.now_ms(), Relaxed);
        self.phase.store(Phase::Idle as u8, Relaxed);
    }

    /// Notes whether the client took bytes that were offered.
    pub(crate) fn offered(&self, taken: bool) {
        let stalled = self.stalled_ms.load(Relaxed) != NOT_STALLED;
        if taken && stalled {
            self.stalled_ms.store(NOT_STALLED, Relaxed);
            self.since_ms.store(self.now_ms(), Relaxed);
        } else if !taken && !stalled {
            self.stalled_ms.store(self.now_ms(), Relaxed);
        }
    }

    /// Notes that a request was received; the ticket goes with its response.
    pub(crate) fn request(self: &Arc<Self>) -> Ticket {
        self.phase.store(Phase::Idle as u8, Relaxed);
        self.in_hand.fetch_add(1, Relaxed);
        Ticket(Arc::clone(self))
    }

    pub(crate) fn order(&self) -> Order {
        match self.order.load(Acquire) {
            order if order == Order::Serve as u8 => Order::Serve,
            order if order == Order::Close as u8 => Order::Close,
            _ => Order::Abort,
        }
    }

    /// Tells the connection what to do from now on.
    pub(crate) fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Release);
        self.task.wake();
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(NOT_STALLED - 1)
    }
}

/// A request in hand, until dropped.
#[derive(Debug)]
pub(crate) struct Ticket(Arc<Watch>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.since_ms.store(self.0.now_ms(), Relaxed);
        self.0.in_hand.fetch_sub(1, Relaxed);
    }
}
