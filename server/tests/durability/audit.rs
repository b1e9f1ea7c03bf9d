//! Compares what clients were told with what the ledger says. It counts all that is wrong instead of failing at
//! the first, so that the counts of a run say how wrong.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::asked::{Asked, Posting, Told, replayed};
use crate::harness::{Client, Service, Tally};
use crate::store::Store;

/// How many of the posts that had an answer are sent again in one go.
const SAMPLE: usize = 100;

/// Sends again what had no answer, or a no that need not last, and some of what had a yes, which has to get the
/// same again. Returns how many of those without an answer had been recorded nevertheless.
pub(crate) fn settle(
    store: &Store,
    service: &Service,
    asked: &mut Asked,
    random: &mut fastrand::Rng,
    tally: &mut Tally,
) -> usize {
    let transactions = store.path("transactions");
    let mut connection = service.connect();
    let mut recorded = 0;
    let one_in = asked.len().div_ceil(SAMPLE).max(1);
    for post in asked.values_mut() {
        let again = matches!(post.told, Told::Acknowledged(_)) && random.usize(..one_in) == 0;
        if !again && post.sure && post.told != Told::Nothing {
            continue;
        }
        let reply = connection.call(&post.request(&transactions));
        let told = Told::by(&reply);
        assert_ne!(told, Told::Nothing, "nothing is in the way of a plain answer: {reply:?}");
        match post.told {
            Told::Acknowledged(_) if told != post.told || !replayed(&reply) => {
                println!("lost: {post:?}, and now {reply:?}");
                tally.lost += 1;
            }
            Told::Acknowledged(_) => {}
            Told::Nothing => {
                recorded += usize::from(replayed(&reply));
                tally.settled += 1;
                post.sure = told != Told::Rejected;
            }
            Told::Rejected => {
                if replayed(&reply) {
                    println!("late: {post:?} was carried out after all");
                }
                post.sure = true;
            }
        }
        post.told = told;
    }
    recorded
}

/// Walks the log and the accounts: every key is there once, under the id that its client was told, as it was
/// asked for; what was rejected is not there; no account was ever below zero; balances are what the log adds up
/// to. Then has `server verify` look at it all.
pub(crate) fn audit(store: &Store, service: &Service, asked: &Asked, tally: &mut Tally) {
    let mut connection = service.connect();
    let mut balances: HashMap<String, i128> = HashMap::new();
    let mut seen = HashSet::new();
    let mut next = 0;
    each(&mut connection, &store.path("log"), |entry| {
        let number = entry["number"].as_u64().expect("a number");
        if number != next {
            println!("a gap: {next} is followed by {number}");
            tally.gaps += number.abs_diff(next);
        }
        next = number + 1;
        let postings = postings(entry);
        for (source, destination, amount) in &postings {
            let left = balances.entry(source.clone()).or_default();
            *left -= i128::from(*amount);
            if *left < 0 && source != "world" {
                println!("overdrawn: {source} has {left} after {entry}");
                tally.overdrawn += 1;
            }
            *balances.entry(destination.clone()).or_default() += i128::from(*amount);
        }
        let key = entry["idempotency_key"].as_str().unwrap_or_default();
        match asked.get(key) {
            Some(post) if seen.insert(key.to_owned()) => match post.told {
                Told::Acknowledged(id) if id == number && post.postings == postings => {}
                Told::Acknowledged(_) => {
                    println!("lost: {post:?} became {entry}");
                    tally.lost += 1;
                }
                Told::Nothing | Told::Rejected => {
                    println!("recorded, though its client was told otherwise: {post:?}, {entry}");
                    tally.doubled += 1;
                }
            },
            known => {
                println!("recorded twice, or by nobody: {entry}, asked for as {known:?}");
                tally.doubled += 1;
            }
        }
    });
    for post in asked.values() {
        if matches!(post.told, Told::Acknowledged(_)) && !seen.contains(&post.key) {
            println!("lost: {post:?} is not in the log");
            tally.lost += 1;
        }
    }
    each(&mut connection, &store.path("accounts"), |account| {
        let address = account["address"].as_str().expect("an address");
        let given = balances.remove(address).unwrap_or_default();
        if account["balances"][0]["posted"] != given.to_string() {
            println!("a drift: the log adds up to {given} for {account}");
            tally.drift += 1;
        }
    });
    if !balances.is_empty() {
        println!("a drift: accounts that are not there: {balances:?}");
        tally.drift += balances.len() as u64;
    }
    verify(store, tally);
}

/// Has the service's own command look at everything.
pub(crate) fn verify(store: &Store, tally: &mut Tally) {
    let ended = store.run(&[], &["verify"]);
    if ended.code() != Some(0) {
        println!("server verify: {}{}", ended.stdout, ended.stderr);
        tally.drift += 1;
    }
}

/// Hands over every item of a list.
fn each(connection: &mut Client, path: &str, mut take: impl FnMut(&Value)) {
    let mut cursor = String::new();
    loop {
        let page = connection.get(&format!("{path}?limit=1000{cursor}")).json();
        page["items"].as_array().expect("a list").iter().for_each(&mut take);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return,
        }
    }
}

fn postings(entry: &Value) -> Vec<Posting> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    entry["postings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|posting| {
            let amount = posting["amount"].as_str().and_then(|amount| amount.parse().ok());
            (text(&posting["source"]), text(&posting["destination"]), amount.expect("an amount"))
        })
        .collect()
}
