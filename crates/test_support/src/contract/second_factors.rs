//! Second factors: enrolled, confirmed, asked for codes that count once, and removed.

use std::sync::Arc;

use engine::port::Store;
use engine::second_factors::{Confirmed, SealedTotp, StoredTotp};
use identity::{Action, Actor, AuditEvent, RecoveryCode, SecretDigest, UserId};

use crate::{StoreFixture, at};

fn user(number: u8) -> UserId {
    UserId::from_random([number; 9])
}

fn sealed(number: u8) -> SealedTotp {
    SealedTotp::from_bytes(vec![number; 48])
}

fn code(number: u8) -> SecretDigest {
    RecoveryCode::from_random(&[number; 15]).digest()
}

fn event(action: Action) -> AuditEvent {
    AuditEvent {
        at: at(7),
        actor: Actor::User(user(1)),
        action,
        subject: user(1).to_string(),
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    }
}

async fn confirm(store: &dyn Store, of: u8, secret: u8) -> bool {
    let confirmed =
        Confirmed { sealed: &sealed(secret), step: 10, at: at(5), recovery_codes: &[code(1), code(2)] };
    let event = event(Action::SecondFactorAdded);
    store.second_factors().confirm_totp(&user(of), confirmed, &event).await.unwrap()
}

async fn enrol(store: &dyn Store, of: u8, secret: u8) -> bool {
    store.second_factors().enrol_totp(&user(of), &sealed(secret), at(1)).await.unwrap()
}

async fn recorded(store: &dyn Store) -> usize {
    store
        .access()
        .audit(&engine::access::AuditQuery { limit: 100, ..Default::default() })
        .await
        .unwrap()
        .items
        .len()
}

/// A secret that waits is replaced; one that is confirmed is not.
pub async fn a_secret_is_replaced_until_it_is_confirmed(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let factors = store.second_factors();
    assert_eq!(factors.second_factor(&user(1)).await.unwrap(), None);
    assert!(!confirm(&*store, 1, 1).await);
    assert!(enrol(&*store, 1, 1).await && enrol(&*store, 1, 2).await);
    let waits = StoredTotp { sealed: sealed(2), confirmed_at: None, last_step: None, recovery_codes: 0 };
    assert_eq!(factors.second_factor(&user(1)).await.unwrap(), Some(waits));
    assert!(!confirm(&*store, 1, 1).await, "another secret is there by now");
    assert_eq!(recorded(&*store).await, 0);
    assert!(confirm(&*store, 1, 2).await);
    assert!(!confirm(&*store, 1, 2).await && !enrol(&*store, 1, 3).await);
    let counts =
        StoredTotp { sealed: sealed(2), confirmed_at: Some(at(5)), last_step: Some(10), recovery_codes: 2 };
    assert_eq!(factors.second_factor(&user(1)).await.unwrap(), Some(counts));
    assert_eq!(recorded(&*store).await, 1);
}

/// A step is taken once, and none before it; of one that waits to be confirmed, none is.
pub async fn a_step_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let factors = store.second_factors();
    enrol(&*store, 1, 1).await;
    assert!(!factors.take_step(&user(1), 11).await.unwrap());
    confirm(&*store, 1, 1).await;
    for (step, taken) in [(10, false), (11, true), (11, false), (9, false), (13, true), (12, false)] {
        assert_eq!(factors.take_step(&user(1), step).await.unwrap(), taken, "{step}");
    }
    assert!(!factors.take_step(&user(2), 20).await.unwrap());
}

/// Of many who come with one code at once, one is let through.
pub async fn one_of_many_takes_a_code(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    enrol(&*store, 1, 1).await;
    confirm(&*store, 1, 1).await;
    let tries: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let factors = store.second_factors();
                if number % 2 == 0 {
                    return factors.take_step(&user(1), 11).await.unwrap();
                }
                let event = event(Action::RecoveryCodeUsed);
                factors.take_recovery_code(&user(1), &code(1), &event).await.unwrap()
            })
        })
        .collect();
    let mut let_through = 0;
    for tried in tries {
        let_through += usize::from(tried.await.unwrap());
    }
    assert_eq!(let_through, 2, "one with the step, one with the recovery code");
    assert_eq!(recorded(&*store).await, 2);
}

/// A recovery code is its user's, and works once.
pub async fn a_recovery_code_is_taken_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    enrol(&*store, 1, 1).await;
    confirm(&*store, 1, 1).await;
    let factors = store.second_factors();
    let used = event(Action::RecoveryCodeUsed);
    for (of, number, taken) in [(2, 1, false), (1, 3, false), (1, 1, true), (1, 1, false), (1, 2, true)] {
        let outcome = factors.take_recovery_code(&user(of), &code(number), &used).await.unwrap();
        assert_eq!(outcome, taken, "{of} {number}");
    }
    assert_eq!(factors.second_factor(&user(1)).await.unwrap().unwrap().recovery_codes, 0);
    assert_eq!(recorded(&*store).await, 3);
}

/// What counts is removed with its recovery codes; what waits stays.
pub async fn a_second_factor_is_removed_with_its_codes(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let factors = store.second_factors();
    let removed = event(Action::SecondFactorRemoved);
    enrol(&*store, 1, 1).await;
    assert!(!factors.remove_second_factor(&user(1), &removed).await.unwrap());
    confirm(&*store, 1, 1).await;
    enrol(&*store, 2, 2).await;
    confirm(&*store, 2, 2).await;
    assert!(factors.remove_second_factor(&user(1), &removed).await.unwrap());
    assert!(!factors.remove_second_factor(&user(1), &removed).await.unwrap());
    assert_eq!(factors.second_factor(&user(1)).await.unwrap(), None);
    let used = event(Action::RecoveryCodeUsed);
    assert!(!factors.take_recovery_code(&user(1), &code(1), &used).await.unwrap());
    assert_eq!(factors.second_factor(&user(2)).await.unwrap().unwrap().recovery_codes, 2);
    assert_eq!(recorded(&*store).await, 3);
}
