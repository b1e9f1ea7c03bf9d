//! `kill -9` at random moments while batches are asked for that happen whole or not at all. After each kill the log has
//! of every batch all commands or none; whoever had no answer asks again under the same keys; and what a client was
//! told of a batch stays true.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::Chance;
use crate::audit::{log, verify};
use crate::crowd::Crowd;
use crate::harness::{Client, Reply, Request, Tally};
use crate::store::Store;

/// Few enough that clients meet on them, and that each is short of funds now and then.
const ACCOUNTS: usize = 4;
/// How many of the batches that had an answer are sent again in one go.
const SAMPLE: usize = 40;

#[test]
fn batches_are_there_whole_or_not_at_all_on_sqlite_whenever_the_service_is_killed() {
    kill_at_random_moments(&Store::sqlite(), Tally::of("batches_sqlite"));
}

#[test]
fn batches_are_there_whole_or_not_at_all_on_postgresql_whenever_the_service_is_killed() {
    let Some(store) = Store::postgres() else { return };
    kill_at_random_moments(&store, Tally::of("batches_postgres"));
}

fn kill_at_random_moments(store: &Store, mut tally: Tally) {
    let Chance { mut random, rounds } = Chance::of(tally.test);
    let mut all: Vec<Batch> = Vec::new();
    for round in 0..rounds {
        let service = store.serve(None);
        settle(&mut service.connect(), store, &mut all, &mut random, &mut tally);
        let crowd = Crowd::start(store, &service, round, &mut random, work);
        let asked = crowd.kill(service, random.u64(1..200), &mut tally);
        for one in &asked {
            match one.told {
                Some(true) => tally.acknowledged += 1,
                Some(false) => tally.rejected += 1,
                None => tally.unanswered += 1,
            }
        }
        all.extend(asked);
        verify(store, &mut tally);
    }
    let service = store.serve(None);
    settle(&mut service.connect(), store, &mut all, &mut random, &mut tally);
    audit(&mut service.connect(), store, &all, &mut tally);
    assert_eq!(service.stop().code(), Some(0));
    verify(store, &mut tally);
    tally.print();
    tally.assert_nothing_wrong();
    for (told, what) in [(true, "applied"), (false, "refused")] {
        assert!(all.iter().any(|one| one.told == Some(told)), "no batch was {what}");
    }
}

/// A batch whose commands have keys, and whether its client was told that it happened; nothing that lasts, where that is
/// none.
struct Batch {
    keys: Vec<String>,
    body: Value,
    told: Option<bool>,
}

impl Batch {
    /// Payments in, and as large ones out, so that accounts are short of funds again and again however long they are used.
    fn any(name: &str, random: &mut fastrand::Rng) -> Self {
        let keys: Vec<String> = (0..random.usize(2..6)).map(|place| format!("{name}-{place}")).collect();
        let command = |key: &String| {
            let account = user(random.usize(..ACCOUNTS));
            let (source, destination) =
                if random.bool() { ("world", &*account) } else { (&*account, "shop") };
            let amount = random.u64(1..20).to_string();
            let posting =
                json!({ "source": source, "destination": destination, "asset": "USD/2", "amount": amount });
            json!({ "type": "transaction", "idempotency_key": key, "postings": [posting] })
        };
        let commands: Vec<Value> = keys.iter().map(command).collect();
        Self { keys, body: json!({ "mode": "atomic", "commands": commands }), told: None }
    }

    fn request(&self, ledger: &str) -> Request {
        Request::post(format!("{ledger}/batches")).json(&self.body)
    }

    fn take(&mut self, reply: &Reply) {
        self.told = (reply.status == 200).then(|| reply.json()["applied"] == true);
    }
}

fn user(number: usize) -> String {
    format!("users:{number}")
}

/// One client: a batch after the other, until nobody answers.
fn work(
    address: SocketAddr,
    ledger: &str,
    name: &str,
    mut random: fastrand::Rng,
    answered: &AtomicU64,
) -> Vec<Batch> {
    let mut all = Vec::new();
    // A service that is killed early never lets some of them in.
    let Ok(mut connection) = Client::connect(address) else { return all };
    for turn in 0.. {
        let mut batch = Batch::any(&format!("{name}-{turn}"), &mut random);
        let reply = connection.try_call(&batch.request(ledger));
        if let Ok(reply) = &reply {
            batch.take(reply);
        }
        if batch.told.is_some() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        all.push(batch);
        if reply.is_err() {
            break;
        }
    }
    all
}

/// Looks whether batches are there whole, as they were left. Then asks again for what had no answer that lasts, and for
/// some of what happened, which has to be told again.
fn settle(
    connection: &mut Client,
    store: &Store,
    all: &mut [Batch],
    random: &mut fastrand::Rng,
    tally: &mut Tally,
) {
    audit(connection, store, all, tally);
    let one_in = all.len().div_ceil(SAMPLE).max(1);
    for batch in all {
        let again = batch.told == Some(true) && random.usize(..one_in) == 0;
        if !again && batch.told.is_some() {
            continue;
        }
        let reply = connection.call(&batch.request(&store.path()));
        let before = batch.told.take();
        batch.take(&reply);
        assert!(batch.told.is_some(), "nothing is in the way of a plain answer: {reply:?}");
        let results = reply.json()["results"].as_array().expect("a list").clone();
        let replayed = results.iter().filter(|result| result["replayed"] == true).count();
        match before {
            None => {
                tally.settled += 1;
                if replayed != 0 && replayed != batch.keys.len() {
                    println!("in part: {:?}: {reply:?}", batch.keys);
                    tally.doubled += 1;
                }
            }
            Some(_) if batch.told == Some(true) && replayed == batch.keys.len() => {}
            Some(_) => {
                println!("lost: {:?}: {reply:?}", batch.keys);
                tally.lost += 1;
            }
        }
    }
}

/// Walks the log: of a batch that happened every key is there once, of one that was refused none, and of one without an
/// answer all or none.
fn audit(connection: &mut Client, store: &Store, all: &[Batch], tally: &mut Tally) {
    let mut recorded: HashMap<String, u64> = HashMap::new();
    for (number, entry) in log(connection, store, tally) {
        let key = entry["idempotency_key"].as_str().unwrap_or_default();
        tally.doubled += u64::from(recorded.insert(key.to_owned(), number).is_some());
    }
    for Batch { keys, told, .. } in all {
        let there: Vec<u64> = keys.iter().filter_map(|key| recorded.remove(key)).collect();
        let is_whole = there.len() == keys.len() && there.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let (lost, doubled) = match told {
            Some(true) => (!is_whole, false),
            Some(false) => (false, !there.is_empty()),
            None => (false, !is_whole && !there.is_empty()),
        };
        if lost || doubled {
            println!("{keys:?}, told {told:?}, are there as {there:?}");
        }
        tally.lost += u64::from(lost);
        tally.doubled += u64::from(doubled);
    }
    for (key, number) in recorded {
        println!("nobody asked for entry {number}, {key}");
        tally.doubled += 1;
    }
}
