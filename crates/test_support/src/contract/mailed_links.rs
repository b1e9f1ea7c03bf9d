//! Mailed links: kept one of a kind, found while they work, and used once.

use std::sync::Arc;

use engine::mailed_links::StoredLink;
use engine::port::Store;
use identity::{Action, Actor, AuditEvent, Email, LinkKind, LinkToken, SecretDigest, UserId};

use crate::{StoreFixture, at};

use LinkKind::{AddressVerification, Invitation, PasswordReset};

const SET: [LinkKind; 2] = [Invitation, PasswordReset];
const VERIFY: [LinkKind; 2] = [AddressVerification; 2];

fn user(number: u8) -> UserId {
    UserId::from_random([number; 9])
}

fn digest(number: u8) -> SecretDigest {
    LinkToken::from_random(&[number; 32]).digest()
}

/// A link of a user, which works until 100.
fn link(of: u8, kind: LinkKind, number: u8) -> StoredLink {
    let email = Email::parse("Ada@example.com").unwrap();
    StoredLink { user: user(of), kind, digest: digest(number), email, expires_at: at(100) }
}

async fn keep(store: &dyn Store, link: &StoredLink) {
    let event = AuditEvent {
        at: at(7),
        actor: Actor::Unknown,
        action: Action::LinkMailed,
        subject: link.kind.name().to_owned(),
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    };
    store.links().keep_link(link, &event).await.unwrap();
}

/// A link is found as it was kept, for what it is for and as long as it works, and its keeping is recorded.
pub async fn a_link_is_found_while_it_works(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let kept = link(1, PasswordReset, 1);
    keep(&*store, &kept).await;
    let links = store.links();
    assert_eq!(links.link(&digest(1), SET, at(99)).await.unwrap(), Some(kept));
    for (digest, kinds, now) in
        [(digest(1), SET, at(100)), (digest(1), VERIFY, at(1)), (digest(2), SET, at(1))]
    {
        assert_eq!(links.link(&digest, kinds, now).await.unwrap(), None);
        assert_eq!(links.use_link(&digest, kinds, now).await.unwrap(), None);
    }
    let trail = store
        .access()
        .audit(&engine::access::AuditQuery { limit: 10, ..Default::default() })
        .await
        .unwrap()
        .items;
    assert_eq!((trail.len(), trail[0].event.action), (1, Action::LinkMailed));
}

/// A link is used once.
pub async fn a_link_is_used_once(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let kept = link(1, Invitation, 1);
    keep(&*store, &kept).await;
    assert_eq!(store.links().use_link(&digest(1), SET, at(99)).await.unwrap(), Some(kept));
    assert_eq!(store.links().use_link(&digest(1), SET, at(99)).await.unwrap(), None);
    assert_eq!(store.links().link(&digest(1), SET, at(99)).await.unwrap(), None);
}

/// Of many who use a link at once, one gets it.
pub async fn one_of_many_gets_a_link(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    keep(&*store, &link(1, PasswordReset, 1)).await;
    let uses: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.links().use_link(&digest(1), SET, at(1)).await.unwrap() })
        })
        .collect();
    let mut got = 0;
    for used in uses {
        got += usize::from(used.await.unwrap().is_some());
    }
    assert_eq!(got, 1);
}

/// Another link of the same kind takes the place of the one before; those of others and of other kinds stay.
pub async fn another_link_of_a_kind_takes_the_place(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for kept in [
        link(1, PasswordReset, 1),
        link(1, AddressVerification, 2),
        link(2, PasswordReset, 3),
        link(1, PasswordReset, 4),
    ] {
        keep(&*store, &kept).await;
    }
    let links = store.links();
    for (number, kinds, is_there) in [(1, SET, false), (2, VERIFY, true), (3, SET, true), (4, SET, true)] {
        assert_eq!(links.link(&digest(number), kinds, at(1)).await.unwrap().is_some(), is_there, "{number}");
    }
}

/// A user's links of two kinds are forgotten; all others stay.
pub async fn links_of_a_user_are_forgotten(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    for kept in [
        link(1, PasswordReset, 1),
        link(1, Invitation, 2),
        link(1, AddressVerification, 3),
        link(2, Invitation, 4),
    ] {
        keep(&*store, &kept).await;
    }
    store.links().forget_links(&user(1), SET).await.unwrap();
    let links = store.links();
    for (number, kinds, is_there) in [(1, SET, false), (2, SET, false), (3, VERIFY, true), (4, SET, true)] {
        assert_eq!(links.link(&digest(number), kinds, at(1)).await.unwrap().is_some(), is_there, "{number}");
    }
}
