//! Reads the credentials of a request: a key or a token in `Authorization: Bearer …` (RFC 6750), or a session in its
//! cookie. Where there are both, the header counts: whoever writes one says what they mean, and browsers send cookies by
//! themselves. Whether they open anything is not asked here.

use identity::{KeyText, SessionText};
use pavex::http::HeaderMap;
use pavex::http::header::AUTHORIZATION;
use tokens::Compact;
use zeroize::Zeroizing;

use super::cookie::{MalformedCookie, session_cookie};

/// What a request says of who sends it.
#[derive(Clone)]
pub enum Presented {
    /// A key.
    Key(KeyText),
    /// What looks like a token, and is as secret as a key.
    Token(Zeroizing<String>),
    /// A session, of a browser.
    Session(SessionText),
}

/// Why a request presents nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPresented {
    /// There are no credentials.
    Missing,
    /// They are not of the form that is taken.
    Malformed,
    /// There is a cookie, and what is in it is no session.
    MalformedCookie,
}

/// Reads the credentials.
///
/// # Errors
/// [`NotPresented`].
pub fn presented(headers: &HeaderMap) -> Result<Presented, NotPresented> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return match session_cookie(headers) {
            Ok(Some(session)) => Ok(Presented::Session(session)),
            Ok(None) => Err(NotPresented::Missing),
            Err(MalformedCookie) => Err(NotPresented::MalformedCookie),
        };
    };
    if values.next().is_some() {
        return Err(NotPresented::Malformed);
    }
    let text = value.to_str().map_err(|_| NotPresented::Malformed)?;
    let (scheme, key) = text.split_once(' ').ok_or(NotPresented::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NotPresented::Malformed);
    }
    let text = key.trim_matches(' ');
    if let Ok(key) = KeyText::parse(text) {
        return Ok(Presented::Key(key));
    }
    if Compact::looks_like(text) {
        return Ok(Presented::Token(Zeroizing::new(text.to_owned())));
    }
    Err(NotPresented::Malformed)
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;
    use pavex::http::header::COOKIE;

    use super::*;

    fn presented_by(values: &[&str]) -> Result<String, NotPresented> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(&headers).map(|presented| match presented {
            Presented::Key(key) => key.expose().to_owned(),
            Presented::Token(token) => format!("a token: {}", *token),
            Presented::Session(session) => session.expose().to_owned(),
        })
    }

    #[test]
    fn one_key_in_one_header_is_taken() {
        let key = KeyText::from_random([1; 9], &[2; 32]).expose().to_owned();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(presented_by(&[&format!("{scheme} {key}")]), Ok(key.clone()));
        }
        assert_eq!(presented_by(&["Bearer e30.e30.AA-_"]), Ok("a token: e30.e30.AA-_".to_owned()));
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

    #[test]
    fn a_cookie_counts_where_there_is_no_header() {
        let session = SessionText::from_random([1; 9], &[2; 32]).expose().to_owned();
        let key = KeyText::from_random([1; 9], &[2; 32]).expose().to_owned();
        let mut headers = HeaderMap::new();
        let cookie = |text: &str| HeaderValue::from_str(&format!("__Host-florin_session={text}")).unwrap();
        headers.insert(COOKIE, cookie(&session));
        assert!(matches!(presented(&headers), Ok(Presented::Session(found)) if found.expose() == session));
        headers.insert(COOKIE, cookie("x"));
        assert!(matches!(presented(&headers), Err(NotPresented::MalformedCookie)));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
        assert!(matches!(presented(&headers), Ok(Presented::Key(_))));
        headers.insert(COOKIE, cookie(&session));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(matches!(presented(&headers), Err(NotPresented::Malformed)));
    }
}
