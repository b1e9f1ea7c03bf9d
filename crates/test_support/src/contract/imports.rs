//! Imports: a log is written again as it is, on whatever store, and what does not follow is not.

use engine::import::{Import, ImportError, Imported};
use engine::port::{LogRecord, Store};
use engine::query::NewLedger;
use ledger::{EntryBody, EntryNumber, LedgerName, Metadata};
use proptest::prelude::*;

use crate::builders::at;
use crate::fixture::create;
use crate::{Seed, StoreFixture, annotate, any_history, append, change, ledger_name, transfer};

const HISTORIES: usize = 12;

async fn begin<'s>(store: &'s dyn Store, name: &LedgerName) -> Import<'s> {
    let name = name.clone();
    let new = NewLedger { name, created_at: at(5), metadata: Metadata::default(), request: None };
    Import::begin(store, new).await.unwrap()
}

async fn log(store: &dyn Store, ledger: &LedgerName) -> Vec<LogRecord> {
    store.log(ledger, EntryNumber(0), 1_000).await.unwrap()
}

/// Holds, captures, reversals and changes of accounts included, in batches of any size.
pub async fn random_histories_are_imported_as_they_are(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let mut seed = Seed::draw();
    for number in 0..HISTORIES {
        let (source, copy) =
            (ledger_name(&format!("source-{number}")), ledger_name(&format!("copy-{number}")));
        create(&*store, &source).await;
        let mut records = Vec::new();
        for batch in seed.pick(&any_history()).batches {
            records.extend(append(&*store, &source, &batch).await);
        }
        let size = seed.pick(&prop_oneof![1..8_usize, Just(1_000)]);
        let mut import = begin(&*store, &copy).await;
        for batch in records.chunks(size) {
            let imported = import.take(batch).await.unwrap();
            assert_eq!(imported, Imported { found: 0, written: batch.len() as u64 });
        }
        assert_eq!(log(&*store, &copy).await, records);
        let mut snapshot = store.snapshot(&copy).await.unwrap();
        let report = engine::verify::verify(&mut *snapshot, |_| {}).await.unwrap();
        assert!(report.is_clean(), "{report:#?}");

        // Again, it is there already, as a whole and in its parts.
        let again = begin(&*store, &copy).await.take(&records).await.unwrap();
        assert_eq!(again, Imported { found: records.len() as u64, written: 0 });
        let mut import = begin(&*store, &copy).await;
        for batch in records.chunks(3) {
            assert_eq!(import.take(batch).await.unwrap().found, batch.len() as u64);
        }
    }
}

/// One entry of a batch that does not follow keeps all of it out.
pub async fn a_batch_with_an_entry_that_does_not_follow_is_not_imported(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let mut seed = Seed::draw();
    for number in 0..HISTORIES {
        let (source, copy) =
            (ledger_name(&format!("source-{number}")), ledger_name(&format!("copy-{number}")));
        create(&*store, &source).await;
        let mut records = Vec::new();
        for batch in seed.pick(&any_history()).batches {
            records.extend(append(&*store, &source, &batch).await);
        }
        let Some(at) = records.iter().position(|record| !record.entry.balances.is_empty()) else { continue };
        let mut damaged = records.clone();
        let (_, balance) = &mut damaged[at].entry.balances[0];
        balance.posted_in = ledger::Amount::from(123_456_789_012_345);
        let refused = begin(&*store, &copy).await.take(&damaged).await.unwrap_err();
        let expected = records[at].entry.number;
        assert!(matches!(refused, ImportError::Refused { entry, .. } if entry == expected), "{refused:?}");
        assert_eq!(log(&*store, &copy).await, []);
        begin(&*store, &copy).await.take(&records).await.unwrap();
        let differs = begin(&*store, &copy).await.take(&damaged).await.unwrap_err();
        assert!(matches!(differs, ImportError::Differs { entry } if entry == expected), "{differs:?}");
        assert_eq!(log(&*store, &copy).await, records);
    }
}

/// Whether the transaction is of the same batch or of an earlier one.
pub async fn a_change_of_what_is_no_transaction_is_not_imported(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let source = ledger_name("source");
    create(&*store, &source).await;
    let requests = [transfer("world", "a", 20), change("a"), annotate(0, &[("k", Some("v"))])];
    let records = append(&*store, &source, &requests).await;
    for (case, together) in [true, false].into_iter().enumerate() {
        for wrong in [1, 2, 3] {
            let copy = ledger_name(&format!("copy-{case}-{wrong}"));
            let mut damaged = records.clone();
            let EntryBody::TransactionChange(change) = &mut damaged[2].entry.body else { unreachable!() };
            change.transaction = EntryNumber(wrong);
            let mut import = begin(&*store, &copy).await;
            let rest = if together {
                &damaged[..]
            } else {
                import.take(&damaged[..2]).await.unwrap();
                &damaged[2..]
            };
            let refused = import.take(rest).await.unwrap_err();
            assert!(
                matches!(&refused, ImportError::Refused { entry, .. } if *entry == EntryNumber(2)),
                "{refused:?}"
            );
            begin(&*store, &copy).await.take(&records).await.unwrap();
            assert_eq!(log(&*store, &copy).await, records);
        }
    }
}
