//! Tokens that requests come with: the service's own, and those of other issuers that it trusts.

use std::sync::Arc;

use engine::Engine;
use engine::access::AuthenticationError;
use engine::port::ReadError;
use engine::tokens::AccessTokens;
use identity::{Principal, Purpose, ServiceSecret};
use issuers::{IssuerError, Issuers};
use tokens::Compact;

use crate::configuration::AuthenticationConfig;

/// Whatever tokens are checked by. Clones are the same.
#[pavex::prebuilt]
#[derive(Clone)]
pub struct Tokens {
    own: AccessTokens,
    issuers: Issuers,
    engine: Engine,
}

impl Tokens {
    /// Makes what tokens are given and checked by, as the configuration has it.
    #[must_use]
    pub fn configured(config: &AuthenticationConfig, engine: &Engine, secret: &ServiceSecret) -> Self {
        let sealer = secret.sealer(Purpose::SigningKeys);
        Self {
            own: AccessTokens::new(engine.clone(), sealer, config.token_options()),
            issuers: Issuers::new(config.issuers()),
            engine: engine.clone(),
        }
    }

    /// Returns what the service's own tokens are given by.
    #[must_use]
    pub fn own(&self) -> &AccessTokens {
        &self.own
    }

    /// Says who comes with a token.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate(&self, text: &str) -> Result<Arc<Principal>, AuthenticationError> {
        let token = Compact::parse(text)?;
        let is_own = token.unverified_issuer().map_or(true, |issuer| !self.issuers.has(&issuer));
        if is_own {
            return self.own.authenticate(&token).await;
        }
        let now_s = self.engine.now().micros() / 1_000_000;
        match self.issuers.authenticate(&token, now_s).await {
            Ok(principal) => Ok(Arc::new(principal)),
            Err(IssuerError::Token(error)) => Err(error.into()),
            Err(error @ IssuerError::Away(..)) => {
                Err(AuthenticationError::Read(ReadError::Unavailable(Box::new(error))))
            }
        }
    }
}
