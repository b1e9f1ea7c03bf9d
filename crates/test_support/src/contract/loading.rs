//! What a batch finds loaded when it has started.

use engine::port::{Head, KeyUse, Loaded, Store, Wanted};
use ledger::{BalanceKey, EntryNumber, LedgerName};

use crate::fixture::create;
use crate::{StoreFixture, address, append, asset, at, key, ledger_name, posting, reference, transfer};

fn balance_key(account: &str, asset_text: &str) -> BalanceKey {
    BalanceKey { account: address(account), asset: asset(asset_text) }
}

async fn load(store: &dyn Store, ledger: &LedgerName, wanted: Wanted) -> Loaded {
    let mut loaded = store.begin(ledger, wanted).await.unwrap().loaded;
    loaded.balances.sort_by(|a, b| a.0.cmp(&b.0));
    loaded.keys.sort_by(|a, b| a.key.cmp(&b.key));
    loaded.references.sort();
    loaded
}

/// A balance that is there is loaded; one that never moved is not among them.
pub async fn missing_balances_are_loaded_where_they_exist(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 5), transfer("a", "b", 2)]).await;
    let missing = vec![
        balance_key("a", "USD/2"),
        balance_key("a", "EUR/2"),
        balance_key("c", "USD/2"),
        balance_key("world", "USD/2"),
    ];
    let loaded = load(&*store, &main, Wanted { missing, ..Wanted::default() }).await;
    let found: Vec<_> = loaded
        .balances
        .iter()
        .map(|(key, b)| (key.account.as_str(), b.posted_in.get(), b.posted_out.get(), b.posted()))
        .collect();
    assert_eq!(found, [("a", 5, 2, 3), ("world", 0, 5, -5)]);
}

/// A caller's copy is as good as the database as long as the head stands where the copy was made.
pub async fn cached_balances_are_loaded_only_where_the_head_has_moved(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let written = append(&*store, &main, &[transfer("world", "a", 5)]).await;
    let last_recorded_at = Some(written[0].entry.recorded_at);
    let head = |next, last_recorded_at| Some(Head { next: EntryNumber(next), last_recorded_at });
    let later = Some(at(written[0].entry.recorded_at.micros() + 1));
    for (cached_at, expected) in [
        (head(1, last_recorded_at), 1),
        (head(0, last_recorded_at), 2),
        (head(7, last_recorded_at), 2),
        // Of a log that was set back and went on otherwise.
        (head(1, later), 2),
        (head(1, None), 2),
        (None, 2),
    ] {
        let wanted = Wanted {
            cached_at,
            cached: vec![balance_key("world", "USD/2")],
            missing: vec![balance_key("a", "USD/2")],
            ..Wanted::default()
        };
        let loaded = load(&*store, &main, wanted).await;
        assert_eq!(loaded.balances.len(), expected, "cached at {cached_at:?}");
        assert_eq!(loaded.balances[0].0, balance_key("a", "USD/2"));
    }
}

/// A balance that a batch touches time and again ends where its last entry leaves it.
pub async fn the_last_of_several_states_counts(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests = [
        transfer("world", "a", 5),
        transfer("a", "b", 2),
        transfer("b", "a", 1),
        crate::post([posting("world", "a", "USD/2", 10), posting("a", "world", "USD/2", 3)]),
    ];
    append(&*store, &main, &requests).await;
    let wanted = Wanted { missing: vec![balance_key("a", "USD/2")], ..Wanted::default() };
    let loaded = load(&*store, &main, wanted).await;
    let balance = loaded.balances[0].1;
    assert_eq!((balance.posted_in.get(), balance.posted_out.get()), (16, 5));
}

/// A key that is in use is found with the request it stands for, a reference with its entry.
pub async fn keys_and_references_in_use_are_found(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests = [
        transfer("world", "a", 1),
        transfer("world", "a", 2).key("k-1").reference("Größe \"7\" \\ ✓"),
        transfer("world", "a", 3).key("k-2"),
        transfer("world", "a", 4).reference("order-4"),
    ];
    append(&*store, &main, &requests).await;
    let wanted = Wanted {
        keys: ["k-1", "k-2", "K-1", "k", "order-4"].map(key).to_vec(),
        references: ["Größe \"7\" \\ ✓", "order-4", "order", "k-1", "ORDER-4"].map(reference).to_vec(),
        ..Wanted::default()
    };
    let loaded = load(&*store, &main, wanted).await;
    let in_use = |request: &crate::Request, entry| {
        let keyed = request.keyed().unwrap();
        KeyUse { key: keyed.key, fingerprint: keyed.fingerprint, entry: EntryNumber(entry) }
    };
    assert_eq!(loaded.keys, [in_use(&requests[1], 1), in_use(&requests[2], 2)]);
    let numbers: Vec<_> = loaded.references.iter().map(|(name, entry)| (name.as_str(), entry.0)).collect();
    assert_eq!(numbers, [("Größe \"7\" \\ ✓", 1), ("order-4", 3)]);
}

/// What is in use in one ledger is free in another.
pub async fn ledgers_do_not_share_keys_references_or_balances(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    create(&*store, &other).await;
    let request = transfer("world", "a", 1).key("k").reference("r");
    append(&*store, &main, std::slice::from_ref(&request)).await;
    let wanted = Wanted {
        cached: vec![balance_key("a", "USD/2")],
        missing: vec![balance_key("world", "USD/2")],
        keys: vec![key("k")],
        references: vec![reference("r")],
        ..Wanted::default()
    };
    let loaded = load(&*store, &other, wanted).await;
    assert_eq!(loaded.head.next, EntryNumber(0));
    assert!(loaded.balances.is_empty() && loaded.keys.is_empty() && loaded.references.is_empty());
    append(&*store, &other, &[request]).await;
}

/// As many as the largest batches ask for.
pub async fn many_of_each_are_loaded_at_once(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let name = |n: usize| format!("{n}-{}", "x".repeat(200));
    let requests: Vec<_> =
        (0..2_000).map(|n| transfer("world", &name(n), 1).key(&name(n)).reference(&name(n))).collect();
    append(&*store, &main, &requests).await;
    let wanted = Wanted {
        missing: (1_000..9_000).map(|n| balance_key(&name(n), "USD/2")).collect(),
        keys: (1_000..9_000).map(|n| key(&name(n))).collect(),
        references: (1_000..9_000).map(|n| reference(&name(n))).collect(),
        ..Wanted::default()
    };
    let loaded = load(&*store, &main, wanted).await;
    assert_eq!(loaded.balances.len(), 1_000);
    assert_eq!(loaded.keys.len(), 1_000);
    assert_eq!(loaded.references.len(), 1_000);
}
