//! What clients ask for and what they are told, and whether the ledger agrees: every key once, under its id, as it
//! was asked for.

use std::collections::BTreeMap;

use crate::harness::{self, Claim, Client, Posting, Reply, Request, Tally, transaction};

/// So few that every batch touches some of them twice, and that each is short of funds now and then.
const ACCOUNTS: usize = 20;

/// The answers to a post that there may be.
pub(crate) const CREATED: &str = "201";
pub(crate) const REJECTED: &str = "422 transaction.insufficient_funds";
pub(crate) const UNAVAILABLE: &str = "503 service.unavailable";
pub(crate) const OUTCOME_UNKNOWN: &str = "503 service.outcome_unknown";

/// No answer at all.
pub(crate) const NO_ANSWER: &str = "no answer";

/// What a client asked for under a key, and what it was told.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    postings: Vec<Posting>,
    /// The id that it was told.
    pub(crate) acknowledged: Option<u64>,
    /// It was told that the funds do not suffice, last of all.
    rejected: bool,
    /// It may have taken effect without anybody being told, or may still do so: what was sent to a server is
    /// carried out even if nobody waits for it any more.
    doubtful: bool,
}

/// All that was ever asked for, by key.
pub(crate) type Posts = BTreeMap<String, Post>;

impl Post {
    pub(crate) fn random(random: &mut fastrand::Rng) -> Self {
        let user = |number: usize| format!("users:{number}");
        let (account, amount) = (random.usize(..ACCOUNTS), random.u64(1..100));
        let postings = match random.u8(..20) {
            // An account that nobody remembers.
            0 => vec![("world".into(), format!("visitors:{}", random.u32(..)), amount)],
            1..6 => {
                let other = (account + random.usize(1..ACCOUNTS)) % ACCOUNTS;
                vec![(user(account), user(other), 2 * amount)]
            }
            // Through a shop that keeps nothing, so that an account is touched twice by one entry.
            _ => {
                vec![("world".into(), "shop".into(), amount), ("shop".into(), user(account), amount)]
            }
        };
        Self::of(postings)
    }

    /// A post that is never rejected.
    pub(crate) fn deposit(account: &str, amount: u64) -> Self {
        Self::of(vec![("world".into(), account.into(), amount)])
    }

    fn of(postings: Vec<Posting>) -> Self {
        Self { postings, acknowledged: None, rejected: false, doubtful: false }
    }

    pub(crate) fn request(&self, ledger: &str, key: &str) -> Request {
        transaction(&format!("/v1/ledgers/{ledger}"), key, &self.postings)
    }

    fn claim(&self) -> Claim<'_> {
        Claim { postings: &self.postings, acknowledged: self.acknowledged }
    }

    /// Notes a reply and returns its status, and its code where it is a problem. No reply may claim what is
    /// not so: neither that something was done before, where it was said that nothing was, nor another id.
    pub(crate) fn note(&mut self, reply: Option<&Reply>) -> String {
        let Some(reply) = reply else {
            self.doubtful = true;
            return NO_ANSWER.to_owned();
        };
        let answer = answer(reply);
        match &*answer {
            CREATED => {
                let replayed = reply.header("idempotency-replayed").is_some();
                let may_have_been = self.doubtful || self.acknowledged.is_some();
                assert!(may_have_been || !replayed, "it was said that nothing was done: {reply:?}");
                let id = reply.json()["id"].as_u64().expect("an id");
                let told = *self.acknowledged.get_or_insert(id);
                assert_eq!(told, id, "it is another transaction now: {reply:?}");
                self.rejected = false;
            }
            REJECTED => {
                assert_eq!(self.acknowledged, None, "it is not there any more: {reply:?}");
                self.rejected = true;
            }
            UNAVAILABLE => {}
            _ => self.doubtful = true,
        }
        answer
    }
}

/// Returns a reply's status, and its code where it is a problem; what is not a success has to be a whole one.
pub(crate) fn answer(reply: &Reply) -> String {
    if reply.status < 400 {
        return reply.status.to_string();
    }
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{reply:?}");
    let problem = reply.json();
    assert_eq!(problem["status"], reply.status, "{reply:?}");
    assert_eq!(problem["request_id"].as_str(), reply.header("x-request-id"), "{reply:?}");
    if reply.status == 503 {
        let seconds = reply.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
        assert!(seconds.is_some(), "{reply:?}");
    }
    let code = problem["code"].as_str().expect("a code");
    format!("{} {code}", reply.status)
}

/// Sends again what had neither a yes nor a no that lasts, and some of what had a yes, which has to get the same
/// again.
pub(crate) fn settle(
    connection: &mut Client,
    posts: &mut Posts,
    random: &mut fastrand::Rng,
    tally: &mut Tally,
) {
    let one_in = posts.len().div_ceil(100).max(1);
    for (key, post) in posts {
        let acknowledged = post.acknowledged.is_some();
        if (acknowledged && random.usize(..one_in) > 0) || (post.rejected && !post.doubtful) {
            continue;
        }
        let reply = connection.call(&post.request("main", key));
        let answer = post.note(Some(&reply));
        assert!([CREATED, REJECTED].contains(&&*answer), "{key}: {reply:?}");
        if acknowledged {
            tally.lost += u64::from(reply.header("idempotency-replayed").is_none());
        } else {
            tally.settled += 1;
        }
    }
}

/// Compares the ledger with what its clients asked for.
pub(crate) fn audit(connection: &mut Client, posts: &Posts, tally: &mut Tally) {
    let claims = posts.iter().map(|(key, post)| (key.as_str(), post.claim())).collect();
    harness::audit(connection, "/v1/ledgers/main", &claims, tally);
}
