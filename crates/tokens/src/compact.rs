//! The compact form of a signed token (RFC 7515): header, payload and signature, each in base64url, with dots between.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::algorithm::{Algorithm, PublicKey};
use crate::claims::Claims;
use crate::object::object;
use crate::{KeySet, TokenError};

/// The most bytes that a token may have.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The most bytes of a header, and of the name of a key in it.
const HEADER_BYTES_MAX: usize = 1024;
const KEY_NAME_BYTES_MAX: usize = 256;

/// What a token says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An access token (RFC 9068), `at+jwt`.
    AccessToken,
    /// `JWT`, or nothing.
    Plain,
}

/// A token that was read. Nothing in it is to be believed until its signature was checked.
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    algorithm: Option<Algorithm>,
    kind: Kind,
    key: String,
    payload: Vec<u8>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// The members of a header that mean something here. What would bring a key, or change how the rest is read, is named so
/// that it can be refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    jku: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

impl<'a> Compact<'a> {
    /// Says whether a text may be a token, going by its looks: whether it is worth reading.
    #[must_use]
    pub fn looks_like(text: &str) -> bool {
        text.len() <= TOKEN_BYTES_MAX
            && text.bytes().filter(|byte| *byte == b'.').count() == 2
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Kind`].
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
        let header = decoded(header)?;
        if header.len() > HEADER_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let header: Header = object(&header).ok_or(TokenError::Malformed)?;
        let Header { alg, typ, kid, crit, jwk, jku, x5u, x5c, b64, zip, enc } = header;
        if [crit, jwk, jku, x5u, x5c, b64, zip, enc].iter().any(Option::is_some) {
            return Err(TokenError::Kind);
        }
        let kind = match typ.as_deref() {
            None => Kind::Plain,
            Some(typ) => {
                let typ = typ.to_ascii_lowercase();
                match typ.strip_prefix("application/").unwrap_or(&typ) {
                    "at+jwt" => Kind::AccessToken,
                    "jwt" => Kind::Plain,
                    _ => return Err(TokenError::Kind),
                }
            }
        };
        let key = kid.filter(|key| key.len() <= KEY_NAME_BYTES_MAX).ok_or(TokenError::UnknownKey)?;
        Ok(Self {
            algorithm: Algorithm::named(&alg),
            kind,
            key,
            payload: decoded(payload)?,
            signed,
            signature: decoded(signature)?,
        })
    }

    /// Returns what it says that it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the name of the key that it says it was signed with.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns whom it says that it is from. Whoever uses this has checked nothing yet: it is good for finding those keys
    /// by which the token is checked.
    ///
    /// # Errors
    /// [`TokenError::Malformed`].
    pub fn unverified_issuer(&self) -> Result<String, TokenError> {
        #[derive(Deserialize)]
        struct Issuer {
            iss: String,
        }
        let read = object(&self.payload);
        read.map(|Issuer { iss }| iss).ok_or(TokenError::Malformed)
    }

    /// Checks its signature by its key among those that are known, and returns what it claims.
    ///
    /// # Errors
    /// [`TokenError::Algorithm`], [`TokenError::UnknownKey`], [`TokenError::Signature`], [`TokenError::Malformed`].
    pub fn verified(&self, algorithms: &[Algorithm], keys: &KeySet) -> Result<Claims, TokenError> {
        let algorithm = self.algorithm(algorithms)?;
        let key = keys.find(&self.key, algorithm).ok_or(TokenError::UnknownKey)?;
        self.check(algorithm, key)
    }

    /// Checks its signature by one key, whatever the key is called.
    ///
    /// # Errors
    /// [`TokenError::Algorithm`], [`TokenError::Signature`], [`TokenError::Malformed`].
    pub fn verified_by(&self, algorithm: Algorithm, key: &PublicKey) -> Result<Claims, TokenError> {
        self.check(self.algorithm(&[algorithm])?, key)
    }

    /// Returns its algorithm, which has to be one of these.
    ///
    /// # Errors
    /// [`TokenError::Algorithm`].
    pub fn algorithm(&self, taken: &[Algorithm]) -> Result<Algorithm, TokenError> {
        self.algorithm.filter(|algorithm| taken.contains(algorithm)).ok_or(TokenError::Algorithm)
    }

    fn check(&self, algorithm: Algorithm, key: &PublicKey) -> Result<Claims, TokenError> {
        if !key.verifies(algorithm, self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        Claims::parse(&self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(r#"{"iss":"a"}"#))
    }

    fn parse(header: &str) -> Result<Kind, TokenError> {
        Compact::parse(&token(header)).map(|token| token.kind())
    }

    #[test]
    fn the_header_says_what_it_is() {
        assert_eq!(parse(r#"{"alg":"EdDSA","kid":"a","typ":"at+jwt"}"#), Ok(Kind::AccessToken));
        assert_eq!(parse(r#"{"alg":"EdDSA","kid":"a","typ":"application/AT+JWT"}"#), Ok(Kind::AccessToken));
        assert_eq!(parse(r#"{"alg":"RS256","kid":"a","typ":"JWT","x5t":"AA"}"#), Ok(Kind::Plain));
        assert_eq!(parse(r#"{"alg":"RS256","kid":"a"}"#), Ok(Kind::Plain));
        assert_eq!(parse(r#"{"alg":"RS256","kid":"a","typ":"dpop+jwt"}"#), Err(TokenError::Kind));
    }

    #[test]
    fn what_brings_keys_or_changes_the_reading_is_refused() {
        for member in [
            "crit\":[\"b64\"]",
            "jwk\":{}",
            "jku\":\"https://a\"",
            "x5u\":\"a\"",
            "x5c\":[]",
            "zip\":\"DEF\"",
        ] {
            let header = format!(r#"{{"alg":"EdDSA","kid":"a","{member}}}"#);
            assert_eq!(parse(&header), Err(TokenError::Kind), "{header}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let good = token(r#"{"alg":"EdDSA","kid":"a"}"#);
        assert!(Compact::parse(&good).is_ok());
        for text in [
            "",
            ".",
            "..",
            "a.b",
            &format!("{good}.AAAA"),
            &format!("{good}="),
            &format!("{good} "),
            &format!(".{good}"),
            &token("{}"),
            &token(r#"["EdDSA"]"#),
            &token(r#"{"alg":"EdDSA","alg":"RS256","kid":"a"}"#),
            &token(r#"{"alg":1,"kid":"a"}"#),
            &format!("{good}{}", "A".repeat(TOKEN_BYTES_MAX)),
            &token(&format!(r#"{{"alg":"EdDSA","kid":"a","more":"{}"}}"#, "a".repeat(HEADER_BYTES_MAX))),
        ] {
            assert_eq!(Compact::parse(text).err(), Some(TokenError::Malformed), "{text}");
        }
        assert_eq!(parse(r#"{"alg":"EdDSA"}"#), Err(TokenError::UnknownKey));
    }

    #[test]
    fn an_algorithm_that_is_not_taken_is_refused_before_any_key_is_looked_for() {
        for alg in ["none", "HS256", "RS256", "eddsa"] {
            let text = token(&format!(r#"{{"alg":"{alg}","kid":"a"}}"#));
            let token = Compact::parse(&text).unwrap();
            let outcome = token.verified(&[Algorithm::EdDsa], &KeySet::default());
            assert_eq!(outcome.err(), Some(TokenError::Algorithm), "{alg}");
        }
    }

    #[test]
    fn its_looks_tell_a_token_from_a_key() {
        assert!(Compact::looks_like(&token("{}")));
        for text in ["", "florin_2USBDPIBEdi3_abc", "a.b", "a.b.c.d", "a.b.c=", "a.b c.d"] {
            assert!(!Compact::looks_like(text), "{text}");
        }
    }
}
