//! Access tokens: given to whoever has an API key, and checked when they come back.

use std::sync::Arc;
use std::time::Duration;

use identity::{KeyId, KeyText, Principal, Scope, Scopes, Sealer, Subject};
use ledger::Timestamp;
use tokens::{AccessClaims, Algorithm, Compact, Expected, Kind, PublicKey, TokenError};

use super::error::{IssueError, SigningKeyError};
use super::keys::SigningKeys;
use crate::Engine;
use crate::access::{AuthenticationError, random_name};
use crate::port::ReadError;

/// By how much the clocks of replicas may differ, in seconds.
const LEEWAY_S: i64 = 2;

const SECOND: i64 = 1_000_000;

/// What access tokens are like.
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// Whom they are from, and for: the address of the service.
    pub issuer: String,
    /// How long they are good for, at most [`TOKEN_TIME_MAX`](super::TOKEN_TIME_MAX).
    pub time: Duration,
    /// How long a key signs before the next one does.
    pub rotation: Duration,
    /// Whether keys are kept in the store. They are not where what seals them goes with the process: nobody could open
    /// them after it, nor sign with them.
    pub keeps_keys: bool,
}

/// Gives access tokens and checks them. Cheap to clone: clones are the same.
#[derive(Clone)]
pub struct AccessTokens(Arc<Shared>);

struct Shared {
    engine: Engine,
    options: TokenOptions,
    keys: SigningKeys,
}

/// A token that was given.
pub struct IssuedToken {
    /// Its text, which is as good as a key.
    pub text: String,
    /// For how many seconds it is good.
    pub expires_in_s: i64,
    /// What it allows.
    pub scopes: Scopes,
}

impl AccessTokens {
    /// Makes what gives tokens for an engine's keys.
    #[must_use]
    pub fn new(engine: Engine, sealer: Sealer, options: TokenOptions) -> Self {
        let keys = SigningKeys::new(engine.clone(), sealer, &options);
        Self(Arc::new(Shared { engine, options, keys }))
    }

    /// Returns whom tokens are from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.options.issuer
    }

    /// Gives a token for a key, with these of its scopes, or all of them.
    ///
    /// # Errors
    /// [`IssueError`].
    pub async fn issue(&self, key: &KeyText, wanted: Option<Scopes>) -> Result<IssuedToken, IssueError> {
        let Shared { engine, options, keys } = &*self.0;
        let principal = engine.authenticate(key).await?;
        let had = principal.grants().scopes();
        let scopes = wanted.unwrap_or(had);
        if scopes.is_empty() || scopes.iter().any(|scope| !had.contains(scope)) {
            return Err(IssueError::Scope);
        }
        let signing = keys.signing().await?;
        let issued_s = engine.now().micros() / SECOND;
        let time = i64::try_from(options.time.as_secs()).unwrap_or(i64::MAX).max(1);
        let mut expires_s = issued_s.saturating_add(time);
        if let Some(at) = principal.expires_at() {
            // Its last second may be one that the key does not see to its end: the key ends it then.
            expires_s = expires_s.min(at.micros() / SECOND + 1);
        }
        let id = random_name().map_err(SigningKeyError::Random)?;
        let client = key.id();
        let names: Vec<&str> = scopes.iter().map(Scope::name).collect();
        let text = signing.sign(&AccessClaims {
            issuer: &options.issuer,
            subject: client.as_str(),
            audience: &options.issuer,
            client_id: client.as_str(),
            issued_s,
            expires_s,
            id: &id,
            scope: &names.join(" "),
        });
        Ok(IssuedToken { text, expires_in_s: expires_s - issued_s, scopes })
    }

    /// Says who comes with a token.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate(&self, token: &Compact<'_>) -> Result<Arc<Principal>, AuthenticationError> {
        let Shared { engine, options, keys } = &*self.0;
        if token.kind() != Kind::AccessToken {
            return Err(TokenError::Kind.into());
        }
        token.algorithm(&[Algorithm::EdDsa])?;
        let now = engine.now();
        let mut point = keys.current().await.map_err(AuthenticationError::Read)?.point(token.key(), now);
        if point.is_none() {
            // It may be a key that another replica made a moment ago.
            point = keys.look_up().await.map_err(AuthenticationError::Read)?.point(token.key(), now);
        }
        let point = point.ok_or(TokenError::UnknownKey)?;
        let claims = token.verified_by(Algorithm::EdDsa, &PublicKey::Ed25519(point))?;
        claims.check(Expected {
            issuer: &options.issuer,
            audience: &options.issuer,
            now_s: now.micros() / SECOND,
            leeway_s: LEEWAY_S,
        })?;
        let id = claims.client_id.as_deref().filter(|id| *id == claims.subject);
        let id = id.and_then(|id| KeyId::parse(id).ok()).ok_or(TokenError::Malformed)?;
        let scopes: Option<Scopes> = claims.values("scope").into_iter().map(Scope::named).collect();
        let key = engine.authenticate_for(&id).await?;
        let Subject::Key { .. } = key.subject() else { return Err(AuthenticationError::Unknown) };
        // What is given is never more than the key had, and keys do not change.
        let grants = key.grants().narrowed(scopes.ok_or(TokenError::Malformed)?);
        let grants = grants.ok_or(TokenError::Malformed)?;
        let expires_at = Timestamp::from_micros(claims.expires_s().saturating_mul(SECOND));
        let expires_at = [expires_at, key.expires_at()].into_iter().flatten().min();
        Ok(Arc::new(Principal::new(key.subject().clone(), grants, expires_at)))
    }

    /// Returns the keys by which others check tokens, as a JWK Set.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    pub async fn published(&self) -> Result<serde_json::Value, ReadError> {
        let known = self.0.keys.current().await?;
        let keys = known.published(self.0.engine.now());
        Ok(tokens::published(keys.into_iter().map(|key| (&*key.name, &key.public))))
    }

    /// Makes a key that signs from now on; with `revoke_earlier`, all tokens that were given before are refused: here from
    /// now on, elsewhere two seconds later. Returns its name.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub async fn rotate(&self, revoke_earlier: bool) -> Result<String, SigningKeyError> {
        self.0.keys.rotate(revoke_earlier).await
    }
}
