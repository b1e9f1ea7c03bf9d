//! Accounts that are read together: each gets its own answer, whatever the others hold.

use engine::port::ReadError;
use test_support::{StoreFixture, address, append, post, posting};

use crate::Place;

#[tokio::test]
async fn what_one_account_holds_fails_no_other() {
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
    let addresses: Vec<_> = (0..120).map(|n| address(&format!("a:{n}"))).collect();
    let found = store.accounts_at_head(&main, &addresses).await.unwrap();
    assert_eq!(found.head.next.0, 100);
    for (n, answer) in (0_u128..).zip(found.accounts) {
        match n {
            7 => assert!(matches!(answer, Err(ReadError::Corrupt(_))), "{answer:?}"),
            1..=100 => {
                let balances = answer.unwrap().unwrap().balances;
                let posted: Vec<_> = balances.iter().map(|(_, b)| b.posted_in.get()).collect();
                assert_eq!(posted, [2 * n, n]);
            }
            _ => assert_eq!(answer.unwrap(), None),
        }
    }
}
