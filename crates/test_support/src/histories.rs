//! Random histories and random questions about them. The same seed gives the same ones; a test that fails
//! prints its seed.

use std::hash::{BuildHasher, Hasher, RandomState};

use engine::query::{
    AccountQuery, AddressPattern, BalanceQuery, Clock, Order, StatementQuery, TimeRange, TransactionQuery,
};
use ledger::{Amount, Book, decide};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::builders::{Request, address, asset, at, post, posting};

/// Where the random choices of a test come from: `PROPTEST_RNG_SEED`, or anywhere.
pub struct Seed {
    seed: u64,
    runner: TestRunner,
}

impl Seed {
    /// Takes the seed from the environment, or draws one.
    #[must_use]
    pub fn draw() -> Self {
        let seed = match Config::default().rng_seed {
            RngSeed::Fixed(seed) => seed,
            RngSeed::Random => RandomState::new().build_hasher().finish(),
        };
        let config =
            Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
        Self { seed, runner: TestRunner::new(config) }
    }

    fn pick<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.runner).expect("nothing is filtered out").current()
    }

    /// Makes a history of some batches.
    pub fn history(&mut self) -> History {
        let drafts = self.pick(&prop::collection::vec(prop::collection::vec(any_draft(), 1..8), 1..12));
        History::of(drafts)
    }

    /// Makes a query for transactions.
    pub fn transaction_query(&mut self) -> TransactionQuery {
        self.pick(&any_transaction_query())
    }

    /// Makes a query for accounts.
    pub fn account_query(&mut self) -> AccountQuery {
        let query = (any_prefix(), any_asset(), any_limit())
            .prop_map(|(prefix, asset, limit)| AccountQuery { prefix, asset, after: None, limit });
        self.pick(&query)
    }

    /// Makes a query for a statement.
    pub fn statement_query(&mut self) -> StatementQuery {
        let query = (select(ACCOUNTS), any_asset(), any_time_range(), any_clock(), any_limit()).prop_map(
            |(account, asset, time, clock, limit)| StatementQuery {
                account: address(account),
                asset,
                time,
                clock,
                after: None,
                limit,
            },
        );
        self.pick(&query)
    }

    /// Makes a query for sums of balances.
    pub fn balance_query(&mut self) -> BalanceQuery {
        let query = (any_prefix(), 1..5usize, any_limit()).prop_map(|(prefix, depth, limit)| BalanceQuery {
            prefix,
            depth,
            after: None,
            limit,
        });
        self.pick(&query)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to repeat it: PROPTEST_RNG_SEED={}", self.seed);
        }
    }
}

/// Requests that a ledger which is empty at first accepts one after the other.
#[derive(Clone, Debug)]
pub struct History {
    /// The requests, batch by batch.
    pub batches: Vec<Vec<Request>>,
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
                if let Ok(entry) = decide(&book, &request.command(), at(now)) {
                    book.apply(&entry);
                    batch.push(request);
                }
            }
            batch
        });
        Self { batches: batches.collect() }
    }
}

/// When a history begins, in microseconds after 1970 began.
const START: i64 = 1_000_000;

/// Accounts whose order by bytes is not the order of their segments.
const ACCOUNTS: &[&str] = &[
    "world",
    "users",
    "users-2",
    "users2",
    "users:1",
    "users:1:a",
    "users:10",
    "users:1-x:a",
    "users:1-x:b",
    "users-2:x",
    "usersX:1",
    "bank",
    "bank:fees",
    "bank:fees:card",
    "bank:fees-old:card",
    "Z",
    "_:-:0",
];

const ASSETS: &[&str] = &["USD/2", "EUR/2", "BTC/8"];

const PREFIXES: &[&str] =
    &["", "u", "users", "users:", "users:1", "users:1:", "users-", "bank:f", "w", "nobody", "ü", "users;"];

const PAIRS: &[(&str, &str)] = &[("kind", "order"), ("kind", "refund"), ("note", "")];

/// A request before its references and times are known.
#[derive(Clone, Debug)]
struct Draft {
    postings: Vec<(&'static str, usize, &'static str, u128)>,
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
            .map(|(source, step, asset, amount)| {
                let place = ACCOUNTS.iter().position(|account| *account == source).unwrap_or(0);
                posting(source, ACCOUNTS[(place + step) % ACCOUNTS.len()], asset, amount)
            })
            .collect();
        let mut request = post(postings).now(now);
        if self.has_reference {
            request = request.reference(&format!("reference {number}"));
        }
        if self.has_key {
            request = request.key(&format!("key-{number}"));
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
    let posting = (source, 1..ACCOUNTS.len(), select(ASSETS), amount);
    (
        prop::collection::vec(posting, 1..5),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(-5..20i64),
        prop::option::of(select(PAIRS)),
        prop_oneof![2 => Just(0), 2 => 1..5i64, 1 => -3..0i64],
    )
        .prop_map(|(postings, has_reference, has_key, effective_at, metadata, elapsed)| Draft {
            postings,
            has_reference,
            has_key,
            effective_at,
            metadata,
            elapsed,
        })
}

fn any_transaction_query() -> impl Strategy<Value = TransactionQuery> {
    (
        (rarely(any_pattern()), rarely(any_pattern()), rarely(any_pattern())),
        any_asset(),
        prop_oneof![9 => Just(None), 1 => (0..40u64).prop_map(Some)],
        rarely(select(PAIRS)),
        any_time_range(),
        any_clock(),
        prop_oneof![Just(Order::Ascending), Just(Order::Descending)],
        any_limit(),
    )
        .prop_map(|(patterns, asset, reference, pair, time, clock, order, limit)| TransactionQuery {
            account: patterns.0,
            source: patterns.1,
            destination: patterns.2,
            asset,
            reference: reference.map(|number| crate::builders::reference(&format!("reference {number}"))),
            metadata: pair.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect(),
            time,
            clock,
            order,
            after: None,
            limit,
        })
}

fn rarely<T: Clone + std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.3, strategy)
}

fn any_pattern() -> impl Strategy<Value = AddressPattern> {
    prop_oneof![
        3 => select(ACCOUNTS).prop_map(|account| AddressPattern::Exactly(address(account))),
        1 => select(&["users", "bank", "users:1", "bank:fees", "nobody"][..])
            .prop_map(|account| AddressPattern::Under(address(account))),
    ]
}

fn any_asset() -> impl Strategy<Value = Option<ledger::Asset>> {
    rarely(select(ASSETS).prop_map(asset))
}

fn any_prefix() -> impl Strategy<Value = Option<String>> {
    prop::option::of(select(PREFIXES).prop_map(str::to_owned))
}

fn any_time_range() -> impl Strategy<Value = TimeRange> {
    let time = || rarely((START - 8..START + 60).prop_map(at));
    (time(), time()).prop_map(|(from, to)| TimeRange { from, to })
}

fn any_clock() -> impl Strategy<Value = Clock> {
    prop_oneof![Just(Clock::Recorded), Just(Clock::Effective)]
}

fn any_limit() -> impl Strategy<Value = usize> {
    prop_oneof![1..6usize, Just(1_000)]
}
