//! What clients ask for, and what they have been told.

use std::collections::HashMap;

use crate::harness::{Claim, Posting, Reply, Request, Tally, transaction};

/// Few enough accounts that posts meet on them, and that each is short of funds most of the time.
const ACCOUNTS: usize = 20;

/// A post under a key.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) key: String,
    pub(crate) postings: Vec<Posting>,
    pub(crate) told: Told,
    /// How the first attempt ended.
    pub(crate) first: First,
    /// Whether no attempt can be under way any more that would make another answer right: what a replica had sent
    /// to its database when it was killed may be carried out after another replica has said no.
    pub(crate) sure: bool,
}

/// What a client knows of its post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing that lasts: only asking again tells.
    Nothing,
    /// It is recorded under this id.
    Acknowledged(u64),
    /// It is not recorded, because the funds do not suffice.
    Rejected,
}

/// How the first attempt of a post ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// It was answered, with a yes or a no.
    Answered,
    /// It was answered with neither.
    Failed,
    /// No reply came.
    Unanswered,
}

/// All that was ever asked for, by key.
pub(crate) type Asked = HashMap<String, Post>;

/// Which posts a client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Money comes in; every post can be recorded.
    Deposits,
    /// Money comes in, goes round and goes out, always too little of it.
    Scarce,
}

impl Post {
    pub(crate) fn random(key: String, kind: Kind, random: &mut fastrand::Rng) -> Self {
        let account = random.usize(..ACCOUNTS);
        let postings = match (kind, random.u8(..20)) {
            // An account that nobody remembers makes a lane load it.
            (_, 0) => vec![("world".into(), format!("visitors:{}", random.u32(..)), random.u64(1..100))],
            (Kind::Scarce, 1..8) => {
                let other = (account + random.usize(1..ACCOUNTS)) % ACCOUNTS;
                vec![(user(account), user(other), random.u64(1..300))]
            }
            (Kind::Scarce, 8..13) => vec![(user(account), "world".into(), random.u64(1..300))],
            // Through a shop that keeps nothing, so that an account is touched twice by one entry.
            _ => {
                let amount = random.u64(1..100);
                vec![("world".into(), "shop".into(), amount), ("shop".into(), user(account), amount)]
            }
        };
        Self { key, postings, told: Told::Nothing, first: First::Answered, sure: true }
    }

    pub(crate) fn request(&self, ledger: &str) -> Request {
        transaction(ledger, &self.key, &self.postings)
    }

    /// What is known of it when all is settled.
    pub(crate) fn claim(&self) -> Claim<'_> {
        let acknowledged = match self.told {
            Told::Acknowledged(id) => Some(id),
            Told::Nothing | Told::Rejected => None,
        };
        Claim { postings: &self.postings, acknowledged }
    }

    /// Counts the first attempt.
    pub(crate) fn count(&self, tally: &mut Tally) {
        match (self.first, self.told) {
            (First::Unanswered, _) => tally.unanswered += 1,
            (First::Failed, _) | (_, Told::Nothing) => tally.failed += 1,
            (_, Told::Acknowledged(_)) => tally.acknowledged += 1,
            (_, Told::Rejected) => tally.rejected += 1,
        }
    }
}

impl Told {
    /// Reads a reply. Anything that is neither a yes nor a no tells nothing.
    pub(crate) fn by(reply: &Reply) -> Self {
        match reply.status {
            201 => Self::Acknowledged(reply.json()["id"].as_u64().expect("an id")),
            422 => {
                assert_eq!(reply.code(), "transaction.insufficient_funds", "{reply:?}");
                Self::Rejected
            }
            _ => Self::Nothing,
        }
    }
}

pub(crate) fn replayed(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == Some("true")
}

fn user(number: usize) -> String {
    format!("users:{number}")
}
