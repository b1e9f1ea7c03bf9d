//! Settles what clients do not know of their posts, and compares what they know with what the ledger says.

use serde_json::Value;

use crate::asked::{Asked, Told, replayed};
use crate::harness::{self, Client, Service, Tally};
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
    let ledger = store.path();
    let mut connection = service.connect();
    let mut recorded = 0;
    let one_in = asked.len().div_ceil(SAMPLE).max(1);
    for post in asked.values_mut() {
        let again = matches!(post.told, Told::Acknowledged(_)) && random.usize(..one_in) == 0;
        if !again && post.sure && post.told != Told::Nothing {
            continue;
        }
        let reply = connection.call(&post.request(&ledger));
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

/// Compares the ledger with what its clients asked for, then has `server verify` look at it all.
pub(crate) fn audit(store: &Store, service: &Service, asked: &Asked, tally: &mut Tally) {
    let claims = asked.iter().map(|(key, post)| (key.as_str(), post.claim())).collect();
    harness::audit(&mut service.connect(), &store.path(), &claims, tally);
    verify(store, tally);
}

/// Reads the whole log, entries with their numbers, and counts the numbers that it leaves out.
pub(crate) fn log(connection: &mut Client, store: &Store, tally: &mut Tally) -> Vec<(u64, Value)> {
    let (mut entries, mut next, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = connection.get(&format!("{}/log?limit=1000{cursor}", store.path())).json();
        for entry in page["items"].as_array().expect("a list") {
            let number = entry["number"].as_u64().expect("a number");
            tally.gaps += number.abs_diff(next);
            next = number + 1;
            entries.push((number, entry.clone()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return entries,
        }
    }
}

/// Has the service's own command look at everything.
pub(crate) fn verify(store: &Store, tally: &mut Tally) {
    let ended = store.run(&[], &["verify"]);
    if ended.code() != Some(0) {
        println!("server verify: {}{}", ended.stdout, ended.stderr);
        tally.drift += 1;
    }
}
