//! Clients that post as long as they are let, each one post after the other, every post under a key. What failed is
//! sent again at once or left for later, as chance will have it. They remember everything.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::posts::{CREATED, Post, Posts, REJECTED, UNAVAILABLE, answer};
use crate::harness::{Client, Reply, Request, wait_until};

const CLIENTS: usize = 8;

/// How long a client takes at most until its next post; the machine has other things to do.
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// How long a client waits that met trouble.
const TROUBLE_PAUSE: Duration = Duration::from_millis(25);

/// A post and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) answer: String,
}

/// Everything that was asked for, and every answer in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) posts: Posts,
    pub(crate) attempts: Vec<Attempt>,
}

impl Record {
    /// Counts the answers of what satisfies a condition.
    pub(crate) fn answers(&self, of: impl Fn(&Attempt) -> bool) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for attempt in self.attempts.iter().filter(|attempt| of(attempt)) {
            *counts.entry(&*attempt.answer).or_default() += 1;
        }
        counts
    }
}

/// The clients.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    service: SocketAddr,
    ends: AtomicBool,
    record: Mutex<Record>,
}

impl Load {
    pub(crate) fn start(service: SocketAddr, random: &mut fastrand::Rng) -> Self {
        let shared = Shared { service, ends: AtomicBool::new(false), record: Mutex::default() };
        let shared = Arc::new(shared);
        let clients = (0..CLIENTS).map(|number| {
            let (shared, mut random) = (Arc::clone(&shared), random.fork());
            thread::spawn(move || shared.post(number, &mut random))
        });
        Self { clients: clients.collect(), shared }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.shared.record()
    }

    /// Waits until so many posts that are sent from now on have an answer.
    pub(crate) fn wait_for(&self, answer: &str, count: usize) {
        let since = Instant::now();
        wait_until(answer, || {
            let record = self.record();
            let late = record.attempts.iter().rev().take_while(|attempt| attempt.ended >= since);
            late.filter(|attempt| attempt.began >= since && attempt.answer == answer).count() >= count
        });
    }

    /// Waits until something holds of an answer that came since then, and returns what it is.
    pub(crate) fn find<T>(&self, since: Instant, mut wanted: impl FnMut(&Attempt) -> Option<T>) -> T {
        let mut found = None;
        wait_until("an answer", || {
            let record = self.record();
            let mut late = record.attempts.iter().rev().take_while(|attempt| attempt.ended >= since);
            found = late.find_map(&mut wanted);
            found.is_some()
        });
        found.expect("waited for")
    }

    /// Waits until a post is answered so, whenever it was sent.
    pub(crate) fn wait_until_seen(&self, answer: &str, since: Instant) {
        self.find(since, |attempt| (attempt.answer == answer).then_some(()));
    }

    /// Lets every client finish its post, and returns everything.
    pub(crate) fn stop(mut self) -> Record {
        self.shared.ends.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            client.thread().unpark();
            client.join().expect("a client met what must not be");
        }
        std::mem::take(&mut self.shared.record())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("nobody panics with it")
    }

    fn post(&self, number: usize, random: &mut fastrand::Rng) {
        let mut connection = None;
        for turn in 0.. {
            let key = format!("{number}-{turn}");
            let mut post = Post::random(random);
            loop {
                let began = Instant::now();
                let reply = self.ask(&mut connection, &post.request("main", &key));
                let attempt = Attempt { began, ended: Instant::now(), answer: post.note(reply.as_ref()) };
                let answered = [CREATED, REJECTED].contains(&&*attempt.answer);
                self.record().attempts.push(attempt);
                if answered {
                    break;
                }
                thread::park_timeout(TROUBLE_PAUSE);
                if random.bool() || self.ends.load(Ordering::Relaxed) {
                    break;
                }
            }
            let acknowledged = post.acknowledged;
            self.record().posts.insert(key, post);
            if self.ends.load(Ordering::Relaxed) {
                return;
            }
            if let Some(id) = acknowledged.filter(|_| random.u8(..8) == 0) {
                self.read(&mut connection, id);
            }
            thread::park_timeout(PAUSE_MAX.mul_f64(random.f64()));
        }
    }

    /// Looks for what was acknowledged: it is there, or nobody knows. It is never not there.
    fn read(&self, connection: &mut Option<Client>, id: u64) {
        let path = format!("/v1/ledgers/main/transactions/{id}");
        let Some(reply) = self.ask(connection, &Request::get(path)) else { return };
        let answer = answer(&reply);
        assert!(["200", UNAVAILABLE].contains(&&*answer), "transaction {id}: {reply:?}");
    }

    fn ask(&self, connection: &mut Option<Client>, request: &Request) -> Option<Reply> {
        let mut connected = connection.take().or_else(|| Client::connect(self.service).ok())?;
        let reply = connected.try_call(request).ok()?;
        if reply.header("connection") != Some("close") {
            *connection = Some(connected);
        }
        Some(reply)
    }
}
