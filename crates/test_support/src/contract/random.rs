//! Random histories and random questions, answered by the store as the log says.

use engine::port::Store;
use ledger::LedgerName;

use crate::contract::{accounts, balances, changes, holds, statements, transactions};
use crate::fixture::create;
use crate::pools::ACCOUNTS;
use crate::{
    Naive, Seed, StoreFixture, address, any_account_as_of, any_account_query, any_balance_query, any_history,
    any_hold_query, any_statement_query, any_transaction_query, append, ledger_name, read_movements,
};

const HISTORIES: usize = 12;
const QUERIES: usize = 12;

/// Every read, on ledgers side by side in one database.
pub async fn random_histories_answer_as_the_log_says(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let mut seed = Seed::draw();
    for number in 0..HISTORIES {
        let ledger = ledger_name(&format!("random-{number}"));
        create(&*store, &ledger).await;
        let mut naive = Naive::default();
        for batch in seed.pick(&any_history()).batches {
            naive.records.extend(append(&*store, &ledger, &batch).await);
        }
        assert_answers(&*store, &ledger, &naive, &mut seed).await;
    }
}

async fn assert_answers(store: &dyn Store, ledger: &LedgerName, naive: &Naive, seed: &mut Seed) {
    let log = store.log(ledger, ledger::EntryNumber(0), 1_000).await.unwrap();
    assert_eq!(log, naive.records);
    let mut snapshot = store.snapshot(ledger).await.unwrap();
    assert_eq!(snapshot.balances(None, 10_000).await.unwrap(), Vec::from_iter(naive.balances()));
    assert_eq!(read_movements(&mut *snapshot, 100).await.unwrap(), naive.movements());
    changes::assert_snapshot_has(&mut *snapshot, naive, 100).await;
    holds::assert_snapshot_has(&mut *snapshot, naive, 100).await;
    let report = engine::verify::verify(&mut *snapshot, |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:#?}");
    for account in ACCOUNTS {
        changes::assert_changes(store, ledger, naive, &address(account)).await;
    }
    for _ in 0..QUERIES {
        let (account, as_of) = seed.pick(&any_account_as_of());
        let found = store.account_as_of(ledger, &account, as_of).await.unwrap();
        assert_eq!(found, naive.account_as_of(&account, as_of), "{account} {as_of:?}");
        transactions::assert_listed(store, ledger, naive, &seed.pick(&any_transaction_query())).await;
        accounts::assert_listed(store, ledger, naive, &seed.pick(&any_account_query())).await;
        statements::assert_listed(store, ledger, naive, &seed.pick(&any_statement_query())).await;
        holds::assert_listed(store, ledger, naive, &seed.pick(&any_hold_query())).await;
        balances::assert_listed(store, ledger, naive, &seed.pick(&any_balance_query())).await;
    }
}
