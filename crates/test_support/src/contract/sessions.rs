//! Sessions: kept, ended, noted, listed and removed.

use std::net::IpAddr;

use engine::port::{ReadError, Store};
use engine::sessions::{SESSIONS_OF_USER_MAX, StoredSession};
use identity::{Action, Actor, AuditEvent, Session, SessionId, SessionText, UserAgent, UserId};
use ledger::Timestamp;

use crate::{StoreFixture, at, drain};

fn text(number: u8) -> SessionText {
    SessionText::from_random([number; 9], &[number; 32])
}

fn user(number: u8) -> UserId {
    UserId::from_random([number; 9])
}

fn session_of(owner: u8, number: u8) -> StoredSession {
    let text = text(number);
    let session = Session {
        id: text.id(),
        user: user(owner),
        created_at: at(10),
        last_seen_at: at(10),
        expires_at: at(1_000),
        address: Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])),
        user_agent: UserAgent::of("Mozilla/5.0 (\"Ärger\")"),
        revoked_at: None,
    };
    StoredSession { session, digest: text.digest() }
}

fn session(number: u8) -> StoredSession {
    session_of(1, number)
}

/// A session that has nothing that it need not have.
fn bare(number: u8) -> StoredSession {
    let StoredSession { session, digest } = session(number);
    StoredSession { session: Session { address: None, user_agent: None, ..session }, digest }
}

fn expiring(number: u8, second: i64) -> StoredSession {
    let StoredSession { session, digest } = session(number);
    StoredSession { session: Session { expires_at: at(second), ..session }, digest }
}

fn event(action: Action, subject: &str) -> AuditEvent {
    AuditEvent {
        at: at(7),
        actor: Actor::User(user(1)),
        action,
        subject: subject.to_owned(),
        address: Some([192, 0, 2, 1].into()),
        request_id: Some("sri_01".to_owned()),
        entry: None,
        count: 1,
    }
}

async fn create(store: &dyn Store, session: &StoredSession, replaces: Option<&SessionId>) {
    let event = event(Action::SessionStarted, session.session.id.as_str());
    store.sessions().create_session(session, replaces, &event).await.unwrap();
}

async fn revoked_at(store: &dyn Store, number: u8) -> Option<Timestamp> {
    store.sessions().session(&text(number).id()).await.unwrap().unwrap().session.revoked_at
}

async fn trail(store: &dyn Store) -> Vec<(Action, String)> {
    let records = store
        .access()
        .audit(&engine::access::AuditQuery { limit: 1000, ..Default::default() })
        .await
        .unwrap();
    records.items.into_iter().rev().map(|record| (record.event.action, record.event.subject)).collect()
}

/// A session comes back with all that it started with.
pub async fn a_session_comes_back_as_it_started(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for session in [session(1), bare(2), session_of(2, 3)] {
        create(&*store, &session, None).await;
        assert_eq!(store.sessions().session(&session.session.id).await.unwrap(), Some(session));
    }
    assert_eq!(store.sessions().session(&text(4).id()).await.unwrap(), None);
}

/// Two sessions of one id are never there; what would have been the second one changes and records nothing.
pub async fn an_id_of_a_session_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &session(1), None).await;
    create(&*store, &session(2), None).await;
    let replaced = text(2).id();
    let again = event(Action::SessionStarted, "again");
    assert!(store.sessions().create_session(&bare(1), Some(&replaced), &again).await.is_err());
    assert_eq!(store.sessions().session(&text(1).id()).await.unwrap(), Some(session(1)));
    assert_eq!(revoked_at(&*store, 2).await, None);
    assert_eq!(trail(&*store).await.len(), 2);
}

/// The session that a new one replaces ends as that starts, whoever's it is; one that is not there harms nothing.
pub async fn a_session_ends_with_the_one_that_replaces_it(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &session(1), None).await;
    create(&*store, &session(2), Some(&text(1).id())).await;
    create(&*store, &session_of(2, 3), Some(&text(2).id())).await;
    create(&*store, &session(4), Some(&text(9).id())).await;
    // Ended once, it stays so.
    let StoredSession { session: later, digest } = session(5);
    create(
        &*store,
        &StoredSession { session: Session { created_at: at(20), ..later }, digest },
        Some(&text(1).id()),
    )
    .await;
    for (number, ended) in [(1, Some(at(10))), (2, Some(at(10))), (3, None), (4, None), (5, None)] {
        assert_eq!(revoked_at(&*store, number).await, ended, "{number}");
    }
}

/// Of the sessions of one user, so many are open; the oldest make room.
pub async fn a_user_has_so_many_sessions_and_no_more(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let most = u8::try_from(SESSIONS_OF_USER_MAX).unwrap();
    create(&*store, &session_of(2, 0), None).await;
    for number in 1..=most {
        create(&*store, &session(number), None).await;
    }
    assert_eq!(revoked_at(&*store, 1).await, None);
    create(&*store, &session(most + 1), None).await;
    assert_eq!(revoked_at(&*store, 1).await, Some(at(10)));
    // What is replaced makes room itself.
    create(&*store, &session(most + 2), Some(&text(5).id())).await;
    for (number, ended) in [(2, None), (5, Some(at(10))), (most + 2, None), (0, None)] {
        assert_eq!(revoked_at(&*store, number).await, ended, "{number}");
    }
}

/// The first end counts, and is the only one that is recorded.
pub async fn a_revoked_session_stays_as_it_was_revoked(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &session(1), None).await;
    create(&*store, &session(2), None).await;
    let id = text(1).id();
    for (second, subject) in [(15, "first"), (16, "second")] {
        let event = event(Action::SessionRevoked, subject);
        assert!(store.sessions().revoke_session(&id, at(second), &event).await.unwrap());
        assert_eq!(revoked_at(&*store, 1).await, Some(at(15)));
    }
    let nobody = event(Action::SessionRevoked, "none");
    assert!(!store.sessions().revoke_session(&text(9).id(), at(5), &nobody).await.unwrap());
    assert_eq!(revoked_at(&*store, 2).await, None);
    assert_eq!(trail(&*store).await[2..], [(Action::SessionRevoked, "first".to_owned())]);
}

/// All sessions of a user end at once, but for one; others' stay.
pub async fn all_sessions_of_a_user_end_but_one(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for session in [session(1), session(2), session(3), session_of(2, 4)] {
        create(&*store, &session, None).await;
    }
    let all = async |but: Option<u8>, second: i64| {
        let but = but.map(|number| text(number).id());
        let event = event(Action::SessionsRevoked, &second.to_string());
        store.sessions().revoke_sessions_of(&user(1), but.as_ref(), at(second), &event).await.unwrap()
    };
    assert_eq!(all(Some(2), 20).await, 2);
    assert_eq!(all(Some(2), 21).await, 0);
    for (number, ended) in [(1, Some(at(20))), (2, None), (3, Some(at(20))), (4, None)] {
        assert_eq!(revoked_at(&*store, number).await, ended, "{number}");
    }
    assert_eq!(all(None, 22).await, 1);
    assert_eq!(revoked_at(&*store, 2).await, Some(at(22)));
    assert_eq!(revoked_at(&*store, 4).await, None);
    let recorded = ["20", "22"].map(|subject| (Action::SessionsRevoked, subject.to_owned()));
    assert_eq!(trail(&*store).await[4..], recorded);
}

/// Sessions of a user are listed from the newest to the oldest, ended ones too, and nobody else's.
pub async fn sessions_of_a_user_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert_eq!(store.sessions().sessions_of(&user(1), None, 10).await.unwrap().items, []);
    let numbers = [7, 3, 9, 1, 5];
    for number in numbers {
        create(&*store, &session(number), None).await;
        create(&*store, &session_of(2, number + 100), None).await;
    }
    let newest: Vec<Session> = numbers.into_iter().rev().map(|number| session(number).session).collect();
    for limit in 1..=6 {
        let found = drain(limit, None, async |before| {
            store.sessions().sessions_of(&user(1), before, limit).await.unwrap()
        });
        assert_eq!(found.await, newest, "{limit}");
    }
    assert_eq!(store.sessions().sessions_of(&user(1), Some(0), 10).await.unwrap().items, []);
    assert_eq!(store.sessions().sessions_of(&user(3), None, 10).await.unwrap().items, []);
}

/// The latest use of a session is noted, in whichever order uses are told.
pub async fn the_last_use_of_a_session_counts(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &session(1), None).await;
    create(&*store, &session(2), None).await;
    for (number, second, last) in [(1, 15, 15), (1, 14, 15), (1, 16, 16), (9, 20, 16)] {
        store.sessions().note_seen(&text(number).id(), at(second)).await.unwrap();
        let found = store.sessions().session(&text(1).id()).await.unwrap().unwrap();
        assert_eq!(found.session.last_seen_at, at(last));
    }
    assert_eq!(store.sessions().session(&text(2).id()).await.unwrap(), Some(session(2)));
}

/// What ended long ago is removed, the oldest first, in portions.
pub async fn old_sessions_are_removed_in_portions(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for (number, second) in [(1, 30), (2, 10), (3, 20), (4, 40), (5, 15)] {
        create(&*store, &expiring(number, second), None).await;
    }
    let left = async || {
        let found = store.sessions().sessions_of(&user(1), None, 10).await.unwrap();
        let mut ends: Vec<Timestamp> = found.items.into_iter().map(|session| session.expires_at).collect();
        ends.sort_unstable();
        ends
    };
    assert_eq!(store.sessions().remove_sessions(at(30), 2).await.unwrap(), 2);
    assert_eq!(left().await, [at(20), at(30), at(40)]);
    assert_eq!(store.sessions().remove_sessions(at(30), 2).await.unwrap(), 1);
    assert_eq!(store.sessions().remove_sessions(at(30), 2).await.unwrap(), 0);
    assert_eq!(left().await, [at(30), at(40)]);
    // What is removed gives its number to nobody: pages go on behind it.
    create(&*store, &session(6), None).await;
    assert_eq!(left().await, [at(30), at(40), at(1_000)]);
}

/// Nothing of it is gone when the store is opened again.
pub async fn sessions_are_there_after_reopening(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &session(1), None).await;
    store.close().await;
    assert!(matches!(store.sessions().session(&text(1).id()).await, Err(ReadError::Unavailable(_))));
    assert!(store.sessions().note_seen(&text(1).id(), at(20)).await.is_err());

    let store = fixture.open().await;
    assert_eq!(store.sessions().session(&text(1).id()).await.unwrap(), Some(session(1)));
}
