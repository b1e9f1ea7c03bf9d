//! Cookies of sessions, and what requests say of where they come from: nothing is taken but what stands there.

use app_base::http::cookie::{MalformedCookie, SESSION_COOKIE, session_cookie};
use app_base::http::origin::is_own;
use pavex::http::header::{COOKIE, HOST, ORIGIN};
use pavex::http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers::get;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Takes the lines of the input as lines of one header.
pub(crate) fn cookies(input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let values: Vec<HeaderValue> =
        lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    session(&values);
    origin(&values);
}

fn session(lines: &[HeaderValue]) {
    let headers: HeaderMap = lines.iter().map(|line| (COOKIE, line.clone())).collect();
    let named = |pair: &&[u8]| {
        let name = pair.trim_ascii().split(|byte| *byte == b'=').next();
        pair.contains(&b'=') && name == Some(SESSION_COOKIE.as_bytes())
    };
    let all = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let count = all.filter(named).count();
    match session_cookie(&headers) {
        Ok(Some(text)) => {
            assert_eq!(count, 1, "of several, none is taken");
            let pair = format!("{SESSION_COOKIE}={}", text.expose());
            let stands =
                |line: &HeaderValue| line.as_bytes().windows(pair.len()).any(|part| part == pair.as_bytes());
            assert!(lines.iter().any(stands), "what is taken stands there");
        }
        Ok(None) => assert_eq!(count, 0, "one that stands there is found"),
        Err(MalformedCookie) => assert!(count > 0, "what is refused stands there"),
    }
}

fn origin(lines: &[HeaderValue]) {
    let [first, rest @ ..] = lines else { return };
    let is_own = |headers: &HeaderMap| is_own(&get(headers.clone()));
    let site: HeaderMap = lines.iter().map(|line| (SEC_FETCH_SITE, line.clone())).collect();
    let says_so = matches!(first.as_bytes(), b"same-origin" | b"none");
    assert_eq!(is_own(&site), rest.is_empty() && says_so, "the browser's word is taken as it stands, once");
    let mut headers: HeaderMap = [(ORIGIN, first.clone())].into_iter().collect();
    assert!(!is_own(&headers), "without a host there is no origin of it");
    headers.extend(rest.iter().map(|line| (HOST, line.clone())));
    if is_own(&headers) {
        let [host] = rest else { panic!("one host is taken, and no two") };
        let origin = first.to_str().expect("an origin is a text").to_ascii_lowercase();
        let host = host.to_str().expect("a host is a text").to_ascii_lowercase();
        let (_, authority) = origin.split_once("://").expect("an origin has a scheme");
        let without = |text: &str| {
            let port = text.strip_suffix(":443").or_else(|| text.strip_suffix(":80"));
            port.unwrap_or(text).to_owned()
        };
        assert_eq!(without(authority), without(&host), "only the host's own origin is taken");
        headers.append(ORIGIN, first.clone());
        assert!(!is_own(&headers), "of two origins, none is taken");
    }
}
