//! Mailed links and second factors in a store that never answers for them.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::mailed_links::{LinkStore, StoredLink};
use engine::port::ReadError;
use engine::second_factors::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
use identity::{AuditEvent, LinkKind, SecretDigest, UserId};
use ledger::Timestamp;

use super::access::{read, write};
use super::store::Troubled;

#[async_trait]
impl LinkStore for Troubled {
    async fn keep_link(&self, _link: &StoredLink, _event: &AuditEvent) -> Result<(), WriteAccessError> {
        write()
    }

    async fn link(
        &self,
        _digest: &SecretDigest,
        _kinds: [LinkKind; 2],
        _now: Timestamp,
    ) -> Result<Option<StoredLink>, ReadError> {
        read()
    }

    async fn use_link(
        &self,
        _digest: &SecretDigest,
        _kinds: [LinkKind; 2],
        _now: Timestamp,
    ) -> Result<Option<StoredLink>, WriteAccessError> {
        write()
    }

    async fn forget_links(&self, _user: &UserId, _kinds: [LinkKind; 2]) -> Result<(), WriteAccessError> {
        write()
    }
}

#[async_trait]
impl SecondFactorStore for Troubled {
    async fn second_factor(&self, _user: &UserId) -> Result<Option<StoredTotp>, ReadError> {
        read()
    }

    async fn enrol_totp(
        &self,
        _user: &UserId,
        _sealed: &SealedTotp,
        _at: Timestamp,
    ) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn confirm_totp(
        &self,
        _user: &UserId,
        _confirmed: Confirmed<'_>,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn take_step(&self, _user: &UserId, _step: u64) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn take_recovery_code(
        &self,
        _user: &UserId,
        _digest: &SecretDigest,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        write()
    }

    async fn remove_second_factor(
        &self,
        _user: &UserId,
        _event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        write()
    }
}
