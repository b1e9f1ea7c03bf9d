//! Second factors in memory, in the plainest way: by user.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::port::ReadError;
use engine::second_factors::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
use identity::{AuditEvent, SecretDigest, UserId};
use ledger::Timestamp;

use crate::store::MemoryStore;

/// All of them.
pub(crate) type KeptFactors = BTreeMap<UserId, KeptFactor>;

/// One, with its recovery codes.
pub(crate) struct KeptFactor {
    totp: StoredTotp,
    recovery_codes: Vec<SecretDigest>,
}

#[async_trait]
impl SecondFactorStore for MemoryStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<StoredTotp>, ReadError> {
        self.of_access(|kept| {
            let kept = kept.second_factors.get(user)?;
            let recovery_codes = kept.recovery_codes.len() as u64;
            Some(StoredTotp { recovery_codes, ..kept.totp.clone() })
        })
    }

    async fn enrol_totp(
        &self,
        user: &UserId,
        sealed: &SealedTotp,
        _at: Timestamp,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let factors = &mut kept.second_factors;
            if factors.get(user).is_some_and(|kept| kept.totp.confirmed_at.is_some()) {
                return false;
            }
            let totp =
                StoredTotp { sealed: sealed.clone(), confirmed_at: None, last_step: None, recovery_codes: 0 };
            factors.insert(user.clone(), KeptFactor { totp, recovery_codes: Vec::new() });
            true
        })
    }

    async fn confirm_totp(
        &self,
        user: &UserId,
        confirmed: Confirmed<'_>,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let Some(KeptFactor { totp, recovery_codes }) = kept.second_factors.get_mut(user) else {
                return false;
            };
            if totp.sealed != *confirmed.sealed || totp.confirmed_at.is_some() {
                return false;
            }
            (totp.confirmed_at, totp.last_step) = (Some(confirmed.at), Some(confirmed.step));
            *recovery_codes = confirmed.recovery_codes.to_vec();
            kept.trail.push(event.clone());
            true
        })
    }

    async fn take_step(&self, user: &UserId, step: u64) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let Some(KeptFactor { totp, .. }) = kept.second_factors.get_mut(user) else { return false };
            if totp.confirmed_at.is_none() || totp.last_step.is_some_and(|last| last >= step) {
                return false;
            }
            totp.last_step = Some(step);
            true
        })
    }

    async fn take_recovery_code(
        &self,
        user: &UserId,
        digest: &SecretDigest,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            let Some(KeptFactor { recovery_codes, .. }) = kept.second_factors.get_mut(user) else {
                return false;
            };
            let Some(place) = recovery_codes.iter().position(|known| known == digest) else { return false };
            recovery_codes.remove(place);
            kept.trail.push(event.clone());
            true
        })
    }

    async fn remove_second_factor(
        &self,
        user: &UserId,
        event: &AuditEvent,
    ) -> Result<bool, WriteAccessError> {
        self.on_access(|kept| {
            if kept.second_factors.get(user).is_none_or(|kept| kept.totp.confirmed_at.is_none()) {
                return false;
            }
            kept.second_factors.remove(user);
            kept.trail.push(event.clone());
            true
        })
    }
}
