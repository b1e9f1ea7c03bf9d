//! `kill -9` at random moments while holds are made, captured and voided, and captures are reversed. Whoever had no
//! answer asks again under the same key; in the end every key is in the log once or not at all, as its client was
//! told, and no hold gave more than it had.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::Chance;
use crate::asked::replayed;
use crate::audit::{log, verify};
use crate::crowd::Crowd;
use crate::harness::{Client, Reply, Request, Tally};
use crate::store::Store;

/// Few enough that clients meet on them, and that each is short of funds now and then.
const ACCOUNTS: usize = 4;
/// How many of the requests that had a yes are sent again in one go.
const SAMPLE: usize = 60;

#[test]
fn no_hold_is_lost_or_captured_twice_on_sqlite_whenever_the_service_is_killed() {
    kill_at_random_moments(&Store::sqlite(), Tally::of("holds_sqlite"));
}

#[test]
fn no_hold_is_lost_or_captured_twice_on_postgresql_whenever_the_service_is_killed() {
    let Some(store) = Store::postgres() else { return };
    kill_at_random_moments(&store, Tally::of("holds_postgres"));
}

fn kill_at_random_moments(store: &Store, mut tally: Tally) {
    let Chance { mut random, rounds } = Chance::of(tally.test);
    let mut all: Vec<Asked> = Vec::new();
    for round in 0..rounds {
        let service = store.serve(None);
        settle(&mut service.connect(), store, &mut all, &mut random, &mut tally);
        all.extend((0..ACCOUNTS).map(|number| Asked::deposit(format!("{round}-in-{number}"), number)));
        let crowd = Crowd::start(store, &service, round, &mut random, work);
        settle(&mut service.connect(), store, &mut all, &mut random, &mut tally);
        let asked = crowd.kill(service, random.u64(1..400), &mut tally);
        for one in &asked {
            one.count(&mut tally);
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
    for (path, what) in
        [("/holds", "held"), ("/captures", "captured"), ("/void", "voided"), ("/reversals", "reversed")]
    {
        assert!(all.iter().any(|one| one.path.ends_with(path) && one.went_well()), "nothing was {what}");
    }
}

/// A request under a key, and what its client was told: nothing that lasts, where that is none.
struct Asked {
    key: String,
    path: String,
    body: Option<Value>,
    told: Option<(u16, String)>,
}

impl Asked {
    fn deposit(key: String, account: usize) -> Self {
        let postings = json!({ "postings": [posting("world", &user(account), 100)] });
        Self { key, path: "/transactions".to_owned(), body: Some(postings), told: None }
    }

    fn request(&self, ledger: &str) -> Request {
        let request = Request::post(format!("{ledger}{}", self.path)).header("idempotency-key", &self.key);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    fn take(&mut self, reply: &Reply) {
        self.told = [200, 201, 422].contains(&reply.status).then(|| (reply.status, reply.body.clone()));
    }

    fn went_well(&self) -> bool {
        self.told.as_ref().is_some_and(|(status, _)| *status < 300)
    }

    fn count(&self, tally: &mut Tally) {
        match &self.told {
            Some((422, _)) => tally.rejected += 1,
            Some(_) => tally.acknowledged += 1,
            None => tally.unanswered += 1,
        }
    }
}

fn user(number: usize) -> String {
    format!("users:{number}")
}

fn posting(source: &str, destination: &str, amount: u64) -> Value {
    json!({ "source": source, "destination": destination, "asset": "USD/2", "amount": amount.to_string() })
}

/// One client: it makes a hold, captures and reverses in small parts, and lets go, until nobody answers.
fn work(
    address: SocketAddr,
    ledger: &str,
    name: &str,
    mut random: fastrand::Rng,
    answered: &AtomicU64,
) -> Vec<Asked> {
    let mut all = Vec::new();
    // A service that is killed early never lets some of them in.
    let Ok(mut connection) = Client::connect(address) else { return all };
    let account = user(random.usize(..ACCOUNTS));
    let (mut hold, mut captured) = (None, None);
    for turn in 0.. {
        let amount = random.u64(1..10);
        let (path, body) = match (hold, captured, random.u8(..8)) {
            (Some(hold), _, 0) => (format!("/holds/{hold}/void"), None),
            (Some(hold), _, 1) => {
                (format!("/holds/{hold}/captures"), Some(json!({ "final": random.bool() })))
            }
            (_, Some(transaction), 2..4) => {
                let back = json!({ "postings": [posting("shop", &account, amount)] });
                (format!("/transactions/{transaction}/reversals"), Some(back))
            }
            (Some(hold), _, _) => {
                let part = json!({ "postings": [posting(&account, "shop", amount)] });
                (format!("/holds/{hold}/captures"), Some(part))
            }
            (None, _, _) => {
                let postings = json!({ "postings": [posting(&account, "shop", 3 * amount)] });
                ("/holds".to_owned(), Some(postings))
            }
        };
        let mut one = Asked { key: format!("{name}-{turn}"), path, body, told: None };
        let Ok(reply) = connection.try_call(&one.request(ledger)) else {
            all.push(one);
            break;
        };
        one.take(&reply);
        if one.told.is_some() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        match (reply.status, one.path.as_str()) {
            (201, "/holds") => hold = reply.json()["id"].as_u64(),
            (201, path) if path.ends_with("/captures") => {
                captured = reply.json()["id"].as_u64();
                hold = hold.filter(|_| reply.json()["captures"]["closes"] == false);
            }
            (200, _) => hold = None,
            _ => {}
        }
        all.push(one);
    }
    all
}

/// Asks again for what had no answer that lasts, and for some of what had a yes, which has to get the same again.
fn settle(
    connection: &mut Client,
    store: &Store,
    all: &mut [Asked],
    random: &mut fastrand::Rng,
    tally: &mut Tally,
) {
    let one_in = all.len().div_ceil(SAMPLE).max(1);
    for one in all {
        let again = one.went_well() && random.usize(..one_in) == 0;
        if !again && one.told.is_some() {
            continue;
        }
        let reply = connection.call(&one.request(&store.path()));
        let before = one.told.take();
        one.take(&reply);
        assert!(one.told.is_some(), "nothing is in the way of a plain answer: {reply:?}");
        match before {
            None => tally.settled += 1,
            Some(_) if before == one.told && replayed(&reply) => {}
            Some(before) => {
                println!("lost: {} was told {before:?}, and now {reply:?}", one.path);
                tally.lost += 1;
            }
        }
    }
}

/// Walks the log: every key that had a yes is there once, every other is not, and no hold gave more than it had.
fn audit(connection: &mut Client, store: &Store, all: &[Asked], tally: &mut Tally) {
    let mut claims: HashMap<&str, bool> = all.iter().map(|one| (one.key.as_str(), one.went_well())).collect();
    let mut left: HashMap<u64, i128> = HashMap::new();
    for (number, entry) in log(connection, store, tally) {
        let key = entry["idempotency_key"].as_str().unwrap_or_default();
        if claims.remove(key) != Some(true) {
            println!("recorded twice, or though its client was told otherwise: {entry}");
            tally.doubled += 1;
        }
        let sum: i128 = entry["postings"].as_array().expect("a list").iter().map(amount).sum();
        let captures = &entry["captures"];
        if entry["type"] == "hold" {
            left.insert(number, sum);
        } else if let Some(hold) = captures["hold"].as_u64() {
            let rest = left.get_mut(&hold).map(|rest| {
                *rest -= sum;
                *rest
            });
            if rest.is_none_or(|rest| rest < 0) {
                println!("captured more than the hold had, or after its end: {entry}");
                tally.overdrawn += 1;
            }
            if captures["closes"] == true {
                left.remove(&hold);
            }
        } else if let Some(hold) = entry["releases"]["hold"].as_u64()
            && left.remove(&hold) != Some(sum)
        {
            println!("let go another rest than there was, or after the end: {entry}");
            tally.overdrawn += 1;
        }
    }
    for (key, _) in claims.into_iter().filter(|(_, went_well)| *went_well) {
        println!("lost: {key} is not in the log");
        tally.lost += 1;
    }
}

fn amount(posting: &Value) -> i128 {
    posting["amount"].as_str().and_then(|text| text.parse().ok()).expect("an amount")
}
