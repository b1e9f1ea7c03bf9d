//! What searching costs, on SQLite and on PostgreSQL: how much longer a batch takes to write with what its transactions
//! are found by, and how long the main searches take. Asserts nothing; `cargo bench -p conformance --bench search`.
//!
//! `FLORIN_SEARCH_ENTRIES` says how many transactions are searched; a hundred thousand, where it does not.

use std::time::{Duration, Instant};

use engine::port::{Head, LogRecord, Store, Unused};
use engine::query::{AccountQuery, AddressPattern, AmountRange, Clock, TransactionQuery};
use ledger::LedgerName;
use store_postgres::{PostgresOptions, PostgresStore};
use store_sqlite::{SqliteOptions, SqliteStore};
use test_support::{Request, address, append, asset, at, decide_batch, ledger_name, post, posting};

const BATCH: usize = 64;
const ROUNDS: usize = 5;
const BATCHES: usize = 60;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = SqliteStore::open(SqliteOptions::new(folder.path().join("bench.db"))).await;
        let sqlite = sqlite.expect("the database opens");
        sqlite.migrate().await.expect("the schema is brought up to date");
        measure("SQLite", &sqlite).await;
        let Some(database) = test_postgres::database().await else { return };
        let postgres = PostgresStore::open(PostgresOptions::parse(database.url()).expect("an address")).await;
        let postgres = postgres.expect("the database opens");
        postgres.migrate().await.expect("the schema is brought up to date");
        measure("PostgreSQL", &postgres).await;
    });
}

async fn measure(name: &str, store: &dyn Store) {
    println!("{name}");
    let kinds = [0, 1, 4];
    for batch in [1, BATCH] {
        let mut times: [Vec<Duration>; 3] = Default::default();
        // In turns, so that whatever else the machine does meanwhile meets all of them.
        for round in 0..ROUNDS {
            for (place, pairs) in kinds.into_iter().enumerate() {
                let ledger = create(store, &format!("w{batch}-{pairs}-{round}")).await;
                times[place].push(time_of_a_transaction(store, &ledger, batch, pairs).await);
            }
        }
        for (times, pairs) in times.iter_mut().zip(kinds) {
            times.sort();
            println!("  batches of {batch}, {pairs} pairs each: {:?} a transaction", times[ROUNDS / 2]);
        }
    }
    search(store).await;
}

async fn create(store: &dyn Store, name: &str) -> LedgerName {
    let (name, metadata) = (ledger_name(name), ledger::Metadata::default());
    let new = engine::query::NewLedger { name: name.clone(), created_at: at(0), metadata, request: None };
    store.create_ledger(new).await.expect("a ledger");
    name
}

/// Transfers among a thousand accounts, with as many pairs of metadata, one of which most have.
fn requests(from: usize, count: usize, pairs: usize) -> Vec<Request> {
    (from..from + count)
        .map(|number| {
            let account = format!("users:{}:{}", number * 7919 % 1_000, ["main", "card"][number % 2]);
            let request = post([posting("world", &account, "USD/2", 1 + number as u128 % 1_000)]);
            let texts: Vec<_> = (0..pairs)
                .map(|pair| match pair {
                    0 => ("order".to_owned(), format!("order-{number}")),
                    1 => ("kind".to_owned(), "order".to_owned()),
                    pair => (format!("key-{pair}"), format!("{}", number % 500)),
                })
                .collect();
            let texts: Vec<_> = texts.iter().map(|(key, value)| (&**key, &**value)).collect();
            request.metadata(&texts)
        })
        .collect()
}

/// Writes batches, the short way where the store has one, and counts the writing alone.
async fn time_of_a_transaction(
    store: &dyn Store,
    ledger: &LedgerName,
    batch: usize,
    pairs: usize,
) -> Duration {
    append(store, ledger, &requests(0, 2_000, pairs)).await;
    let (mut number, mut time) = (2_000, Duration::ZERO);
    for _ in 0..BATCHES {
        let (opened, records) = decide_batch(store, ledger, &requests(number, batch, pairs)).await;
        number += batch;
        if let Some(short) = store.appends() {
            drop(opened);
            let head = head_before(&records);
            let began = Instant::now();
            short.append(ledger, head, &Unused::default(), &records).await.expect("it is written");
            time += began.elapsed();
        } else {
            let began = Instant::now();
            opened.commit(&records).await.expect("it is written");
            time += began.elapsed();
        }
    }
    time / u32::try_from(BATCHES * batch).expect("a small number")
}

fn head_before(records: &[LogRecord]) -> Head {
    test_support::head_before(records)
}

async fn search(store: &dyn Store) {
    let entries: usize =
        std::env::var("FLORIN_SEARCH_ENTRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let ledger = create(store, "searched").await;
    for from in (0..entries).step_by(2_000) {
        let mut requests = requests(from, 2_000, 3);
        if from == 4_000 {
            requests
                .push(post([posting("world", "rare:1", "EUR/2", 5), posting("world", "zz:1", "EUR/2", 5)]));
        }
        append(store, &ledger, &requests).await;
    }
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let any = || TransactionQuery { limit: 50, ..TransactionQuery::default() };
    let under = |name| Some(AddressPattern::Under(address(name)));
    let amount = AmountRange { at_least: Some(1_000_000_u64.into()), at_most: None };
    let effective = |query| TransactionQuery { clock: Clock::Effective, ..query };
    let hot = || TransactionQuery { metadata: pairs(&[("kind", "order")]), ..any() };
    let rare = || TransactionQuery { metadata: pairs(&[("order", "order-7000")]), ..any() };
    let users = || TransactionQuery { account: under("users:7"), ..any() };
    for (name, query) in [
        ("all", any()),
        ("metadata that most have", hot()),
        ("metadata that one has", rare()),
        ("metadata that one has, effective", effective(rare())),
        ("metadata that 1 in 500 has", TransactionQuery { metadata: pairs(&[("key-2", "77")]), ..any() }),
        ("both", TransactionQuery { metadata: pairs(&[("kind", "order"), ("key-2", "77")]), ..any() }),
        ("two accounts under an address", users()),
        ("two accounts under an address, effective", effective(users())),
        ("2,000 accounts under an address", TransactionQuery { account: under("users"), ..any() }),
        (
            "two accounts under an address and metadata that most have",
            TransactionQuery { account: under("users:7"), ..hot() },
        ),
        ("an amount that none has: one page", TransactionQuery { amount, ..any() }),
    ] {
        print(name, async || store.transactions(&ledger, &query).await.expect("it is read").items.len())
            .await;
    }
    let accounts = |asset_text: Option<&str>| AccountQuery {
        asset: asset_text.map(asset),
        limit: 50,
        ..AccountQuery::default()
    };
    for (name, query) in
        [("accounts", accounts(None)), ("accounts with a rare asset", accounts(Some("EUR/2")))]
    {
        print(name, async || store.accounts(&ledger, &query).await.expect("it is read").items.len()).await;
    }
}

/// Asks a hundred times, and prints the median and the slowest but one.
async fn print(name: &str, ask: impl AsyncFn() -> usize) {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..100 {
        let began = Instant::now();
        found = ask().await;
        times.push(began.elapsed());
    }
    times.sort();
    println!("  {name}: {found} found, median {:?}, p99 {:?}", times[50], times[98]);
}
