//! Forms: `application/x-www-form-urlencoded`, as the token endpoint takes its parameters.

use std::borrow::Cow;

use crate::http::percent::decode_form;

/// The most bytes of a form.
pub(super) const FORM_BYTES_MAX: usize = 8 * 1024;

/// The parameters of a form. Those without a value count as left out (RFC 6749, 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Why a text is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError {
    /// It is not UTF-8, or has a `%` without two hexadecimal digits.
    Encoding,
    /// It has a parameter twice.
    Repeated,
}

impl<'a> Form<'a> {
    /// Reads a form.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormError> {
        let text = std::str::from_utf8(bytes).map_err(|_| FormError::Encoding)?;
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &'a str| decode_form(text).map_err(|_| FormError::Encoding);
            let (name, value) = (decoded(name)?, decoded(value)?);
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Repeated);
            }
            parameters.push((name, value));
        }
        parameters.retain(|(_, value)| !value.is_empty());
        Ok(Self(parameters))
    }

    /// Returns the value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_count_as_left_out() {
        let form = Form::parse(b"grant_type=client_credentials&scope=ledger%3Aread+a&x=&y&&z=1=2").unwrap();
        assert_eq!(form.get("grant_type"), Some("client_credentials"));
        assert_eq!(form.get("scope"), Some("ledger:read a"));
        assert_eq!((form.get("x"), form.get("y"), form.get("none")), (None, None, None));
        assert_eq!(form.get("z"), Some("1=2"));
        assert_eq!(Form::parse(b"").unwrap().get("x"), None);
    }

    #[test]
    fn what_is_said_twice_or_badly_encoded_is_refused() {
        for (text, error) in [
            (&b"a=1&a=1"[..], FormError::Repeated),
            (b"a=&%61=1", FormError::Repeated),
            (b"a=%", FormError::Encoding),
            (b"a=%ff", FormError::Encoding),
            (b"a=\xff", FormError::Encoding),
        ] {
            assert_eq!(Form::parse(text), Err(error), "{text:?}");
        }
    }
}
