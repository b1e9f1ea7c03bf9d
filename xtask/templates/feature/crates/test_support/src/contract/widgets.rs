//! Gadgets: created once, with the record of that, and found by their ids and keys.

use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::{ReadError, Store};
use engine::widgets::{KeptWidget, Widget, WidgetCreation, WidgetId, WidgetName};
use identity::{Action, Actor, AuditEvent, KeyId};
use ledger::LedgerName;

use crate::builders::ledger_name;
use crate::{StoreFixture, at};

fn actor() -> Actor {
    Actor::Key(KeyId::parse("0123456789ab").unwrap())
}

fn id(number: u8) -> WidgetId {
    WidgetId::parse(&format!("0000000000{number:02}")).unwrap()
}

/// A gadget that was asked for under a key, or without one.
fn kept(number: u8, key: Option<&str>) -> KeptWidget {
    let request = key.map(|key| KeyedRequest {
        key: IdempotencyKey::parse(key).unwrap(),
        fingerprint: RequestFingerprint([number; 16]),
    });
    let name = WidgetName::parse("Ärger (\"eu\")").unwrap();
    KeptWidget { widget: Widget { id: id(number), name, created_at: at(1), created_by: actor() }, request }
}

async fn create(store: &dyn Store, ledger: &LedgerName, new: &KeptWidget) -> WidgetCreation {
    let event = AuditEvent {
        at: at(1),
        actor: actor(),
        action: Action::WidgetCreated,
        subject: format!("{ledger} {}", new.widget.id),
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    };
    store.widgets().create_widget(ledger, new, &event).await.unwrap()
}

/// The gadgets that the audit trail says were created, the latest first.
async fn recorded(store: &dyn Store) -> Vec<String> {
    let query = engine::access::AuditQuery { limit: 1000, ..Default::default() };
    let records = store.access().audit(&query).await.unwrap().items;
    records.into_iter().map(|record| record.event.subject).collect()
}

/// A gadget comes back with all that it was created with, from every opening, and its creation is recorded.
pub async fn a_widget_comes_back_as_it_was_created(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let (with, without) = (kept(1, Some("k")), kept(2, None));
    for new in [&with, &without] {
        assert_eq!(create(&*store, &main, new).await, WidgetCreation::Created);
    }
    let opened = fixture.open().await;
    for new in [&with, &without] {
        assert_eq!(opened.widgets().widget(&main, &new.widget.id).await.unwrap().as_ref(), Some(&new.widget));
    }
    assert_eq!(opened.widgets().widget(&main, &id(3)).await.unwrap(), None);
    let key = IdempotencyKey::parse("k").unwrap();
    assert_eq!(opened.widgets().widget_under(&main, &key).await.unwrap(), Some(with));
    let mut recorded = recorded(&*opened).await;
    recorded.sort();
    assert_eq!(recorded, ["main 000000000001", "main 000000000002"]);
}

/// An id and a key stand for one gadget of a ledger; what comes later changes nothing, and is not recorded.
pub async fn an_id_and_a_key_of_a_widget_are_taken_once(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    crate::fixture::create(&*store, &other).await;
    assert_eq!(create(&*store, &main, &kept(1, Some("k"))).await, WidgetCreation::Created);
    assert_eq!(create(&*store, &main, &kept(1, None)).await, WidgetCreation::InUse);
    assert_eq!(create(&*store, &main, &kept(2, Some("k"))).await, WidgetCreation::InUse);
    assert_eq!(recorded(&*store).await, ["main 000000000001"]);
    assert_eq!(create(&*store, &other, &kept(1, Some("k"))).await, WidgetCreation::Created);
    let key = IdempotencyKey::parse("l").unwrap();
    assert_eq!(store.widgets().widget_under(&main, &key).await.unwrap(), None);
}

/// A ledger that is not there has no gadgets and gets none.
pub async fn a_ledger_that_is_not_there_has_no_widgets(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let nowhere = ledger_name("nowhere");
    assert_eq!(create(&*store, &nowhere, &kept(1, Some("k"))).await, WidgetCreation::LedgerNotFound);
    let read = store.widgets().widget(&nowhere, &id(1)).await;
    assert!(matches!(read, Err(ReadError::LedgerNotFound)), "{read:?}");
    let key = IdempotencyKey::parse("k").unwrap();
    assert_eq!(store.widgets().widget_under(&nowhere, &key).await.unwrap(), None);
    assert_eq!(recorded(&*store).await, [""; 0]);
}
