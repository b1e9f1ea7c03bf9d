//! What a token claims (RFC 7519), and whether it is from whom, for whom and of the time that it should be.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::TokenError;
use crate::object::object;

/// The most audiences that a token may have.
const AUDIENCES_MAX: usize = 32;
/// The most bytes of a claim that is taken as a name.
const NAME_BYTES_MAX: usize = 512;

/// What a token claims.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Claims {
    /// Whom it is from.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// Whom it is about.
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(rename = "aud")]
    audiences: Audiences,
    #[serde(rename = "exp")]
    expires: Seconds,
    #[serde(rename = "nbf")]
    not_before: Option<Seconds>,
    #[serde(rename = "iat")]
    issued: Option<Seconds>,
    /// The program that asked for it.
    pub client_id: Option<String>,
    /// All else.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

/// Seconds since 1970, of which there may be fractions.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Seconds(f64);

/// What a token has to claim.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Whom it has to be from.
    pub issuer: &'a str,
    /// Whom it has to be for.
    pub audience: &'a str,
    /// What time it is, in seconds since 1970.
    pub now_s: i64,
    /// By how much clocks may differ, in seconds.
    pub leeway_s: i64,
}

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let claims: Self = object(payload).ok_or(TokenError::Malformed)?;
        let times = [Some(claims.expires), claims.not_before, claims.issued];
        // Within these bounds every second is a number of its own.
        let in_bounds = |Seconds(at): &Seconds| (0.0..9_007_199_254_740_992.0).contains(at);
        let names = [Some(&claims.issuer), Some(&claims.subject), claims.client_id.as_ref()];
        let is_name = |name: &&String| (1..=NAME_BYTES_MAX).contains(&name.len());
        let holds = times.iter().flatten().all(in_bounds)
            && names.iter().flatten().all(is_name)
            && claims.audiences().len() <= AUDIENCES_MAX;
        if holds { Ok(claims) } else { Err(TokenError::Malformed) }
    }

    /// Returns whom it is for.
    #[must_use]
    pub fn audiences(&self) -> &[String] {
        match &self.audiences {
            Audiences::One(audience) => std::slice::from_ref(audience),
            Audiences::Many(audiences) => audiences,
        }
    }

    /// Returns the last second at which it counts.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "it was seen to be in bounds")]
    pub fn expires_s(&self) -> i64 {
        self.expires.0 as i64
    }

    /// Checks who it is from, for whom, and when.
    ///
    /// # Errors
    /// [`TokenError::Issuer`], [`TokenError::Audience`], [`TokenError::Expired`], [`TokenError::NotYet`], in this order.
    #[expect(clippy::cast_precision_loss, reason = "seconds of any clock are far below that")]
    pub fn check(&self, expected: Expected<'_>) -> Result<(), TokenError> {
        let Expected { issuer, audience, now_s, leeway_s } = expected;
        if self.issuer != issuer {
            return Err(TokenError::Issuer);
        }
        if !self.audiences().iter().any(|known| known == audience) {
            return Err(TokenError::Audience);
        }
        if self.expires.0 <= (now_s - leeway_s) as f64 {
            return Err(TokenError::Expired);
        }
        let begins = [self.not_before, self.issued].into_iter().flatten();
        if begins.into_iter().any(|Seconds(at)| at > (now_s + leeway_s) as f64) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }

    /// Returns the values of a claim: a list of texts, or a text, which for `scope` and `scp` is a list with spaces
    /// between. A name that begins with a slash is a path to it (RFC 6901).
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let found = if let Some(path) = name.strip_prefix('/') {
            let (first, rest) =
                path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
            let first = self.others.get(first);
            match rest {
                Some(rest) => first.and_then(|first| first.pointer(&format!("/{rest}"))),
                None => first,
            }
        } else {
            self.others.get(name)
        };
        match found {
            Some(Value::String(text)) if matches!(name, "scope" | "scp") => {
                text.split(' ').filter(|value| !value.is_empty()).collect()
            }
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(change: &Value) -> Result<Claims, TokenError> {
        let mut claims = json!({ "iss": "a", "sub": "s", "aud": "b", "exp": 100, "iat": 50 });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Claims::parse(claims.to_string().as_bytes())
    }

    fn at(now_s: i64) -> Expected<'static> {
        Expected { issuer: "a", audience: "b", now_s, leeway_s: 2 }
    }

    #[test]
    fn whom_it_is_from_and_for_comes_before_its_time() {
        let check = |change: Value, now: i64| claims(&change).unwrap().check(at(now));
        assert_eq!(check(json!({}), 60), Ok(()));
        assert_eq!(check(json!({ "aud": ["c", "b"] }), 60), Ok(()));
        assert_eq!(check(json!({ "iss": "A" }), 999), Err(TokenError::Issuer));
        for audience in [json!("bb"), json!([]), json!(["c"])] {
            assert_eq!(check(json!({ "aud": audience }), 999), Err(TokenError::Audience));
        }
    }

    #[test]
    fn its_time_is_held_with_little_leeway() {
        let check = |change: Value, now: i64| claims(&change).unwrap().check(at(now));
        assert_eq!(check(json!({}), 101), Ok(()));
        assert_eq!(check(json!({}), 102), Err(TokenError::Expired));
        assert_eq!(check(json!({ "exp": 100.5 }), 102), Ok(()));
        assert_eq!(check(json!({}), 48), Ok(()));
        assert_eq!(check(json!({}), 47), Err(TokenError::NotYet));
        assert_eq!(check(json!({ "nbf": 70 }), 67), Err(TokenError::NotYet));
        assert_eq!(check(json!({ "nbf": 70 }), 68), Ok(()));
    }

    #[test]
    fn what_every_token_has_is_asked_for_in_its_bounds() {
        for change in [
            json!({ "iss": null }),
            json!({ "iss": "" }),
            json!({ "sub": 7 }),
            json!({ "sub": "s".repeat(513) }),
            json!({ "exp": null }),
            json!({ "exp": "100" }),
            json!({ "exp": -1 }),
            json!({ "exp": 1e300 }),
            json!({ "nbf": "x" }),
            json!({ "aud": { "b": 1 } }),
            json!({ "aud": vec!["b"; 33] }),
        ] {
            assert_eq!(claims(&change), Err(TokenError::Malformed), "{change}");
        }
        let twice = br#"{"iss":"a","iss":"b","sub":"s","aud":"b","exp":1}"#;
        assert_eq!(Claims::parse(twice), Err(TokenError::Malformed));
    }

    #[test]
    fn values_are_found_as_lists_texts_and_by_path() {
        let claims = claims(&json!({
            "scope": "a  b",
            "groups": ["x", 7, "y z"],
            "role": "one two",
            "realm": { "roles": ["deep"] },
        }));
        let claims = claims.unwrap();
        assert_eq!(claims.values("scope"), ["a", "b"]);
        assert_eq!(claims.values("groups"), ["x", "y z"]);
        assert_eq!(claims.values("role"), ["one two"]);
        assert_eq!(claims.values("/realm/roles"), ["deep"]);
        assert_eq!(claims.values("/groups"), ["x", "y z"]);
        for name in ["realm", "none", "/", "/realm/none", ""] {
            assert!(claims.values(name).is_empty(), "{name}");
        }
    }
}
