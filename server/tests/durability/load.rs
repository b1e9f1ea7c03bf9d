//! Clients that post to one service until it is gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::asked::{Asked, First, Kind, Post, Told};
use crate::harness::{Client, Service, Tally};
use crate::store::Store;

const CLIENTS: usize = 32;

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<JoinHandle<Vec<Post>>>,
    acknowledged: Arc<AtomicU64>,
}

impl Load {
    /// Lets clients post until the service does not answer any more; `round` keeps their keys apart.
    pub(crate) fn start(
        store: &Store,
        service: &Service,
        round: impl std::fmt::Display,
        kind: Kind,
        random: &mut fastrand::Rng,
    ) -> Self {
        let acknowledged = Arc::new(AtomicU64::new(0));
        let clients = (0..CLIENTS).map(|client| {
            let client = Posting {
                address: service.address,
                ledger: store.path(),
                keys: format!("{round}-{client}"),
                kind,
                random: random.fork(),
                acknowledged: Arc::clone(&acknowledged),
            };
            thread::spawn(move || client.run())
        });
        Self { clients: clients.collect(), acknowledged }
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits for the clients, notes what they asked for, and counts what they were told.
    pub(crate) fn join(self, asked: &mut Asked, tally: &mut Tally) {
        for client in self.clients {
            for post in client.join().expect("a client only posts") {
                post.count(tally);
                asked.insert(post.key.clone(), post);
            }
        }
    }
}

/// One client.
struct Posting {
    address: SocketAddr,
    ledger: String,
    keys: String,
    kind: Kind,
    random: fastrand::Rng,
    acknowledged: Arc<AtomicU64>,
}

impl Posting {
    fn run(mut self) -> Vec<Post> {
        let mut posts = Vec::new();
        // A service that is killed early never lets some of them in.
        let Ok(mut connection) = Client::connect(self.address) else { return posts };
        for turn in 0.. {
            let key = format!("{}-{turn}", self.keys);
            let mut post = Post::random(key, self.kind, &mut self.random);
            match connection.try_call(&post.request(&self.ledger)) {
                Ok(reply) => post.told = Told::by(&reply),
                Err(_) => post.first = First::Unanswered,
            }
            if matches!(post.told, Told::Acknowledged(_)) {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            let gone = post.first == First::Unanswered;
            posts.push(post);
            if gone {
                break;
            }
        }
        posts
    }
}
