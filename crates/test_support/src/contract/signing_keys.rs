//! Signing keys: added once under each number, revoked together, and listed.

use engine::port::{ReadError, Store};
use engine::tokens::StoredSigningKey;
use identity::{Action, Actor, AuditEvent};

use crate::{StoreFixture, at};

fn key(number: u8) -> StoredSigningKey {
    StoredSigningKey {
        number: number.into(),
        name: format!("key{number:09}"),
        public: [number; 32],
        sealed: vec![number, 0, 255],
        created_at: at(1),
        signs_from: at(2),
        revoked_at: None,
    }
}

fn event(subject: &str) -> AuditEvent {
    AuditEvent {
        at: at(7),
        actor: Actor::Operator,
        action: Action::SigningKeyCreated,
        subject: subject.to_owned(),
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    }
}

async fn add(store: &dyn Store, key: &StoredSigningKey, revoke_earlier: Option<i64>) -> bool {
    let event = event(&key.name);
    store.signing().add_signing_key(key, revoke_earlier.map(at), &event).await.unwrap()
}

/// Keys come back as they were added, in the order of their numbers, and each is recorded.
pub async fn signing_keys_come_back_as_they_were_added(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert_eq!(store.signing().signing_keys().await.unwrap(), []);
    let revoked = StoredSigningKey { revoked_at: Some(at(9)), ..key(1) };
    for key in [&key(0), &revoked] {
        assert!(add(&*store, key, None).await);
    }
    assert_eq!(store.signing().signing_keys().await.unwrap(), [key(0), revoked]);
    assert_eq!(
        store
            .access()
            .audit(&engine::access::AuditQuery { limit: 10, ..Default::default() })
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

/// Who comes second under a number changes nothing, and is told.
pub async fn a_number_of_a_signing_key_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert!(add(&*store, &key(0), None).await);
    assert!(add(&*store, &key(1), None).await);
    let other = StoredSigningKey { name: "another".to_owned(), ..key(1) };
    assert!(!add(&*store, &other, Some(5)).await);
    assert_eq!(store.signing().signing_keys().await.unwrap(), [key(0), key(1)]);
    assert_eq!(
        store
            .access()
            .audit(&engine::access::AuditQuery { limit: 10, ..Default::default() })
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

/// A key may take the place of all earlier ones; those that were revoked before stay as they were.
pub async fn a_signing_key_revokes_earlier_ones(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for (number, revoke) in [(0, None), (1, Some(5)), (2, None), (3, Some(6))] {
        assert!(add(&*store, &key(number), revoke).await);
    }
    let keys = store.signing().signing_keys().await.unwrap();
    let revoked: Vec<_> = keys.into_iter().map(|key| key.revoked_at).collect();
    assert_eq!(revoked, [Some(at(5)), Some(at(6)), Some(at(6)), None]);
}

/// The latest keys are listed, and they are there when the store is opened again.
pub async fn the_latest_signing_keys_are_listed_after_reopening(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for number in 0..20 {
        assert!(add(&*store, &key(number), None).await);
    }
    store.close().await;
    assert!(matches!(store.signing().signing_keys().await, Err(ReadError::Unavailable(_))));
    assert!(store.signing().add_signing_key(&key(20), None, &event("late")).await.is_err());

    let store = fixture.open().await;
    let latest: Vec<_> = (4..20).map(key).collect();
    assert_eq!(store.signing().signing_keys().await.unwrap(), latest);
}
