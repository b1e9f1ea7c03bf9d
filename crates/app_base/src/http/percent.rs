//! Percent-encoding in paths and queries, read strictly: what is not an encoding is refused, never
//! passed on as it stands.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::text::Message;

/// Decodes a part of a path.
///
/// # Errors
/// When a `%` is not followed by two hexadecimal digits, or what comes out is not UTF-8.
pub fn decode(text: &str) -> Result<Cow<'_, str>, Message> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let well_formed = text.split('%').skip(1).all(|after| {
        let bytes = after.as_bytes();
        bytes.len() >= 2 && bytes[..2].iter().all(u8::is_ascii_hexdigit)
    });
    if !well_formed {
        return Err("has a % that is not followed by two hexadecimal digits".into());
    }
    percent_decode_str(text).decode_utf8().map_err(|_| "is not UTF-8 once its % signs are decoded".into())
}

/// Decodes a name or a value of a query, where `+` is a space.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_form(text: &str) -> Result<Cow<'_, str>, Message> {
    if text.contains('+') {
        decode(&text.replace('+', " ")).map(|decoded| Cow::Owned(decoded.into_owned()))
    } else {
        decode(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encodings_are_decoded_once() {
        for (text, decoded) in [
            ("", ""),
            ("users:42", "users:42"),
            ("users%3A42", "users:42"),
            ("users%3a42", "users:42"),
            ("%25%33%41", "%3A"),
            ("%C3%A4", "ä"),
            ("ä", "ä"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decode(text).unwrap(), decoded, "{text}");
        }
        assert_eq!(decode_form("a+b%2Bc").unwrap(), "a b+c");
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        for text in ["%", "%4", "a%zz", "%u0041", "%%41", "%+1", "%ff", "%C3", "%C0%AF", "%ED%A0%80", "%4ä"]
        {
            assert!(decode(text).is_err(), "{text}");
            assert!(decode_form(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_or_refused(text in "\\PC{0,20}", encoded in "[%+0-9A-Fa-f]{0,20}") {
            let _ = (decode(&text), decode_form(&text), decode(&encoded), decode_form(&encoded));
        }
    }
}
