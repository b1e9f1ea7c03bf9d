//! Reads of single accounts: what goes to the store, and that nothing is ever told that is not true any more.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use engine::port::{ReadError, Store};
use engine::query::Account;
use engine::{EngineOptions, Submission};
use futures_util::FutureExt;
use ledger::{Address, ChangeAccount, Command, Frozen, LedgerName, MetadataPatch, PolicyPatch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Bench, main, transfer};

type Read = Result<Option<Arc<Account>>, ReadError>;

impl Bench {
    async fn read(&self, account: &str) -> Option<Arc<Account>> {
        self.engine.account(&main(), &Address::parse(account).unwrap()).await.unwrap()
    }

    /// Reads what an account has, and how many accounts the store was asked for meanwhile, at each question.
    async fn read_posted(&self, account: &str) -> (i128, Vec<usize>) {
        self.store.read();
        let posted = self.read(account).await.map_or(0, |account| account.balances[0].1.posted());
        (posted, self.store.read())
    }

    fn spawn_read(&self, ledger: &LedgerName, account: &str) -> JoinHandle<Read> {
        let (engine, ledger) = (self.engine.clone(), ledger.clone());
        let address = Address::parse(account).unwrap();
        tokio::spawn(async move { engine.account(&ledger, &address).await })
    }
}

fn freeze(account: &str) -> Submission {
    let policy = PolicyPatch { frozen: Some(Frozen::All), ..PolicyPatch::default() };
    let account = Address::parse(account).unwrap();
    Submission::new(
        Command::ChangeAccount(ChangeAccount { account, policy, metadata: MetadataPatch::default() }),
        None,
    )
}

#[tokio::test]
async fn an_account_that_nothing_touches_is_read_once() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 100)).await.unwrap();
    assert_eq!(bench.read_posted("alice").await, (100, vec![1]));
    for _ in 0..3 {
        assert_eq!(bench.read_posted("alice").await, (100, vec![0]));
    }
    assert_eq!(bench.read_posted("bob").await, (0, vec![1]), "it is not there");
    assert_eq!(bench.read_posted("bob").await, (0, vec![1]), "and what is not there is not remembered");
}

#[tokio::test]
async fn what_a_lane_writes_is_read_anew_and_nothing_else_is() {
    let bench = Bench::new().await;
    for account in ["alice", "bob", "carol"] {
        bench.submit(transfer("world", account, 100)).await.unwrap();
        bench.read(account).await.unwrap();
    }
    bench.submit(transfer("alice", "bob", 30)).await.unwrap();
    assert_eq!(bench.read_posted("carol").await, (100, vec![0]));
    assert_eq!(bench.read_posted("alice").await, (70, vec![1]));
    assert_eq!(bench.read_posted("alice").await, (70, vec![0]));
    assert_eq!(bench.read_posted("bob").await, (130, vec![1]));
    bench.submit(freeze("carol")).await.unwrap();
    let carol = bench.read("carol").await.unwrap();
    assert_eq!((carol.policy.frozen, carol.version), (Frozen::All, Some(5)));
    assert_eq!(*carol, bench.store.account(&main(), &carol.address).await.unwrap().unwrap());
}

#[tokio::test]
async fn what_others_write_is_read_at_once() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 100)).await.unwrap();
    bench.read("alice").await.unwrap();
    let file = bench.folder.path().join("florin.db");
    let other = Bench::open_file(&file, tempfile::tempdir().unwrap(), EngineOptions::default()).await;
    for n in 1..=40 {
        other.submit(transfer("alice", "bob", 1)).await.unwrap();
        assert_eq!(bench.read_posted("alice").await.0, 100 - n);
        assert_eq!(other.read_posted("bob").await.0, n);
    }
    // After some questions that the copies could not answer they are made anew.
    for _ in 0..20 {
        bench.read("alice").await.unwrap();
    }
    assert_eq!(bench.read_posted("alice").await, (60, vec![0]));
}

#[tokio::test]
async fn reads_that_wait_go_together() {
    let bench = Bench::new().await;
    for n in 0..30 {
        bench.submit(transfer("world", &format!("a:{n}"), n + 1)).await.unwrap();
    }
    bench.store.hold_reads();
    let mut reads: Vec<_> = (0..30).map(|n| bench.spawn_read(&main(), &format!("a:{n}"))).collect();
    while bench.store.read().is_empty() {
        tokio::task::yield_now().await;
    }
    // Nobody waits for this one, and nobody waits for it in vain.
    reads.remove(20).abort();
    bench.store.release_reads();
    for (n, read) in (0..30).filter(|n| *n != 20).zip(reads) {
        let account = read.await.unwrap().unwrap().unwrap();
        assert_eq!(account.balances[0].1.posted(), n + 1);
    }
    let read = bench.store.read();
    assert!(read.len() < 5, "{read:?}");
}

#[tokio::test]
async fn a_failure_is_everybodys_and_the_next_read_is_fine() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 100)).await.unwrap();
    for copied in [false, true] {
        bench.store.hold_reads();
        bench.store.fail_next_read();
        let reads: Vec<_> = (0..2).map(|_| bench.spawn_read(&main(), "alice")).collect();
        while bench.store.read().is_empty() {
            tokio::task::yield_now().await;
        }
        bench.store.release_reads();
        let mut failed = 0;
        for read in reads {
            match read.await.unwrap() {
                Err(ReadError::Unavailable(source)) => {
                    assert_eq!(source.to_string(), "the line was cut");
                    failed += 1;
                }
                answer => assert!(answer.unwrap().is_some()),
            }
        }
        assert!(failed > 0, "with a copy: {copied}");
        assert_eq!(bench.read_posted("alice").await.0, 100);
    }
    let nowhere = LedgerName::parse("nowhere").unwrap();
    let answer = bench.spawn_read(&nowhere, "alice").await.unwrap();
    assert!(matches!(answer, Err(ReadError::LedgerNotFound)), "{answer:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_store_that_panicked() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 100)).await.unwrap();
    assert_eq!(bench.read_posted("alice").await.0, 100);
    bench.store.hold_reads();
    bench.store.panic_at_next_read();
    let first = bench.spawn_read(&main(), "alice");
    while bench.store.read().is_empty() {
        tokio::task::yield_now().await;
    }
    // There is a copy, so that it waits for the question that is under way.
    let mut waits = Box::pin(bench.read("alice"));
    assert!(futures_util::poll!(&mut waits).is_pending());
    bench.store.release_reads();
    assert!(first.await.unwrap_err().is_panic());
    let failed = timeout(Duration::from_secs(10), AssertUnwindSafe(waits).catch_unwind()).await;
    assert!(failed.expect("it ends").is_err());
    assert_eq!(bench.read_posted("alice").await.0, 100);
}

#[tokio::test]
async fn copies_are_bounded() {
    for (bytes, copied) in [(0, false), (2_000, false), (4_000, true)] {
        let options = EngineOptions { copied_accounts_bytes_max: bytes, ..EngineOptions::default() };
        let bench = Bench::with(options).await;
        for n in 0..5 {
            bench.submit(transfer("world", &format!("a:{n}"), 1)).await.unwrap();
        }
        for n in 0..5 {
            assert_eq!(bench.read_posted(&format!("a:{n}")).await, (1, vec![1]));
        }
        assert_eq!(bench.read_posted("a:0").await, (1, vec![usize::from(!copied)]), "{bytes} bytes");
    }
}

/// Two processes write, and whoever reads sees at least what was acknowledged before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_is_behind_what_was_acknowledged() {
    let bench = Bench::new().await;
    bench.submit(transfer("world", "alice", 1)).await.unwrap();
    let file = bench.folder.path().join("florin.db");
    let other = Bench::open_file(&file, tempfile::tempdir().unwrap(), EngineOptions::default()).await;
    let (acknowledged, over) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let reads: Vec<_> = [&bench.engine, &other.engine, &bench.engine, &other.engine]
        .map(|engine| {
            let (engine, acknowledged, over) = (engine.clone(), Arc::clone(&acknowledged), Arc::clone(&over));
            tokio::spawn(async move {
                let alice = Address::parse("alice").unwrap();
                let mut reads = 0;
                while !over.load(Ordering::SeqCst) {
                    let before = acknowledged.load(Ordering::SeqCst);
                    let account = engine.account(&main(), &alice).await.unwrap().unwrap();
                    let posted = account.balances[0].1.posted();
                    assert!(posted >= i128::from(before), "{posted} after {before} were acknowledged");
                    reads += 1;
                }
                reads
            })
        })
        .into();
    for n in 0..150 {
        let writer = if n / 10 % 2 == 0 { &bench } else { &other };
        writer.submit(transfer("world", "alice", 1)).await.unwrap();
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    over.store(true, Ordering::SeqCst);
    for read in reads {
        assert!(read.await.unwrap() > 0);
    }
}
