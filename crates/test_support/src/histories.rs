//! Random histories: requests that a ledger accepts.

use ledger::{Amount, Book, ChangeAccount, Command, Posting, Quantity, decide};
use proptest::prelude::*;
use proptest::sample::select;

use crate::builders::{Request, asking, at, posting};
use crate::changes::any_change;
use crate::pools::{ACCOUNTS, ASSETS, PAIRS, START, reference_text};

/// Requests that a ledger which is empty at first accepts one after the other.
#[derive(Clone, Debug)]
pub struct History {
    /// The requests, batch by batch.
    pub batches: Vec<Vec<Request>>,
}

/// Makes histories of some batches.
pub fn any_history() -> impl Strategy<Value = History> {
    prop::collection::vec(prop::collection::vec(any_draft(), 1..8), 1..12).prop_map(History::of)
}

impl History {
    fn of(drafts: Vec<Vec<Draft>>) -> Self {
        let mut book = Book::default();
        let mut now = START;
        let batches = drafts.into_iter().map(|drafts| {
            let mut batch = Vec::new();
            for draft in drafts {
                now += draft.elapsed;
                let number = book.next().0;
                let request = draft.request(number, now);
                // What the ledger would reject is no part of the history.
                if let Ok(entry) = decide(&book, &request.command, at(now)) {
                    book.apply(&entry);
                    batch.push(request);
                }
            }
            batch
        });
        Self { batches: batches.collect() }
    }
}

/// How a posting asks for its amount.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// That amount.
    Exactly,
    /// Up to that amount.
    UpTo,
    /// All that there is, whatever the amount.
    All,
}

impl Kind {
    /// Asks for a posting in this way. All of `world`, where that has no floor, is a request that is rejected.
    #[must_use]
    pub fn of(self, posting: &Posting) -> Posting<Quantity> {
        posting.with_amount(match self {
            Self::Exactly => Quantity::Exactly(posting.amount()),
            Self::UpTo => Quantity::UpTo(posting.amount()),
            Self::All => Quantity::All,
        })
    }
}

/// Makes kinds, most of them exact.
pub fn any_kind_of_quantity() -> impl Strategy<Value = Kind> {
    prop_oneof![9 => Just(Kind::Exactly), 1 => Just(Kind::UpTo), 1 => Just(Kind::All)]
}

/// A request before its references and times are known.
#[derive(Clone, Debug)]
struct Draft {
    /// What account to change, if it is no money that is to move.
    change: Option<ChangeAccount>,
    postings: Vec<(&'static str, usize, &'static str, u128, Kind)>,
    has_reference: bool,
    has_key: bool,
    effective_at: Option<i64>,
    metadata: Option<(&'static str, &'static str)>,
    /// Since the request before it, in microseconds: often nothing, sometimes negative.
    elapsed: i64,
}

impl Draft {
    fn request(self, number: u64, now: i64) -> Request {
        let postings: Vec<_> = self
            .postings
            .into_iter()
            .map(|(source, step, asset, amount, kind)| {
                let place = ACCOUNTS.iter().position(|account| *account == source).unwrap_or(0);
                kind.of(&posting(source, ACCOUNTS[(place + step) % ACCOUNTS.len()], asset, amount))
            })
            .collect();
        let is_change = self.change.is_some();
        let mut request = match self.change {
            Some(change) => Request::of(Command::ChangeAccount(change)),
            None => asking(postings),
        }
        .now(now);
        if self.has_key {
            request = request.key(&format!("key-{number}"));
        }
        if is_change {
            return request;
        }
        if self.has_reference {
            request = request.reference(&reference_text(number));
        }
        if let Some(time) = self.effective_at {
            request = request.effective_at(START + time);
        }
        if let Some(pair) = self.metadata {
            request = request.metadata(&[pair]);
        }
        request
    }
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let source = prop_oneof![2 => Just("world"), 1 => select(ACCOUNTS)];
    let amount = prop_oneof![
        1 => Just(0),
        8 => 1..1_000u128,
        1 => (1u128 << 63) - 2..(1u128 << 63) + 2,
        1 => (1u128 << 120)..(1u128 << 122),
        1 => Just(Amount::MAX.get()),
    ];
    let posting = (source, 1..ACCOUNTS.len(), select(ASSETS), amount, any_kind_of_quantity());
    (
        prop::option::weighted(0.2, any_change()),
        prop::collection::vec(posting, 1..5),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(-5..20i64),
        prop::option::of(select(PAIRS)),
        prop_oneof![2 => Just(0), 2 => 1..5i64, 1 => -3..0i64],
    )
        .prop_map(|(change, postings, has_reference, has_key, effective_at, metadata, elapsed)| Draft {
            change,
            postings,
            has_reference,
            has_key,
            effective_at,
            metadata,
            elapsed,
        })
}
