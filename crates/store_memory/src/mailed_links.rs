//! Mailed links in memory, in the plainest way: a list.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::mailed_links::{LinkStore, StoredLink};
use engine::port::ReadError;
use identity::{AuditEvent, LinkKind, SecretDigest, UserId};
use ledger::Timestamp;

use crate::store::MemoryStore;

#[async_trait]
impl LinkStore for MemoryStore {
    async fn keep_link(&self, link: &StoredLink, event: &AuditEvent) -> Result<(), WriteAccessError> {
        self.on_access(|kept| {
            kept.links.retain(|known| known.user != link.user || known.kind != link.kind);
            kept.links.push(link.clone());
            kept.trail.push(event.clone());
        })
    }

    async fn link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, ReadError> {
        self.of_access(|kept| {
            let works = |link: &&StoredLink| kinds.contains(&link.kind) && link.expires_at > now;
            kept.links.iter().filter(works).find(|link| link.digest == *digest).cloned()
        })
    }

    async fn use_link(
        &self,
        digest: &SecretDigest,
        kinds: [LinkKind; 2],
        now: Timestamp,
    ) -> Result<Option<StoredLink>, WriteAccessError> {
        self.on_access(|kept| {
            let is_it = |link: &StoredLink| {
                link.digest == *digest && kinds.contains(&link.kind) && link.expires_at > now
            };
            let place = kept.links.iter().position(is_it)?;
            Some(kept.links.remove(place))
        })
    }

    async fn forget_links(&self, user: &UserId, kinds: [LinkKind; 2]) -> Result<(), WriteAccessError> {
        self.on_access(|kept| kept.links.retain(|link| link.user != *user || !kinds.contains(&link.kind)))
    }
}
