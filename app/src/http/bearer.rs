//! Reads the key out of `Authorization: Bearer florin_…` (RFC 6750). Whether it opens anything is not asked here.

use identity::KeyText;
use pavex::http::HeaderMap;
use pavex::http::header::AUTHORIZATION;

/// Why a request presents no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPresented {
    /// There are no credentials.
    Missing,
    /// They are not of the form that is taken.
    Malformed,
}

/// Reads the key.
///
/// # Errors
/// [`NotPresented`].
pub fn presented_key(headers: &HeaderMap) -> Result<KeyText, NotPresented> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(NotPresented::Missing)?;
    if values.next().is_some() {
        return Err(NotPresented::Malformed);
    }
    let text = value.to_str().map_err(|_| NotPresented::Malformed)?;
    let (scheme, key) = text.split_once(' ').ok_or(NotPresented::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NotPresented::Malformed);
    }
    KeyText::parse(key.trim_matches(' ')).map_err(|_| NotPresented::Malformed)
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;

    use super::*;

    fn presented(values: &[&str]) -> Result<String, NotPresented> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented_key(&headers).map(|key| key.expose().to_owned())
    }

    #[test]
    fn one_key_in_one_header_is_taken() {
        let key = KeyText::from_random([1; 9], &[2; 32]).expose().to_owned();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(presented(&[&format!("{scheme} {key}")]), Ok(key.clone()));
        }
        assert_eq!(presented(&[]), Err(NotPresented::Missing));
        let good = format!("Bearer {key}");
        for values in [
            &[key.as_str()][..],
            &[&format!("Basic {key}")],
            &["Bearer"],
            &["Bearer "],
            &["Bearer florin_x"],
            &[&good, &good],
            &[&good[..good.len() - 1]],
            &[""],
        ] {
            assert_eq!(presented(values), Err(NotPresented::Malformed), "{values:?}");
        }
    }
}
