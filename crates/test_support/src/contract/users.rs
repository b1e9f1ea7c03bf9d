//! Users: kept, changed where nobody else was faster, found and listed.

use std::sync::Arc;

use engine::port::{ReadError, Store};
use engine::users::{PasswordDigest, StoredUser, UserChange, UserCreation};
use identity::{Action, Actor, AuditEvent, Email, Grants, KeyId, User, UserId, UserName, UserState};

use crate::{StoreFixture, at, drain};

fn id(number: u8) -> UserId {
    UserId::from_random([number; 9])
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn digest(text: &str) -> PasswordDigest {
    PasswordDigest::from_stored(text.to_owned())
}

/// A user who has everything that one can have.
fn user(number: u8) -> StoredUser {
    let user = User {
        id: id(number),
        name: UserName::parse("Ärger (\"eu\")").unwrap(),
        email: email(&format!("Ada.{number}@example.com")),
        email_verified_at: Some(at(2)),
        state: UserState::Active,
        grants: Grants::parse("ledger:read,ledger:write@eu,main;audit:read@*").unwrap(),
        created_at: at(1),
        created_by: Actor::Key(KeyId::parse("0123456789ab").unwrap()),
        password_set_at: Some(at(3)),
    };
    StoredUser { user, password: Some(digest("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA")), version: 0 }
}

/// A user who has nothing that one need not have.
fn bare(number: u8) -> StoredUser {
    let StoredUser { user, .. } = user(number);
    let user = User {
        email_verified_at: None,
        grants: Grants::everything(),
        created_by: Actor::Operator,
        password_set_at: None,
        ..user
    };
    StoredUser { user, password: None, version: 0 }
}

fn with_email(stored: StoredUser, text: &str) -> StoredUser {
    StoredUser { user: User { email: email(text), ..stored.user }, ..stored }
}

fn event(action: Action, subject: &str) -> AuditEvent {
    AuditEvent {
        at: at(7),
        actor: Actor::User(id(9)),
        action,
        subject: subject.to_owned(),
        address: Some([192, 0, 2, 1].into()),
        request_id: Some("sri_01".to_owned()),
        entry: None,
        count: 1,
    }
}

async fn create(store: &dyn Store, user: &StoredUser) -> UserCreation {
    store.users().create_user(user, &event(Action::UserCreated, user.user.id.as_str())).await.unwrap()
}

async fn change(store: &dyn Store, user: &StoredUser, subject: &str) -> UserChange {
    store.users().change_user(user, &event(Action::UserChanged, subject)).await.unwrap()
}

async fn kept(store: &dyn Store, number: u8) -> StoredUser {
    store.users().user(&id(number)).await.unwrap().unwrap()
}

async fn trail(store: &dyn Store) -> Vec<AuditEvent> {
    let records = store
        .access()
        .audit(&engine::access::AuditQuery { limit: 1000, ..Default::default() })
        .await
        .unwrap();
    records.items.into_iter().map(|record| record.event).collect()
}

/// A user comes back with all that they were created with.
pub async fn a_user_comes_back_as_they_were_created(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for user in [user(1), bare(2)] {
        assert_eq!(create(&*store, &user).await, UserCreation::Created);
        assert_eq!(store.users().user(&user.user.id).await.unwrap().as_ref(), Some(&user));
        assert_eq!(store.users().user_of(&user.user.email).await.unwrap(), Some(user));
    }
    assert_eq!(store.users().user(&id(3)).await.unwrap(), None);
    assert_eq!(store.users().user_of(&email("ada.3@example.com")).await.unwrap(), None);
}

/// Two users of one id are never there; what would have been the second one is not recorded either.
pub async fn a_users_id_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &user(1)).await;
    let other = with_email(bare(1), "other@example.com");
    assert!(store.users().create_user(&other, &event(Action::UserCreated, "again")).await.is_err());
    assert_eq!(kept(&*store, 1).await, user(1));
    assert_eq!(trail(&*store).await.len(), 1);
}

/// An address belongs to one user, however it is written, and is free again once they have another one.
pub async fn an_address_belongs_to_one_user(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &user(1)).await;
    create(&*store, &user(2)).await;
    let third = with_email(bare(3), "aDA.1@EXAMPLE.com");
    assert_eq!(create(&*store, &third).await, UserCreation::EmailTaken);
    let taken = with_email(user(2), "ADA.1@example.com");
    assert_eq!(change(&*store, &taken, "2").await, UserChange::EmailTaken);
    assert_eq!(kept(&*store, 2).await, user(2));
    assert_eq!(trail(&*store).await.len(), 2, "nothing of it is recorded");
    let found = store.users().user_of(&email("ADA.1@example.com")).await.unwrap();
    assert_eq!(found, Some(user(1)));

    // Their own address in another case is theirs.
    let own = with_email(user(1), "ADA.1@example.com");
    assert_eq!(change(&*store, &own, "1").await, UserChange::Changed);
    assert_eq!(kept(&*store, 1).await.user.email.as_str(), "ADA.1@example.com");
    let other = with_email(kept(&*store, 1).await, "other@example.com");
    assert_eq!(change(&*store, &other, "1").await, UserChange::Changed);
    assert_eq!(create(&*store, &third).await, UserCreation::Created);
}

/// Of those who ask for one address at the same moment, one gets it.
pub async fn one_of_many_gets_an_address(fixture: &dyn StoreFixture) {
    let store: Arc<dyn Store> = fixture.open().await;
    for number in 5..=8 {
        create(&*store, &user(number)).await;
    }
    let asking = (1..=8).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let wanted =
                with_email(user(number), &format!("wanted@example.c{}", ["om", "OM"][number as usize % 2]));
            if number < 5 {
                create(&*store, &wanted).await == UserCreation::Created
            } else {
                change(&*store, &wanted, "wanted").await == UserChange::Changed
            }
        })
    });
    let mut got = 0;
    for asked in asking.collect::<Vec<_>>() {
        got += usize::from(asked.await.unwrap());
    }
    assert_eq!(got, 1);
    assert_eq!(trail(&*store).await.len(), 5);
}

/// A change is written over what it was made of, and over nothing else.
pub async fn who_was_changed_meanwhile_is_left_alone(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &user(1)).await;
    create(&*store, &user(2)).await;
    let changed = StoredUser {
        user: User {
            name: UserName::parse("Grace").unwrap(),
            email: email("grace@example.com"),
            email_verified_at: None,
            state: UserState::Disabled,
            grants: Grants::everything(),
            // What a user is created with stays.
            created_at: at(9),
            created_by: Actor::Operator,
            password_set_at: None,
            ..user(1).user
        },
        password: None,
        version: 0,
    };
    let User { created_at, created_by, .. } = user(1).user;
    assert_eq!(change(&*store, &changed, "first").await, UserChange::Changed);
    let expected =
        StoredUser { user: User { created_at, created_by, ..changed.user.clone() }, version: 1, ..changed };
    assert_eq!(kept(&*store, 1).await, expected);
    assert_eq!(change(&*store, &user(1), "second").await, UserChange::Stale);
    assert_eq!(change(&*store, &user(3), "nobody").await, UserChange::Stale);
    assert_eq!((kept(&*store, 1).await, kept(&*store, 2).await), (expected, user(2)));
    let subjects: Vec<_> = trail(&*store).await.into_iter().map(|event| event.subject).collect();
    assert_eq!(subjects, ["first".to_owned(), id(2).to_string(), id(1).to_string()]);

    let again = StoredUser { version: 1, ..user(1) };
    assert_eq!(change(&*store, &again, "third").await, UserChange::Changed);
    assert_eq!(kept(&*store, 1).await, StoredUser { version: 2, ..user(1) });
}

/// A digest is put in the place of the one that it was made for, unnoticed.
pub async fn a_password_is_digested_anew_where_it_is_still_the_same(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &user(1)).await;
    create(&*store, &bare(2)).await;
    let first = user(1).password.unwrap();
    let (second, third) = (digest("$argon2id$second"), digest("$argon2id$third"));
    store.users().renew_password(&id(1), &first, &second).await.unwrap();
    let expected = StoredUser { password: Some(second), ..user(1) };
    assert_eq!(kept(&*store, 1).await, expected);
    for (number, from) in [(1, &first), (2, &first), (3, &first)] {
        store.users().renew_password(&id(number), from, &third).await.unwrap();
    }
    assert_eq!((kept(&*store, 1).await, kept(&*store, 2).await), (expected, bare(2)));
    assert_eq!(trail(&*store).await.len(), 2);
}

/// Users are listed from the newest to the oldest, all of them or those of a state.
pub async fn users_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    assert_eq!(store.users().users(None, None, 10).await.unwrap().items, []);
    let numbers = [7, 3, 9, 1, 5];
    let made = numbers.map(|number| {
        let state = if number > 4 { UserState::Disabled } else { UserState::Active };
        StoredUser { user: User { state, ..user(number).user }, ..user(number) }
    });
    for user in &made {
        create(&*store, user).await;
    }
    let newest: Vec<User> = made.into_iter().rev().map(|stored| stored.user).collect();
    for state in [None, Some(UserState::Active), Some(UserState::Disabled)] {
        let wanted: Vec<User> =
            newest.iter().filter(|user| state.is_none_or(|state| user.state == state)).cloned().collect();
        for limit in 1..=6 {
            let found =
                drain(limit, None, async |before| store.users().users(state, before, limit).await.unwrap())
                    .await;
            assert_eq!(found, wanted, "{state:?}, {limit}");
        }
    }
    assert_eq!(store.users().users(None, Some(0), 10).await.unwrap().items, []);
    assert_eq!(store.users().users(None, Some(u64::MAX), 10).await.unwrap().items, newest);
}

/// Nothing of them is gone when the store is opened again.
pub async fn users_are_there_after_reopening(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    create(&*store, &user(1)).await;
    store.close().await;
    assert!(matches!(store.users().user(&id(1)).await, Err(ReadError::Unavailable(_))));
    assert!(matches!(store.users().user_of(&user(1).user.email).await, Err(ReadError::Unavailable(_))));
    assert!(matches!(store.users().users(None, None, 1).await, Err(ReadError::Unavailable(_))));
    assert!(store.users().change_user(&user(1), &event(Action::UserChanged, "1")).await.is_err());
    let (from, to) = (user(1).password.unwrap(), digest("$argon2id$second"));
    assert!(store.users().renew_password(&id(1), &from, &to).await.is_err());

    let store = fixture.open().await;
    assert_eq!(kept(&*store, 1).await, user(1));
}
