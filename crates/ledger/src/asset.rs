//! Assets: what an amount is an amount of.

use std::fmt;
use std::sync::Arc;

/// An asset's code with the number of decimal places of its minor unit: `USD/2`, `BTC/8`, `POINTS`.
///
/// Form: `[A-Z][A-Z0-9]{0,16}(_[A-Z]{1,16})?(/\d{1,6})?`. The text is the identity: `USD` and
/// `USD/0` are two assets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset(Arc<str>);

/// A text that is not of an asset's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetError;

impl Asset {
    /// Parses an asset's text.
    ///
    /// # Errors
    /// When the text is not of the form that [`Asset`] documents.
    pub fn parse(text: &str) -> Result<Self, AssetError> {
        if is_asset(text) { Ok(Self(text.into())) } else { Err(AssetError) }
    }

    /// Returns the whole text, code and scale.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns how many decimal places the minor unit stands for; 0 where the text names none.
    #[must_use]
    pub fn scale(&self) -> u32 {
        self.0.split_once('/').and_then(|(_, scale)| scale.parse().ok()).unwrap_or_default()
    }
}

fn is_asset(text: &str) -> bool {
    let (code, scale) = match text.split_once('/') {
        Some((code, scale)) => (code, Some(scale)),
        None => (text, None),
    };
    let (base, suffix) = match code.split_once('_') {
        Some((base, suffix)) => (base, Some(suffix)),
        None => (code, None),
    };
    let base_holds = (1..=17).contains(&base.len())
        && base.as_bytes()[0].is_ascii_uppercase()
        && base.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let suffix_holds = |s: &str| (1..=16).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase());
    let scale_holds = |s: &str| (1..=6).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    base_holds && suffix.is_none_or(suffix_holds) && scale.is_none_or(scale_holds)
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_with_and_without_suffix_and_scale_are_assets() {
        for (text, scale) in [
            ("USD/2", 2),
            ("BTC/8", 8),
            ("POINTS", 0),
            ("X", 0),
            ("A1234567890123456", 0),
            ("USD_COLD/2", 2),
            ("USD_ABCDEFGHIJKLMNOP/000002", 2),
        ] {
            assert_eq!(Asset::parse(text).map(|a| a.scale()), Ok(scale), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_assets() {
        for text in [
            "",
            "usd",
            "1USD",
            "USD/",
            "USD/1234567",
            "USD/-1",
            "USD//2",
            "USD_",
            "USD_1",
            "_USD",
            "USD_A_B",
            "USD/2/2",
            "USD 2",
            "ÜSD",
            "A12345678901234567",
            "USD_ABCDEFGHIJKLMNOPQ",
        ] {
            assert_eq!(Asset::parse(text), Err(AssetError), "{text:?}");
        }
    }
}
