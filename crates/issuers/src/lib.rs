//! Other issuers of tokens (`OpenID` Connect): their keys are found by discovery and remembered for a while, and what
//! their tokens say of somebody is turned into rights here.
//!
//! It never follows a redirect, never speaks plain HTTP but to this machine, never waits long, and never takes an address
//! from a token: only the issuers that are configured are ever asked.

mod address;
mod fetch;
mod issuer;
mod keys;

use std::sync::Arc;

use identity::Principal;
use tokens::{Compact, TokenError};

pub use address::{Address, AddressError};
pub use fetch::FetchError;
pub use issuer::{IssuerOptions, MappedValue};

use crate::fetch::Fetcher;
use crate::issuer::Issuer;

/// The issuers that are trusted. Clones are the same.
#[derive(Clone)]
pub struct Issuers(Arc<[Issuer]>);

/// Why a token of another issuer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The token does not do.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The issuer's keys are not known, and it does not give them.
    #[error("the keys of the issuer {0} could not be had")]
    Away(String, #[source] FetchError),
}

impl Issuers {
    /// Trusts these issuers. Nothing is asked of them before their first token comes.
    #[must_use]
    pub fn new(options: Vec<IssuerOptions>) -> Self {
        let secure = options.iter().any(|options| options.address.is_secure());
        let fetcher = Arc::new(Fetcher::new(secure));
        Self(options.into_iter().map(|options| Issuer::new(options, Arc::clone(&fetcher))).collect())
    }

    /// Says whether an issuer is one of them.
    #[must_use]
    pub fn has(&self, issuer: &str) -> bool {
        self.0.iter().any(|known| known.name() == issuer)
    }

    /// Says who comes with a token of one of them, and what they may do. `now_s` is in seconds since 1970.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub async fn authenticate(&self, token: &Compact<'_>, now_s: i64) -> Result<Principal, IssuerError> {
        let named = token.unverified_issuer()?;
        let issuer = self.0.iter().find(|issuer| issuer.name() == named).ok_or(TokenError::Issuer)?;
        issuer.authenticate(token, now_s).await
    }
}
