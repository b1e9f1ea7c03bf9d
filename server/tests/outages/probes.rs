//! What a load balancer does: asks again and again whether the service lives and whether it is ready.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::posts::answer;
use crate::harness::{Client, wait_until};

const PAUSE: Duration = Duration::from_millis(20);

/// An answer to whether the service is ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) ready: bool,
}

/// Two threads that ask.
pub(crate) struct Probes {
    ends: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Probe>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Probes {
    pub(crate) fn start(service: SocketAddr) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let live = {
            let ends = Arc::clone(&ends);
            move || ask_until(&ends, || assert_lives(service))
        };
        let ready = {
            let (ends, seen) = (Arc::clone(&ends), Arc::clone(&seen));
            move || ask_until(&ends, || seen.lock().expect("nobody panics with it").push(is_ready(service)))
        };
        Self { ends, seen, threads: vec![thread::spawn(live), thread::spawn(ready)] }
    }

    /// Waits until somebody who asks from now on is told so.
    pub(crate) fn wait_for(&self, ready: bool) {
        let since = Instant::now();
        let what = if ready { "the service to be ready" } else { "the service not to be ready" };
        wait_until(what, || self.since(since).iter().any(|probe| probe.ready == ready));
    }

    /// Lists what was asked since then.
    pub(crate) fn since(&self, since: Instant) -> Vec<Probe> {
        let seen = self.seen.lock().expect("nobody panics with it");
        let from = seen.partition_point(|probe| probe.began < since);
        seen[from..].to_vec()
    }

    /// Ends, and fails where the service had not lived all along.
    pub(crate) fn stop(mut self) {
        for ended in self.end() {
            ended.expect("a probe met what must not be");
        }
    }

    fn end(&mut self) -> Vec<thread::Result<()>> {
        self.ends.store(true, Ordering::Relaxed);
        self.threads.drain(..).map(JoinHandle::join).collect()
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        // Before the service goes that they ask.
        self.end();
    }
}

fn ask_until(ends: &AtomicBool, mut ask: impl FnMut()) {
    while !ends.load(Ordering::Relaxed) {
        ask();
        thread::park_timeout(PAUSE);
    }
}

fn assert_lives(service: SocketAddr) {
    let reply = Client::connect(service).expect("it listens").get("/health/live");
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn is_ready(service: SocketAddr) -> Probe {
    let began = Instant::now();
    let reply = Client::connect(service).expect("it listens").get("/health/ready");
    let ready = match &*answer(&reply) {
        "200" => true,
        "503 service.not_ready" => {
            assert_eq!(reply.json()["detail"], "The store does not answer as it should.", "{reply:?}");
            false
        }
        _ => panic!("{reply:?}"),
    };
    Probe { began, ended: Instant::now(), ready }
}
