//! All stores answer every command and every question alike: random histories are played on each of them, through
//! real engines, and nothing may differ. None of these histories knows what is right: the contract of stores does, and
//! scenarios, which are played on them as well.

mod cases;
mod commands;
mod comparison;
mod databases;
mod history;
mod questions;
mod races;
mod reply;
mod scenarios;
mod service;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use test_support::Seed;

use crate::comparison::{Played, compare};
use crate::databases::{InMemory, one_of_each};
use crate::history::{History, any_history};
use crate::races::{any_race, run_on_all};
use crate::service::Outcome;

#[test]
fn one_history_is_answered_alike_on_all_stores() {
    cases::hold(&any_history(), 1, async |history: History| {
        let databases = one_of_each().await.into_iter();
        let played = databases.map(|(name, database)| Played::play(name, database, &history));
        let played = join_all(played).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (reference, others) = played.split_first().expect("there is a reference");
        others.iter().try_for_each(|other| compare(reference, other, &history))
    });
}

#[test]
fn races_between_replicas_end_alike_on_all_stores() {
    cases::hold(&any_race(), 4, run_on_all);
}

/// What never happens in a history shows nothing.
#[tokio::test]
async fn histories_meet_every_kind_of_reply() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..150 {
        let history = Seed::of(number).pick(&any_history());
        let played = Played::play("memory", Box::new(InMemory::default()), &history).await.unwrap();
        for outcome in &played.outcomes {
            if let Outcome::Replies(replies) = outcome {
                for reply in replies {
                    *seen.entry(reply.kind()).or_default() += 1;
                }
            }
        }
    }
    println!("{seen:#?}");
    for kind in [
        "ledger created",
        "ledger created before",
        "name taken",
        "transaction recorded",
        "account change recorded",
        "transaction change recorded",
        "hold recorded",
        "capture recorded",
        "last capture recorded",
        "void recorded",
        "expiry recorded",
        "reversal recorded",
        "forced reversal recorded",
        "replayed",
        "dry run",
        "hold not found",
        "transaction not found",
        "reference taken",
        "hold expiry passed",
        "hold not open",
        "hold not due",
        "hold exceeds remaining",
        "reversal exceeds original",
        "account closed",
        "account frozen",
        "account unbounded",
        "insufficient funds",
        "amount overflow",
        "expectation failed",
        "ledger not found",
        "key reused",
    ] {
        let times = seen.get(kind).copied().unwrap_or_default();
        assert!(times >= 10, "{kind}: {times} times");
    }
}
