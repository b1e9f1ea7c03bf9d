//! Reads the credentials of a request: a key in `Authorization: Bearer florin_…` (RFC 6750). Whether they open anything
//! is not asked here.

use identity::KeyText;
use pavex::http::HeaderMap;
use pavex::http::header::AUTHORIZATION;

/// What a request says of who sends it.
#[derive(Clone, Debug)]
pub enum Presented {
    /// A key.
    Key(KeyText),
}

/// Why a request presents nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPresented {
    /// There are no credentials.
    Missing,
    /// They are not of the form that is taken.
    Malformed,
}

/// Reads the credentials.
///
/// # Errors
/// [`NotPresented`].
pub fn presented(headers: &HeaderMap) -> Result<Presented, NotPresented> {
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
    let key = KeyText::parse(key.trim_matches(' ')).map_err(|_| NotPresented::Malformed)?;
    Ok(Presented::Key(key))
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;

    use super::*;

    fn presented_by(values: &[&str]) -> Result<String, NotPresented> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(&headers).map(|Presented::Key(key)| key.expose().to_owned())
    }

    #[test]
    fn one_key_in_one_header_is_taken() {
        let key = KeyText::from_random([1; 9], &[2; 32]).expose().to_owned();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(presented_by(&[&format!("{scheme} {key}")]), Ok(key.clone()));
        }
        assert_eq!(presented_by(&[]), Err(NotPresented::Missing));
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
            assert_eq!(presented_by(values), Err(NotPresented::Malformed), "{values:?}");
        }
    }
}
