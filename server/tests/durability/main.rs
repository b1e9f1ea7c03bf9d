//! Durability: 64 clients post at once, the service is killed in the middle, twenty times over on one
//! database. What was acknowledged is there exactly once; what was not is settled by its key.
//!
//! `FLORIN_SEED` repeats a run, as far as threads allow; `FLORIN_KILL_ROUNDS` makes it longer or shorter.

#[path = "../harness/mod.rs"]
mod harness;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{Client, Reply, Request, Service, run, wait_until};

const CLIENTS: usize = 64;
const ACCOUNTS: usize = 50;
const TRANSACTIONS: &str = "/v1/ledgers/main/transactions";

/// What a client asked for under a key, and the id that it was told, if it was told one.
#[derive(Clone, Debug)]
struct Post {
    account: usize,
    amount: u64,
    acknowledged: Option<u64>,
}

impl Post {
    /// Moves money through a shop that keeps nothing, so that an account is touched twice by one entry.
    fn request(&self, key: &str) -> Request {
        let Self { account, amount, .. } = self;
        let body = format!(
            r#"{{"postings":[{{"source":"world","destination":"shop","asset":"USD/2","amount":"{amount}"}},
                {{"source":"shop","destination":"users:{account}","asset":"USD/2","amount":"{amount}"}}]}}"#
        );
        Request::post(TRANSACTIONS).header("idempotency-key", key).json(body)
    }
}

/// All that was ever asked for, by key.
type Asked = HashMap<String, Post>;

#[test]
fn what_was_acknowledged_survives_kill_9_exactly_once() {
    let seed = number("FLORIN_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number("FLORIN_KILL_ROUNDS").unwrap_or(20);
    println!("FLORIN_SEED={seed} FLORIN_KILL_ROUNDS={rounds}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut asked = Asked::new();
    let mut unsettled = 0;
    for round in 0..rounds {
        let service = Service::start(folder.path(), &[]);
        unsettled += settle(&service, &mut asked, &mut random);
        asked.extend(post_until_killed(service, round, &mut random));
        verify(folder.path());
    }
    let service = Service::start(folder.path(), &[]);
    unsettled += settle(&service, &mut asked, &mut random);
    println!("{} posts, {unsettled} of them without an answer when the service was killed", asked.len());
    assert!(unsettled > 0, "no kill ever hit a post on its way: the test showed nothing");
    compare_log(&service, &asked);
    compare_balances(&service, &asked);
    assert_eq!(service.stop().code(), Some(0));
    verify(folder.path());
}

/// Lets all clients post until a random number of posts is acknowledged, and kills the service.
fn post_until_killed(service: Service, round: u64, random: &mut fastrand::Rng) -> Asked {
    let address = service.address;
    let enough = random.usize(1..1500);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let posts = Arc::new(Mutex::new(Asked::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (acknowledged, posts, mut random) =
                (Arc::clone(&acknowledged), Arc::clone(&posts), random.fork());
            std::thread::spawn(move || {
                let mut connection = Client::connect(address).expect("it listens");
                for turn in 0.. {
                    let key = format!("{round}-{client}-{turn}");
                    let mut post = Post {
                        account: random.usize(..ACCOUNTS),
                        amount: random.u64(1..1000),
                        acknowledged: None,
                    };
                    let reply = connection
                        .try_send(&post.request(&key).bytes())
                        .and_then(|()| connection.try_reply());
                    let killed = reply.is_err();
                    if let Ok(reply) = reply {
                        post.acknowledged = Some(id(&reply));
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    posts.lock().unwrap().insert(key, post);
                    if killed {
                        return;
                    }
                }
            })
        })
        .collect();
    wait_until("enough posts", || acknowledged.load(Ordering::Relaxed) >= enough);
    drop(service.kill());
    for client in clients {
        client.join().unwrap();
    }
    Arc::into_inner(posts).expect("all clients are gone").into_inner().unwrap()
}

/// Sends again what had no answer, and some of what had one, which has to get the same again. Returns how
/// many had none.
fn settle(service: &Service, asked: &mut Asked, random: &mut fastrand::Rng) -> usize {
    let mut connection = service.connect();
    let mut settled = 0;
    let one_in = asked.len().div_ceil(200).max(1);
    for (key, post) in asked {
        if post.acknowledged.is_some() && random.usize(..one_in) > 0 {
            continue;
        }
        let reply = connection.call(&post.request(key));
        if let Some(told) = post.acknowledged {
            assert_eq!(reply.header("idempotency-replayed"), Some("true"), "{key} was lost: {reply:?}");
            assert_eq!(id(&reply), told, "{key} is another transaction now");
        } else {
            post.acknowledged = Some(id(&reply));
            settled += 1;
        }
    }
    settled
}

/// Walks the log: every key is there once, under the id that its client was told, as it was asked for.
fn compare_log(service: &Service, asked: &Asked) {
    let mut connection = service.connect();
    let mut seen = 0;
    let mut cursor = String::new();
    loop {
        let page = connection.get(&format!("/v1/ledgers/main/log?limit=1000{cursor}")).json();
        for entry in page["items"].as_array().expect("a list") {
            assert_eq!(entry["number"], seen, "a gap in the log");
            let key = entry["idempotency_key"].as_str().expect("every post had one");
            let post = &asked[key];
            assert_eq!(post.acknowledged, Some(seen), "{key}: {entry}");
            let last = &entry["postings"][1];
            assert_eq!(last["destination"], format!("users:{}", post.account), "{key}: {entry}");
            assert_eq!(last["amount"], post.amount.to_string(), "{key}: {entry}");
            seen += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, asked.len() as u64, "as many entries as keys");
}

/// Adds up what every account was given.
fn compare_balances(service: &Service, asked: &Asked) {
    let mut connection = service.connect();
    for account in 0..ACCOUNTS {
        let given: u64 = asked.values().filter(|post| post.account == account).map(|post| post.amount).sum();
        let path = format!("/v1/ledgers/main/accounts/users:{account}");
        let reply = connection.get(&path);
        let posted =
            if reply.status == 404 { "0".into() } else { reply.json()["balances"][0]["posted"].clone() };
        assert_eq!(posted, given.to_string(), "users:{account}");
    }
}

fn verify(folder: &Path) {
    let ended = run(folder, &[], &["verify"]);
    assert_eq!(ended.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
}

fn id(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["id"].as_u64().expect("an id")
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
