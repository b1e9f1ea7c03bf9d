//! One issuer: whether a token of it is good, and what it comes to here.

use std::sync::Arc;

use identity::{Grant, Grants, Principal, Subject};
use ledger::Timestamp;
use tokens::{Algorithm, Claims, Compact, Expected, TokenError};

use crate::IssuerError;
use crate::address::Address;
use crate::fetch::Fetcher;
use crate::keys::IssuerKeys;

/// By how much its clock may differ, in seconds.
const LEEWAY_S: i64 = 30;

/// The most bytes of its name for somebody.
const SUBJECT_BYTES_MAX: usize = 255;

/// An issuer that is trusted.
#[derive(Clone, Debug)]
pub struct IssuerOptions {
    /// Its name, as its tokens have it.
    pub issuer: String,
    /// Where it describes itself.
    pub address: Address,
    /// Whom its tokens have to be for.
    pub audience: String,
    /// How they may be signed.
    pub algorithms: Vec<Algorithm>,
    /// The claim that rights follow from.
    pub claim: String,
    /// What follows from its values.
    pub grants: Vec<MappedValue>,
}

/// What follows from a value of a claim.
#[derive(Clone, Debug)]
pub struct MappedValue {
    /// The value.
    pub value: String,
    /// What it grants.
    pub grant: Grant,
}

/// An issuer with its keys.
pub(crate) struct Issuer {
    options: IssuerOptions,
    keys: IssuerKeys,
}

impl Issuer {
    pub(crate) fn new(options: IssuerOptions, fetcher: Arc<Fetcher>) -> Self {
        let keys = IssuerKeys::new(options.issuer.clone(), options.address.clone(), fetcher);
        Self { options, keys }
    }

    pub(crate) fn name(&self) -> &str {
        &self.options.issuer
    }

    pub(crate) async fn authenticate(
        &self,
        token: &Compact<'_>,
        now_s: i64,
    ) -> Result<Principal, IssuerError> {
        // What will not be taken anyway is nothing to ask an issuer for.
        token.algorithm(&self.options.algorithms)?;
        let keys = self.keys.with(token.key()).await;
        let keys = keys.map_err(|error| IssuerError::Away(self.options.issuer.clone(), error))?;
        let claims = token.verified(&self.options.algorithms, &keys)?;
        claims.check(Expected {
            issuer: &self.options.issuer,
            audience: &self.options.audience,
            now_s,
            leeway_s: LEEWAY_S,
        })?;
        if claims.subject.len() > SUBJECT_BYTES_MAX || claims.subject.chars().any(char::is_control) {
            return Err(TokenError::Malformed.into());
        }
        let grants = self.grants(&claims).ok_or(TokenError::GrantsNothing)?;
        let expires_at = Timestamp::from_micros(claims.expires_s().saturating_mul(1_000_000));
        let subject = Subject::External { issuer: self.options.issuer.clone(), subject: claims.subject };
        Ok(Principal::new(subject, grants, expires_at))
    }

    fn grants(&self, claims: &Claims) -> Option<Grants> {
        let values = claims.values(&self.options.claim);
        let granted = self.options.grants.iter().filter(|mapped| values.contains(&&*mapped.value));
        Grants::new(granted.map(|mapped| mapped.grant.clone()).collect()).ok()
    }
}
