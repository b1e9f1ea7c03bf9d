//! Replicas replaced one by one under load, as in an upgrade: clients see nothing of it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::harness::{Client, LONG, Request, Service, wait_until};
use crate::place::{Place, Stop};

/// Where a load balancer may send requests: it asks whether a replica is ready ahead of each.
struct Balancer(Mutex<Vec<SocketAddr>>);

impl Balancer {
    /// Sends a request to the first replica that says it is ready, and to the next one where the connection
    /// does not last. Returns the status.
    fn call(&self, first: usize, request: &Request) -> u16 {
        let began = Instant::now();
        for turn in first.. {
            assert!(began.elapsed() < LONG, "no replica answers");
            let replicas = self.0.lock().unwrap().clone();
            let Ok(mut connection) = Client::connect(replicas[turn % replicas.len()]) else { continue };
            match connection.try_call(&Request::get("/health/ready")) {
                Ok(reply) if reply.status == 200 => {}
                _ => continue,
            }
            if let Ok(reply) = connection.try_call(request) {
                return reply.status;
            }
        }
        unreachable!("there is no last turn");
    }
}

#[test]
fn replicas_are_replaced_one_by_one_and_no_client_is_refused() {
    let Some(place) = Place::on_postgres() else { return };
    let settings = place.settings_with(&[("PX_SERVER__SHUTDOWN_DELAY_MS", "300")]);
    assert_eq!(place.run(&["migrate"]).code(), Some(0));
    let mut old: Vec<Service> = (0..2).map(|_| Service::start(place.path(), &settings)).collect();
    let balancer = Balancer(Mutex::new(old.iter().map(|service| service.address).collect()));
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let new = std::thread::scope(|scope| {
        let clients_stop = Stop(&stop);
        for client in 0..4 {
            let (balancer, stop, acknowledged) = (&balancer, &stop, &acknowledged);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let post = Request::post("/v1/ledgers/main/transactions")
                        .header("idempotency-key", format!("{client}-{number}"))
                        .json(Place::TRANSACTION);
                    assert_eq!(balancer.call(client, &post), 201);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let some_more = || {
            let enough = acknowledged.load(Ordering::Relaxed) + 20;
            wait_until("posts", || acknowledged.load(Ordering::Relaxed) >= enough);
        };
        let mut new = Vec::new();
        for leaving in old.drain(..) {
            some_more();
            let coming = Service::start(place.path(), &settings);
            balancer.0.lock().unwrap().push(coming.address);
            new.push(coming);
            some_more();
            let address = leaving.address;
            assert_eq!(leaving.stop().code(), Some(0));
            balancer.0.lock().unwrap().retain(|replica| *replica != address);
        }
        some_more();
        drop(clients_stop);
        new
    });
    let log = Place::log(&new[0]);
    assert_eq!(log.len(), acknowledged.load(Ordering::Relaxed), "each key once");
    assert_eq!(place.run(&["verify"]).code(), Some(0));
}
