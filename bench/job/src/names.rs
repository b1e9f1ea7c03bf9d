//! Names of ledgers, accounts and assets: texts of a form.

use serde::Deserialize;

use crate::JobError;

/// The name of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerName(String);

/// The address of an account: `users:42:wallet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Address(String);

/// What is moved: `USD/2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Asset(String);

impl LedgerName {
    pub(crate) fn parse(text: &str) -> Result<Self, JobError> {
        let inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= 63 && text.bytes().all(inner) && text.bytes().next().is_some_and(begins);
        if fits { Ok(Self(text.to_owned())) } else { Err(JobError::Invalid("ledger")) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Address {
    /// The longest there may be, in bytes.
    const MAX: usize = 255;

    pub(crate) fn parse(text: &str) -> Result<Self, JobError> {
        Self::try_from(text.to_owned()).map_err(|_| JobError::Invalid("address"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_world(&self) -> bool {
        self.0 == "world"
    }
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(inner);
        if text.len() <= Self::MAX && text.split(':').all(is_segment) {
            Ok(Self(text))
        } else {
            Err("must be an address: segments of a-z, A-Z, 0-9, _ and - with colons between them")
        }
    }
}

impl Asset {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a text has the form `CODE`, `CODE_MORE`, `CODE/2` or `CODE_MORE/2`.
    fn fits(text: &str) -> bool {
        let (name, scale) = text.split_once('/').map_or((text, None), |(name, scale)| (name, Some(scale)));
        let (code, more) = name.split_once('_').map_or((name, None), |(code, more)| (code, Some(more)));
        let upper = |byte: u8| byte.is_ascii_uppercase();
        let is_code = (1..=17).contains(&code.len())
            && code.bytes().all(|byte| upper(byte) || byte.is_ascii_digit())
            && code.bytes().next().is_some_and(upper);
        let is_more = more.is_none_or(|more| (1..=16).contains(&more.len()) && more.bytes().all(upper));
        let is_scale = scale.is_none_or(|scale| {
            (1..=6).contains(&scale.len()) && scale.bytes().all(|byte| byte.is_ascii_digit())
        });
        is_code && is_more && is_scale
    }
}

impl TryFrom<String> for Asset {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if Self::fits(&text) { Ok(Self(text)) } else { Err("must be an asset such as USD/2") }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Asset, LedgerName};

    #[test]
    fn names_have_a_form() {
        for text in ["main", "0", "a_b-c"] {
            assert!(LedgerName::parse(text).is_ok(), "{text}");
        }
        for text in ["", "Main", "-a", "a.b"] {
            assert!(LedgerName::parse(text).is_err(), "{text}");
        }
        for text in ["world", "users:42:wallet", "-:_"] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for text in ["", ":", "a:", "a::b", "a b", "ä"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["USD/2", "A", "A1_B/123456"] {
            assert!(Asset::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "usd", "1A", "USD/", "USD_/2", "USD/1234567", "USDx/2"] {
            assert!(Asset::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
