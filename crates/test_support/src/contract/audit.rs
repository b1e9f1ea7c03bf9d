//! The audit trail: searched by what its records say, and written together with entries.

use std::net::IpAddr;

use engine::access::{AuditPosition, AuditQuery};
use engine::port::{CommitError, Store};
use engine::query::TimeRange;
use identity::{Action, Actor, AuditEvent, AuditRecord, KeyId};
use ledger::EntryNumber;

use crate::{StoreFixture, append, at, decide_batch, drain, transfer};

fn event(number: u64, time: i64, actor: &str, action: Action, subject: &str) -> AuditEvent {
    AuditEvent {
        at: at(time),
        actor: Actor::parse(actor).unwrap(),
        action,
        subject: subject.to_owned(),
        address: Some(IpAddr::from([192, 0, 2, 1])),
        request_id: Some(format!("sri_{number}")),
        entry: number.is_multiple_of(2).then_some(EntryNumber(number)),
        count: 1,
    }
}

async fn trail(store: &dyn Store) -> Vec<AuditEvent> {
    let query = AuditQuery { limit: 1000, ..AuditQuery::default() };
    let found = store.access().audit(&query).await.unwrap();
    found.items.into_iter().map(|record| record.event).collect()
}

/// Every filter, alone and with others, finds what it means and nothing else, the latest first, in pages of any size.
pub async fn the_trail_is_searched_by_every_filter(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let (actors, subjects) = (["key:0123456789ab", "operator", "unknown"], ["main", "main a:b", "x\u{e4}"]);
    let actions = [Action::PolicyChanged, Action::ReversalForced, Action::Refused];
    // Times come more than once, and not in order.
    let events = (0_u32..60).map(|number| {
        let of = |step: u32| usize::try_from(number / step % 3).unwrap();
        let time = i64::from(number * 7 % 13);
        event(number.into(), time, actors[of(1)], actions[of(3)], subjects[of(9)])
    });
    let events: Vec<_> = events.collect();
    store.access().record(&events).await.unwrap();
    let all = AuditQuery { limit: 1000, ..AuditQuery::default() };
    let all: Vec<AuditRecord> = store.access().audit(&all).await.unwrap().items;
    assert_eq!(all.len(), events.len());
    assert!(all.is_sorted_by(|one, other| AuditPosition::of(one) > AuditPosition::of(other)));
    for filters in 0_u32..16 {
        let is_on = |filter: u32| filters & (1 << filter) != 0;
        let query = AuditQuery {
            actor: is_on(0).then(|| Actor::Key(KeyId::parse("0123456789ab").unwrap())),
            action: is_on(1).then_some(Action::ReversalForced),
            subject: is_on(2).then(|| "main a:b".to_owned()),
            time: if is_on(3) {
                TimeRange { from: Some(at(3)), to: Some(at(9)) }
            } else {
                TimeRange::default()
            },
            after: None,
            limit: 0,
        };
        let wanted: Vec<_> = all.iter().filter(|record| query.matches(record)).cloned().collect();
        for limit in [1, 7, 1000] {
            let found = drain(limit, None, async |after| {
                store.access().audit(&AuditQuery { after, limit, ..query.clone() }).await.unwrap()
            });
            assert_eq!(found.await, wanted, "{query:?}");
        }
    }
    let nobody = AuditQuery { subject: Some("mai".to_owned()), limit: 9, ..AuditQuery::default() };
    assert_eq!(store.access().audit(&nobody).await.unwrap().items, []);
}

/// What a batch records is there with its entries.
pub async fn a_batch_records_with_its_entries(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let events = [1, 2].map(|number| event(number, 5, "operator", Action::PolicyChanged, "main a"));
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    batch.record(&events).await.unwrap();
    batch.commit(&records).await.unwrap();
    assert_eq!(trail(&*store).await, [events[1].clone(), events[0].clone()]);
}

/// A batch that is dropped or cannot be written records nothing.
pub async fn a_batch_without_its_entries_records_nothing(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &[transfer("world", "a", 1).key("k-1")]).await;
    let events = [event(1, 5, "operator", Action::PolicyChanged, "main a")];
    let (mut batch, _) = decide_batch(&*store, &main, &[transfer("world", "a", 1)]).await;
    batch.record(&events).await.unwrap();
    drop(batch);
    assert_eq!(trail(&*store).await, []);
    let (mut batch, records) = decide_batch(&*store, &main, &[transfer("world", "a", 2).key("k-1")]).await;
    batch.record(&events).await.unwrap();
    assert!(matches!(batch.commit(&records).await, Err(CommitError::RolledBack(_))), "the key is in use");
    assert_eq!(trail(&*store).await, []);
}
