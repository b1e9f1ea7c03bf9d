//! The log: what was written comes back as it was.

use ledger::{EntryNumber, Timestamp};

use crate::{StoreFixture, append, at, metadata, post, posting, reference, transfer};

/// Every part of an entry and its request, at the ends of what each allows.
pub async fn an_entry_comes_back_as_it_was_written(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let (first, last) = (Timestamp::MIN.micros(), Timestamp::MAX.micros());
    let text = "Größe \"7\" \\ / ✓ \u{10ffff} '; --";
    let long = "v".repeat(1_024);
    let requests = [
        transfer("world", "a", 0).now(first).effective_at(last),
        post([posting("world", &"a:".repeat(127).as_str()[..253], "USD_COLD/000002", 1)])
            .reference(text)
            .key(&"~".repeat(255))
            .metadata(&[(text, "\u{1}\t\n\r\u{7f}"), ("empty", ""), ("long", &long)])
            .effective_at(first)
            .now(0),
        transfer("a", "world", 0).now(-1),
        transfer("world", "a", 7).now(last),
    ];
    let records = append(&*store, &main, &requests).await;
    for record in &records {
        let read = store.entry(&main, record.entry.number).await.unwrap();
        assert_eq!(read.as_ref(), Some(record));
    }
    assert_eq!(store.log(&main, EntryNumber(0), 10).await.unwrap(), records);
    // Not only alike, but what was asked for.
    let transaction = records[1].entry.body.transaction().unwrap();
    assert_eq!(transaction.reference, Some(reference(text)));
    assert_eq!(
        transaction.metadata,
        metadata(&[(text, "\u{1}\t\n\r\u{7f}"), ("empty", ""), ("long", &long)])
    );
    assert_eq!(records[2].entry.recorded_at, at(0), "the log does not go back in time");
}

/// Any part of the log.
pub async fn the_log_is_read_in_order_from_any_entry(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let records = append(&*store, &main, &vec![transfer("world", "a", 1); 10]).await;
    for from in 0..12 {
        for limit in [1, 3, 10, 100] {
            let read = store.log(&main, EntryNumber(from as u64), limit).await.unwrap();
            let expected: Vec<_> = records.iter().skip(from).take(limit).cloned().collect();
            assert_eq!(read, expected, "{limit} from {from}");
        }
    }
    assert!(store.log(&main, EntryNumber(u64::MAX), 10).await.unwrap().is_empty());
}

/// Numbers that no entry has, up to the largest there is.
pub async fn an_entry_that_is_not_there_is_none(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1)]).await;
    for number in [1, 2, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        assert_eq!(store.entry(&main, EntryNumber(number)).await.unwrap(), None, "{number}");
    }
}
