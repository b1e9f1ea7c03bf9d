//! Reads of accounts that go together: each gets its own answer, whoever it went with.

use std::sync::Arc;

use engine::port::ReadError;
use test_support::{StoreFixture, address, append, ledger_name, post, posting, transfer};

use crate::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_read_gets_its_own_answer() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    let requests: Vec<_> = (1..=100)
        .map(|n| {
            let to = format!("a:{n}");
            post([posting("world", &to, "USD/2", n), posting("world", &to, "EUR/2", 2 * n)])
        })
        .collect();
    append(&*store, &main, &requests).await;
    let mut stranger = place.database.stranger().await;
    sqlx::query("UPDATE balances SET posted_in = -1 WHERE address = 'a:7' AND asset = 'EUR/2'")
        .execute(&mut stranger)
        .await
        .unwrap();
    let reads: Vec<_> = (0..600_u128)
        .map(|n| {
            let (store, main) = (Arc::clone(&store), main.clone());
            let n = n % 120;
            let reading = async move {
                let ledger = if n == 110 { ledger_name("other") } else { main };
                let answer = store.account(&ledger, &address(&format!("a:{n}"))).await;
                match n {
                    7 => assert!(matches!(answer, Err(ReadError::Corrupt(_))), "{answer:?}"),
                    110 => assert!(matches!(answer, Err(ReadError::LedgerNotFound)), "{answer:?}"),
                    1..=100 => {
                        let balances = answer.unwrap().unwrap().balances;
                        let posted: Vec<_> = balances.iter().map(|(_, b)| b.posted_in.get()).collect();
                        assert_eq!(posted, [2 * n, n]);
                    }
                    _ => assert_eq!(answer.unwrap(), None),
                }
            };
            let task = tokio::spawn(reading);
            if n == 50 {
                // Nobody waits for this one, and nobody waits for it in vain.
                task.abort();
            }
            (n, task)
        })
        .collect();
    for (n, task) in reads {
        assert!(task.await.is_ok() || n == 50, "{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_everybodys_and_the_next_read_is_fine() {
    let Some(place) = Place::new().await else { return };
    let (store, main) = place.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.database.stranger().await;
    sqlx::query("ALTER TABLE balances RENAME TO hidden").execute(&mut stranger).await.unwrap();
    let reads: Vec<_> = (0..20)
        .map(|_| {
            let (store, main) = (Arc::clone(&store), main.clone());
            tokio::spawn(async move { store.account(&main, &address("a")).await })
        })
        .collect();
    for read in reads {
        let answer = read.await.unwrap();
        assert!(matches!(answer, Err(ReadError::Unavailable(_))), "{answer:?}");
    }
    sqlx::query("ALTER TABLE hidden RENAME TO balances").execute(&mut stranger).await.unwrap();
    assert!(store.account(&main, &address("a")).await.unwrap().is_some());
}
