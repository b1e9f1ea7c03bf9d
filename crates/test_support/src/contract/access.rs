//! API keys and the audit trail: kept, changed where they may be, and listed.

use std::net::IpAddr;

use engine::access::{AuditQuery, StoredKey};
use engine::port::{ReadError, Store};
use identity::{Action, Actor, ApiKey, AuditEvent, Grants, KeyId, KeyName, KeyText};

use crate::{StoreFixture, at, drain};

fn text(number: u8) -> KeyText {
    KeyText::from_random([number; 9], &[number; 32])
}

fn key(number: u8) -> StoredKey {
    let text = text(number);
    let key = ApiKey {
        id: text.id(),
        name: KeyName::parse("Ärger (\"eu\")").unwrap(),
        grants: Grants::parse("ledger:read,ledger:write@eu,main;audit:read@*").unwrap(),
        created_at: at(1),
        created_by: Actor::Key(KeyId::parse("0123456789ab").unwrap()),
        expires_at: Some(at(1_000_000)),
        revoked_at: None,
        last_used_at: None,
    };
    StoredKey { key, digest: text.digest() }
}

/// A key that has nothing that it need not have.
fn bare(number: u8) -> StoredKey {
    let StoredKey { key, digest } = key(number);
    let grants = Grants::everything();
    StoredKey { key: ApiKey { grants, created_by: Actor::Operator, expires_at: None, ..key }, digest }
}

fn event(action: Action, subject: &str) -> AuditEvent {
    AuditEvent {
        at: at(7),
        actor: Actor::Operator,
        action,
        subject: subject.to_owned(),
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    }
}

/// An event that has everything that one can have.
fn full(subject: &str, count: u64) -> AuditEvent {
    AuditEvent {
        actor: Actor::Key(text(1).id()),
        address: Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])),
        request_id: Some("sri_01".to_owned()),
        entry: None,
        count,
        ..event(Action::Refused, subject)
    }
}

async fn create(store: &dyn Store, key: &StoredKey) {
    let event = event(Action::KeyCreated, key.key.id.as_str());
    store.access().create_key(key, &event).await.unwrap();
}

async fn trail(store: &dyn Store) -> Vec<AuditEvent> {
    let records = store.access().audit(&AuditQuery { limit: 1000, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(records.next, None);
    assert!(records.items.is_sorted_by(|one, other| one.id > other.id));
    records.items.into_iter().map(|record| record.event).collect()
}

/// A key comes back with all that it was created with.
pub async fn a_key_comes_back_as_it_was_created(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for key in [key(1), bare(2)] {
        create(&*store, &key).await;
        assert_eq!(store.access().key(&key.key.id).await.unwrap(), Some(key));
    }
    assert_eq!(store.access().key(&text(3).id()).await.unwrap(), None);
}

/// Two keys of one id are never there; what would have been the second one is not recorded either.
pub async fn an_id_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &key(1)).await;
    let again = store.access().create_key(&bare(1), &event(Action::KeyCreated, "again")).await;
    assert!(again.is_err());
    assert_eq!(store.access().key(&text(1).id()).await.unwrap(), Some(key(1)));
    assert_eq!(trail(&*store).await.len(), 1);
}

/// The first revocation counts, and is the only one that is recorded.
pub async fn a_revoked_key_stays_as_it_was_revoked(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &key(1)).await;
    create(&*store, &key(2)).await;
    let id = text(1).id();
    for (time, subject) in [(5, "first"), (6, "second")] {
        let revoked = store.access().revoke_key(&id, at(time), &event(Action::KeyRevoked, subject)).await;
        assert!(revoked.unwrap());
        let found = store.access().key(&id).await.unwrap().unwrap();
        assert_eq!(found.key.revoked_at, Some(at(5)));
    }
    let nobody = store.access().revoke_key(&text(9).id(), at(5), &event(Action::KeyRevoked, "none")).await;
    assert!(!nobody.unwrap());
    assert_eq!(store.access().key(&text(2).id()).await.unwrap(), Some(key(2)));
    assert_eq!(trail(&*store).await[0].subject, "first");
    assert_eq!(trail(&*store).await.len(), 3);
}

/// The latest use of a key is noted, in whichever order uses are told.
pub async fn the_last_use_of_a_key_counts(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for number in 1..=3 {
        create(&*store, &key(number)).await;
    }
    let ids: Vec<KeyId> = (1..=3).map(|number| text(number).id()).collect();
    let unknown = text(9).id();
    for uses in [
        &[(ids[0].clone(), at(5)), (ids[1].clone(), at(6)), (unknown, at(7))][..],
        &[(ids[0].clone(), at(4)), (ids[1].clone(), at(8))],
        &[],
    ] {
        store.access().note_uses(uses).await.unwrap();
    }
    for (id, last) in ids.iter().zip([Some(at(5)), Some(at(8)), None]) {
        assert_eq!(store.access().key(id).await.unwrap().unwrap().key.last_used_at, last);
    }
}

/// Keys are listed from the newest to the oldest, whatever their times say.
pub async fn keys_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert_eq!(store.access().keys(None, 10).await.unwrap().items, []);
    let numbers = [7, 3, 9, 1, 5];
    for number in numbers {
        create(&*store, &key(number)).await;
    }
    let newest: Vec<ApiKey> = numbers.into_iter().rev().map(|number| key(number).key).collect();
    for limit in 1..=6 {
        let found =
            drain(limit, None, async |before| store.access().keys(before, limit).await.unwrap()).await;
        assert_eq!(found, newest, "{limit}");
    }
    assert_eq!(store.access().keys(Some(0), 10).await.unwrap().items, []);
    assert_eq!(store.access().keys(Some(u64::MAX), 10).await.unwrap().items, newest);
}

/// Creating and revoking a key is recorded together with it.
pub async fn acts_are_recorded_with_what_they_did(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &key(1)).await;
    let id = text(1).id();
    let revoked = AuditEvent { action: Action::KeyRevoked, ..full(id.as_str(), 1) };
    store.access().revoke_key(&id, at(8), &revoked).await.unwrap();
    assert_eq!(trail(&*store).await, [revoked, event(Action::KeyCreated, id.as_str())]);
}

/// The trail is listed from its end, in pages.
pub async fn the_audit_trail_is_listed_latest_first(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert_eq!(trail(&*store).await, []);
    let all = [full("GET /v1/keys", 1), event(Action::LedgerCreated, "main"), full("\"ä\"", u64::MAX >> 1)];
    store.access().record(&all[..2]).await.unwrap();
    store.access().record(&[]).await.unwrap();
    store.access().record(&all[2..]).await.unwrap();
    let latest: Vec<AuditEvent> = all.into_iter().rev().collect();
    assert_eq!(trail(&*store).await, latest);
    for limit in 1..=4 {
        let found = drain(limit, None, async |after| {
            let query = AuditQuery { after, limit, ..AuditQuery::default() };
            store.access().audit(&query).await.unwrap()
        })
        .await;
        assert!(found.into_iter().map(|record| record.event).eq(latest.clone()), "{limit}");
    }
}

/// Nothing of it is gone when the store is opened again.
pub async fn keys_and_the_trail_are_there_after_reopening(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &key(1)).await;
    store.close().await;
    assert!(matches!(store.access().key(&text(1).id()).await, Err(ReadError::Unavailable(_))));
    assert!(matches!(store.access().audit(&AuditQuery::default()).await, Err(ReadError::Unavailable(_))));
    assert!(store.access().note_uses(&[(text(1).id(), at(1))]).await.is_err());

    let store = fixture.open().await;
    assert_eq!(store.access().key(&text(1).id()).await.unwrap(), Some(key(1)));
    assert_eq!(trail(&*store).await.len(), 1);
}
