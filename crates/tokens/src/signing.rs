//! Access tokens of our own (RFC 9068): how they are signed, and the set of keys by which others check them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::KeyRejected;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use serde_json::{Value, json};

/// What an access token of ours claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessClaims<'a> {
    /// Whom it is from.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// Whom it is about: the API key that it was given for.
    #[serde(rename = "sub")]
    pub subject: &'a str,
    /// Whom it is for.
    #[serde(rename = "aud")]
    pub audience: &'a str,
    /// The API key that it was given for.
    pub client_id: &'a str,
    /// When it was made, in seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_s: i64,
    /// The last second at which it counts.
    #[serde(rename = "exp")]
    pub expires_s: i64,
    /// Its own name.
    #[serde(rename = "jti")]
    pub id: &'a str,
    /// The scopes, with spaces between.
    pub scope: &'a str,
}

/// A key that signs, with its name. It shows its private part to nobody.
pub struct SigningKey {
    name: String,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// Makes a key of its name and 32 secret bytes.
    ///
    /// # Errors
    /// When ring does not take them, which it always does.
    pub fn from_seed(name: String, seed: &[u8; 32]) -> Result<Self, KeyRejected> {
        Ok(Self { name, pair: Ed25519KeyPair::from_seed_unchecked(seed)? })
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its public part.
    ///
    /// # Panics
    /// Never: public parts have 32 bytes.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.pair.public_key().as_ref().try_into().expect("32 bytes")
    }

    /// Makes a token.
    #[must_use]
    pub fn sign(&self, claims: &AccessClaims<'_>) -> String {
        let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.name });
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = serde_json::to_value(claims).unwrap_or_default();
        let mut token = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(token.as_bytes()));
        token.push('.');
        token.push_str(&signature);
        token
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

/// Writes Ed25519 keys as others read them.
pub fn published<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8; 32])>) -> Value {
    let keys = keys.into_iter().map(|(name, public)| {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": name,
            "x": URL_SAFE_NO_PAD.encode(public),
        })
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Algorithm, Compact, Expected, KeySet, Kind, TokenError};

    fn key() -> SigningKey {
        SigningKey::from_seed("a".to_owned(), &[7; 32]).unwrap()
    }

    fn keys() -> KeySet {
        let public = key().public();
        KeySet::parse(published([("a", &public)]).to_string().as_bytes()).unwrap()
    }

    fn token() -> String {
        key().sign(&AccessClaims {
            issuer: "florin",
            subject: "2USBDPIBEdi3",
            audience: "florin",
            client_id: "2USBDPIBEdi3",
            issued_s: 50,
            expires_s: 100,
            id: "j",
            scope: "ledger:read ledger:write",
        })
    }

    #[test]
    fn what_is_signed_is_verified_by_what_is_published() {
        let token = token();
        let token = Compact::parse(&token).unwrap();
        assert_eq!((token.kind(), token.key()), (Kind::AccessToken, "a"));
        let claims = token.verified(&[Algorithm::EdDsa], &keys()).unwrap();
        let expected = Expected { issuer: "florin", audience: "florin", now_s: 60, leeway_s: 0 };
        assert_eq!(claims.check(expected), Ok(()));
        assert_eq!(claims.values("scope"), ["ledger:read", "ledger:write"]);
        assert_eq!(claims.client_id.as_deref(), Some("2USBDPIBEdi3"));
        assert_eq!(claims.expires_s(), 100);
        let none = token.verified(&[Algorithm::EdDsa], &KeySet::default());
        assert_eq!(none.err(), Some(TokenError::UnknownKey));
        assert_eq!(format!("{:?}", key()), "SigningKey(a)");
    }

    proptest! {
        #[test]
        fn a_token_that_was_changed_anywhere_is_refused(place in 0_usize..10_000, to in "[-_.A-Za-z0-9=]") {
            let good = token();
            let mut changed = good.clone();
            let place = place % good.len();
            changed.replace_range(place..=place, &to);
            prop_assume!(changed != good);
            let verified = Compact::parse(&changed).and_then(|token| token.verified(&[Algorithm::EdDsa], &keys()));
            prop_assert!(verified.is_err(), "{changed}");
        }
    }
}
