//! The cookie of a session: `__Host-florin_session`. Reads it, sets it, clears it.
//!
//! Browsers take a cookie of this prefix only with `Secure`, for the whole host and no other, from the host itself: no
//! page of a subdomain, and nobody on a connection that is not encrypted, can put one in its place.

use identity::SessionText;
use pavex::http::HeaderMap;
use pavex::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use pavex::{IntoResponse, Response};

/// What the cookie is called.
pub const SESSION_COOKIE: &str = "__Host-florin_session";

/// Scripts do not see it, and no page of another site can have it sent: not with a form, not with a link.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// There is such a cookie, and what is in it is no session's text; or there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedCookie;

/// Reads the cookie.
///
/// # Errors
/// [`MalformedCookie`].
pub fn session_cookie(headers: &HeaderMap) -> Result<Option<SessionText>, MalformedCookie> {
    let mut found = None;
    // HTTP/2 may bring them in several lines.
    for line in headers.get_all(COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';') {
            let pair = pair.trim_ascii();
            let Some(value) = pair.strip_prefix(SESSION_COOKIE.as_bytes()) else { continue };
            let Some(value) = value.strip_prefix(b"=") else { continue };
            // Which of two would be the right one, nobody could tell.
            if found.replace(value).is_some() {
                return Err(MalformedCookie);
            }
        }
    }
    let Some(value) = found else { return Ok(None) };
    let text = std::str::from_utf8(value).map_err(|_| MalformedCookie)?;
    SessionText::parse(text).map(Some).map_err(|_| MalformedCookie)
}

/// Returns the value of `Set-Cookie` that hands a session to the browser. It has no `Expires`: how long a session lasts
/// is decided here, and one that nobody uses is over sooner than a browser is closed.
///
/// # Panics
/// Never: a session's text is visible ASCII.
#[must_use]
pub fn set_session(text: &SessionText) -> HeaderValue {
    let cookie = format!("{SESSION_COOKIE}={}; {ATTRIBUTES}", text.expose());
    let mut value = HeaderValue::from_str(&cookie).expect("a session's text is visible ASCII");
    value.set_sensitive(true);
    value
}

/// Returns the value of `Set-Cookie` that takes it away again.
///
/// # Panics
/// Never: it is a constant text.
#[must_use]
pub fn clear_session() -> HeaderValue {
    let cookie = format!("{SESSION_COOKIE}=; Max-Age=0; {ATTRIBUTES}");
    HeaderValue::from_str(&cookie).expect("it is visible ASCII")
}

/// A reply that sets a cookie.
#[derive(Clone, Debug)]
pub struct WithCookie<T> {
    reply: T,
    cookie: HeaderValue,
}

impl<T> WithCookie<T> {
    /// Adds a cookie, as [`set_session`] and [`clear_session`] have it, to a reply.
    #[must_use]
    pub fn new(reply: T, cookie: HeaderValue) -> Self {
        Self { reply, cookie }
    }
}

impl<T: IntoResponse> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.reply.into_response();
        response.headers_mut().insert(SET_COOKIE, self.cookie);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Result<Option<String>, MalformedCookie> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        session_cookie(&headers).map(|found| found.map(|text| text.expose().to_owned()))
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let text = SessionText::from_random([1; 9], &[2; 32]).expose().to_owned();
        let pair = format!("{SESSION_COOKIE}={text}");
        for lines in [
            &[pair.as_bytes()][..],
            &[format!("a=b; {pair}; c").as_bytes()],
            &[format!("a=b;{pair};c=d").as_bytes()],
            &[b"a=b", pair.as_bytes()],
            &[b"\xff=\xfe; ;;=", pair.as_bytes()],
            &[format!("x{SESSION_COOKIE}=y; {SESSION_COOKIE}x=y; {SESSION_COOKIE}; {pair}").as_bytes()],
        ] {
            assert_eq!(read(lines), Ok(Some(text.clone())), "{lines:?}");
        }
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"a=b", b""]), Ok(None));
        assert_eq!(read(&[pair.to_lowercase().as_bytes()]), Ok(None));
    }

    #[test]
    fn a_cookie_that_is_no_sessions_and_one_too_many_are_refused() {
        let text = SessionText::from_random([1; 9], &[2; 32]).expose().to_owned();
        let pair = format!("{SESSION_COOKIE}={text}");
        for lines in [
            &[format!("{pair}; {pair}").as_bytes()][..],
            &[pair.as_bytes(), pair.as_bytes()],
            &[format!("{SESSION_COOKIE}=; {pair}").as_bytes()],
            &[format!("{SESSION_COOKIE}=").as_bytes()],
            &[format!("{SESSION_COOKIE}=\"{text}\"").as_bytes()],
            &[format!("{pair}0").as_bytes()],
            &[format!("{SESSION_COOKIE}=\u{e4}").as_bytes()],
            &[&[SESSION_COOKIE.as_bytes(), b"=\xff"].concat()],
        ] {
            assert_eq!(read(lines), Err(MalformedCookie), "{lines:?}");
        }
    }

    #[test]
    fn what_is_set_is_for_this_host_over_tls_without_scripts_and_other_sites() {
        let text = SessionText::from_random([1; 9], &[2; 32]);
        let set = set_session(&text);
        assert!(!format!("{set:?}").contains(text.expose()));
        let wanted = format!("{SESSION_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", text.expose());
        assert_eq!(set.to_str().unwrap(), wanted);
        let cleared = format!("{SESSION_COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict");
        assert_eq!(clear_session().to_str().unwrap(), cleared);
    }
}
