//! Clients that work at once, each in its own way, until the service is killed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::harness::{Service, Tally, wait_until};
use crate::store::Store;

const CLIENTS: usize = 16;

/// What a client does: it asks the service at an address about a ledger, begins its keys with its name, counts answers
/// that last, and returns what it asked for.
pub(crate) type Work<T> = fn(SocketAddr, &str, &str, fastrand::Rng, &AtomicU64) -> Vec<T>;

/// Clients at work.
pub(crate) struct Crowd<T> {
    clients: Vec<JoinHandle<Vec<T>>>,
    answered: Arc<AtomicU64>,
}

impl<T: Send + 'static> Crowd<T> {
    /// Lets clients work; `round` keeps their names apart.
    pub(crate) fn start(
        store: &Store,
        service: &Service,
        round: u64,
        random: &mut fastrand::Rng,
        work: Work<T>,
    ) -> Self {
        let answered = Arc::new(AtomicU64::new(0));
        let clients = (0..CLIENTS).map(|number| {
            let (address, ledger, random) = (service.address, store.path(), random.fork());
            let answered = Arc::clone(&answered);
            thread::spawn(move || work(address, &ledger, &format!("{round}-{number}"), random, &answered))
        });
        Self { clients: clients.collect(), answered }
    }

    /// Kills the service after so many answers, and returns what its clients asked for.
    pub(crate) fn kill(self, service: Service, enough: u64, tally: &mut Tally) -> Vec<T> {
        wait_until("enough answers", || self.answered.load(Ordering::Relaxed) >= enough);
        drop(service.kill());
        tally.kills += 1;
        self.clients.into_iter().flat_map(|client| client.join().expect("a client only asks")).collect()
    }
}
