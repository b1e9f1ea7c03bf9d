//! Compares what clients asked for, and were told, with what the ledger says. It counts all that is wrong instead of
//! failing at the first, so that the counts of a run say how wrong.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Client, Request, Tally};

/// A movement of money: from, to, how much.
pub(crate) type Posting = (String, String, u64);

/// What a client asked for under a key, and what it knows of it in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) postings: &'a [Posting],
    /// The id that it was told; none where it was told a no.
    pub(crate) acknowledged: Option<u64>,
}

/// The request that asks for a transaction under a key. `ledger` is the path of a ledger.
pub(crate) fn transaction(ledger: &str, key: &str, postings: &[Posting]) -> Request {
    let posting = |(source, destination, amount): &Posting| {
        format!(
            r#"{{"source":"{source}","destination":"{destination}","asset":"USD/2","amount":"{amount}"}}"#
        )
    };
    let postings: Vec<_> = postings.iter().map(posting).collect();
    let body = format!(r#"{{"postings":[{}]}}"#, postings.join(","));
    Request::post(format!("{ledger}/transactions")).header("idempotency-key", key).json(body)
}

/// Walks the log and the accounts: every key is there once, under the id that its client was told, as it was
/// asked for; what was rejected is not there; no account was ever below zero; balances are what the log adds up
/// to.
pub(crate) fn audit(
    connection: &mut Client,
    ledger: &str,
    claims: &HashMap<&str, Claim<'_>>,
    tally: &mut Tally,
) {
    let mut balances: HashMap<String, i128> = HashMap::new();
    let mut seen = HashSet::new();
    let mut next = 0;
    each(connection, &format!("{ledger}/log"), |entry| {
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
        match claims.get(key) {
            Some(claim) if seen.insert(key.to_owned()) => match claim.acknowledged {
                Some(id) if id == number && claim.postings == postings => {}
                Some(_) => {
                    println!("lost: {claim:?} became {entry}");
                    tally.lost += 1;
                }
                None => {
                    println!("recorded, though its client was told otherwise: {claim:?}, {entry}");
                    tally.doubled += 1;
                }
            },
            known => {
                println!("recorded twice, or by nobody: {entry}, asked for as {known:?}");
                tally.doubled += 1;
            }
        }
    });
    for (key, claim) in claims {
        if claim.acknowledged.is_some() && !seen.contains(*key) {
            println!("lost: {key} is not in the log: {claim:?}");
            tally.lost += 1;
        }
    }
    each(connection, &format!("{ledger}/accounts"), |account| {
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
    let posting = |posting: &Value| {
        let amount = text(&posting["amount"]).parse().expect("an amount");
        (text(&posting["source"]), text(&posting["destination"]), amount)
    };
    entry["postings"].as_array().expect("a list").iter().map(posting).collect()
}
