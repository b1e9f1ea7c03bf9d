//! Sets of public keys (JWK Sets, RFC 7517), as an issuer publishes them. Keys that are of no use here are passed over:
//! for encryption, of other kinds, without a name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::algorithm::{Algorithm, PublicKey};
use crate::object::object;

/// The most keys that are looked at.
pub const KEYS_MAX: usize = 100;

/// The most bytes of an RSA key's modulus.
const MODULUS_BYTES_MAX: usize = 1024;

/// Public keys by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

/// A public key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// The one algorithm that it is for, where it says so.
    pub algorithm: Option<Algorithm>,
    /// The key.
    pub key: PublicKey,
}

/// The text is no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no set of keys, or has more than {KEYS_MAX}")]
pub struct KeySetError;

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Takes keys.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Reads a set.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        let set: JwkSet = object(text).ok_or(KeySetError)?;
        if set.keys.len() > KEYS_MAX {
            return Err(KeySetError);
        }
        let keys = set.keys.into_iter().filter(Value::is_object);
        let read = keys.filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self(read.filter_map(usable).collect()))
    }

    /// Returns the keys.
    #[must_use]
    pub fn as_slice(&self) -> &[Key] {
        &self.0
    }

    /// Says whether there is a key of a name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|key| key.name == name)
    }

    /// Returns the key of a name, if it is good for an algorithm.
    #[must_use]
    pub fn find(&self, name: &str, algorithm: Algorithm) -> Option<&PublicKey> {
        let mut named = self.0.iter().filter(|key| key.name == name);
        let found = named.find(|key| key.algorithm.is_none_or(|only| only == algorithm))?;
        Some(&found.key)
    }
}

fn usable(key: Jwk) -> Option<Key> {
    if key.purpose.is_some_and(|purpose| purpose != "sig")
        || key.key_ops.is_some_and(|operations| operations.iter().all(|operation| operation != "verify"))
    {
        return None;
    }
    let algorithm = match key.alg.as_deref() {
        Some(name) => Some(Algorithm::named(name)?),
        None => None,
    };
    let decoded = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
    let public = match (key.kty.as_str(), key.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(decoded(key.x)?.try_into().ok()?),
        ("EC", Some("P-256")) => PublicKey::P256(point(&decoded(key.x)?, &decoded(key.y)?)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(&decoded(key.x)?, &decoded(key.y)?)?),
        ("RSA", _) => {
            let (modulus, exponent) = (decoded(key.n)?, decoded(key.e)?);
            if modulus.len() > MODULUS_BYTES_MAX || exponent.len() > 8 {
                return None;
            }
            PublicKey::Rsa { modulus: modulus.into(), exponent: exponent.into() }
        }
        _ => return None,
    };
    Some(Key { name: key.kid, algorithm, key: public })
}

/// Puts a point together: 0x04, x, y.
fn point<const BYTES: usize>(x: &[u8], y: &[u8]) -> Option<[u8; BYTES]> {
    let half = BYTES / 2;
    if x.len() != half || y.len() != half {
        return None;
    }
    let mut point = [4; BYTES];
    point[1..=half].copy_from_slice(x);
    point[half + 1..].copy_from_slice(y);
    Some(point)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(keys: Value) -> Vec<String> {
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        set.as_slice().iter().map(|key| key.name.clone()).collect()
    }

    #[test]
    fn keys_that_are_of_no_use_are_passed_over() {
        let x = URL_SAFE_NO_PAD.encode([1; 32]);
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x });
        let with = |member: &str, value: Value| {
            let mut key = good.clone();
            key[member] = value;
            key
        };
        assert_eq!(parse(json!([good, with("kid", json!("b"))])), ["a", "b"]);
        for key in [
            with("use", json!("enc")),
            with("key_ops", json!(["sign"])),
            with("alg", json!("HS256")),
            with("crv", json!("X25519")),
            with("kty", json!("oct")),
            with("kid", Value::Null),
            with("x", json!("AAAA")),
            with("x", Value::Null),
            json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": x, "y": "AAAA" }),
            json!({ "kty": "RSA", "kid": "a", "n": "A".repeat(2000), "e": "AQAB" }),
            json!(7),
            json!(["OKP", "a", null, null, null, "Ed25519", x, null, null, null]),
        ] {
            assert!(parse(json!([key])).is_empty(), "{key}");
        }
        assert_eq!(parse(json!([with("use", json!("sig")), with("key_ops", json!(["verify"]))])), ["a", "a"]);
    }

    #[test]
    fn a_key_is_good_for_the_algorithm_that_it_names() {
        let key = |algorithm| Key { name: "a".to_owned(), algorithm, key: PublicKey::Ed25519([1; 32]) };
        let set = KeySet::new(vec![key(Some(Algorithm::EdDsa))]);
        assert!(set.find("a", Algorithm::EdDsa).is_some() && set.find("a", Algorithm::Es256).is_none());
        assert!(set.find("b", Algorithm::EdDsa).is_none() && set.has("a") && !set.has("b"));
        assert!(KeySet::new(vec![key(None)]).find("a", Algorithm::Es256).is_some());
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "[]", "[[]]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert_eq!(KeySet::parse(text.as_bytes()), Err(KeySetError), "{text}");
        }
        let many = json!({ "keys": vec![json!({}); KEYS_MAX + 1] }).to_string();
        assert_eq!(KeySet::parse(many.as_bytes()), Err(KeySetError));
    }
}
