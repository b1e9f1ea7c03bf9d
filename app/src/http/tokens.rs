//! Tokens that requests come with: the service's own, and those of other issuers that it trusts.

use std::sync::Arc;

use engine::Engine;
use engine::access::AuthenticationError;
use engine::tokens::AccessTokens;
use identity::{Principal, Purpose, ServiceSecret};
use tokens::Compact;

use crate::configuration::AuthenticationConfig;

/// Whatever tokens are checked by. Clones are the same.
#[pavex::prebuilt]
#[derive(Clone)]
pub struct Tokens {
    own: AccessTokens,
}

impl Tokens {
    /// Makes what tokens are given and checked by, as the configuration has it.
    #[must_use]
    pub fn configured(config: &AuthenticationConfig, engine: &Engine, secret: &ServiceSecret) -> Self {
        let sealer = secret.sealer(Purpose::SigningKeys);
        Self { own: AccessTokens::new(engine.clone(), sealer, config.token_options()) }
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
        self.own.authenticate(&token).await
    }
}
