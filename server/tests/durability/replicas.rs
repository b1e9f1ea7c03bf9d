//! Three replicas on one database, killed at random moments and between any two steps of writing, and started
//! again, while clients post on the same accounts and take their keys to another replica when one is gone.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use fail_points::Stores;

use crate::Chance;
use crate::asked::Asked;
use crate::audit::{audit, settle, verify};
use crate::harness::{Service, Tally, wait_until};
use crate::points::{assert_killed, of_batches, order};
use crate::roaming::Roaming;
use crate::store::Store;

const REPLICAS: usize = 3;
const CLIENTS: usize = 24;

#[test]
fn nothing_is_lost_or_doubled_by_replicas_that_die_while_clients_go_from_one_to_another() {
    let Some(store) = Store::postgres() else { return };
    let mut tally = Tally::of("replicas_postgres");
    let Chance { mut random, rounds } = Chance::of(tally.test);
    let mut replicas = Replicas { store: &store, running: [const { None }; REPLICAS], shown: Arc::default() };
    replicas.start_the_missing(&mut random);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let ledger = store.path();
            let client = Roaming::new(number, ledger, Arc::clone(&replicas.shown), random.fork());
            thread::spawn(move || client.run())
        })
        .collect();
    while tally.kills < rounds {
        tally.kills += replicas.let_one_die(&mut random);
        if random.u8(..4) == 0 {
            // While clients post, too.
            verify(&store, &mut tally);
        }
        replicas.wait_for_posts(random.u64(..100));
        replicas.start_the_missing(&mut random);
    }
    // Nobody stops before its post has an answer, so there has to be somebody to answer.
    replicas.shown.stop.store(true, Ordering::Relaxed);
    wait_until("the clients to end", || {
        tally.kills += replicas.bury();
        if replicas.alive() == 0 {
            replicas.start(0, None);
        }
        clients.iter().all(thread::JoinHandle::is_finished)
    });
    let mut asked = Asked::new();
    for client in clients {
        client.join().expect("a client only posts").count(&mut asked, &mut tally);
    }
    drop(replicas);

    let service = store.serve(None);
    settle(&store, &service, &mut asked, &mut random, &mut tally);
    audit(&store, &service, &asked, &mut tally);
    assert_eq!(service.stop().code(), Some(0));
    tally.print();
    tally.assert_nothing_wrong();
    assert!(tally.settled > 0, "no key was ever taken to another replica: the test showed nothing");
    assert!(tally.rejected > 0, "funds were never short: the test did not try the limits");
}

/// What clients see of the replicas, and what the replicas' keeper sees of the clients.
#[derive(Default)]
pub(crate) struct Shown {
    addresses: [Mutex<Option<SocketAddr>>; REPLICAS],
    pub(crate) acknowledged: AtomicU64,
    pub(crate) stop: AtomicBool,
}

impl Shown {
    /// Returns where the replicas listen that were alive when somebody last looked.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.iter().filter_map(|address| *address.lock().expect("nobody panics with it")).collect()
    }

    fn show(&self, place: usize, address: Option<SocketAddr>) {
        *self.addresses[place].lock().expect("nobody panics with it") = address;
    }
}

/// The replicas, each with the place where it dies, if it has one.
struct Replicas<'a> {
    store: &'a Store,
    running: [Option<(Service, Option<String>)>; REPLICAS],
    shown: Arc<Shown>,
}

impl Replicas<'_> {
    fn alive(&self) -> usize {
        self.running.iter().flatten().count()
    }

    fn start(&mut self, place: usize, order: Option<String>) {
        let service = self.store.serve(order.as_deref());
        self.shown.show(place, Some(service.address));
        self.running[place] = Some((service, order));
    }

    /// Starts those that are dead; half of them will die between two steps of writing.
    fn start_the_missing(&mut self, random: &mut fastrand::Rng) {
        for place in 0..REPLICAS {
            if self.running[place].is_none() {
                let points = of_batches(Stores::Postgres);
                let point = random.choice(points).filter(|_| random.bool());
                self.start(place, point.map(|point| order(point, random)));
            }
        }
    }

    /// Waits for more acknowledged posts, unless everybody dies.
    fn wait_for_posts(&mut self, more: u64) {
        let acknowledged = |shown: &Shown| shown.acknowledged.load(Ordering::Relaxed);
        let enough = acknowledged(&self.shown) + more;
        wait_until("more posts", || {
            let all_dead = self.running.iter_mut().flatten().all(|(service, _)| service.has_ended());
            all_dead || acknowledged(&self.shown) >= enough
        });
    }

    /// Waits a while, and kills one, so long as another one lives. Returns how many have died.
    fn let_one_die(&mut self, random: &mut fastrand::Rng) -> u64 {
        self.wait_for_posts(random.u64(10..150));
        let dead = self.bury();
        let living: Vec<_> = (0..REPLICAS).filter(|place| self.running[*place].is_some()).collect();
        let Some(place) = random.choice(living).filter(|_| self.alive() > 1) else { return dead };
        let (service, _) = self.running[place].take().expect("it lives");
        drop(service.kill());
        self.shown.show(place, None);
        dead + 1
    }

    /// Takes away those that have reached their places. Returns how many.
    fn bury(&mut self) -> u64 {
        let mut dead = 0;
        for place in 0..REPLICAS {
            let Some((service, order)) = self.running[place].take_if(|(service, _)| service.has_ended())
            else {
                continue;
            };
            self.shown.show(place, None);
            assert_killed(&service.wait(), &order.expect("only where it has been told to"));
            dead += 1;
        }
        dead
    }
}
