//! Whether a request that comes with a cookie was meant by the page of this service, and not by one of somebody else's:
//! the defence against forged requests (CSRF).
//!
//! Browsers say so in `Sec-Fetch-Site`, which no page can write. Those that do not send it say in `Origin` where a
//! request comes from. What says neither is refused: it comes from no browser of these years, and whoever writes a
//! program has better credentials than a cookie.

use pavex::http::header::{HOST, HeaderName, ORIGIN};
use pavex::http::{HeaderMap, HeaderValue, Method};
use pavex::request::RequestHead;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Says whether a request of this method may have come about anyhow, because it changes nothing.
#[must_use]
pub fn changes_nothing(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Says whether a page of this service sent a request, or its user themselves.
#[must_use]
pub fn is_own(head: &RequestHead) -> bool {
    match single(&head.headers, &SEC_FETCH_SITE) {
        Some(site) => site.is_ok_and(|site| site == "same-origin" || site == "none"),
        None => is_origin_of_host(head),
    }
}

/// Says whether `Origin` is that of the host which is asked.
///
/// Which scheme a browser used is not to be seen behind a proxy that ends TLS; it does not have to be. Browsers keep the
/// cookie for encrypted connections and for this machine itself, so that a page that was loaded over any other has no
/// business here.
fn is_origin_of_host(head: &RequestHead) -> bool {
    // HTTP/2 says in the target which host is asked, and that comes before the header (RFC 9113, 8.3.1).
    let asked = head.target.authority().map(|authority| Ok(authority.as_str()));
    let host = asked.or_else(|| single(&head.headers, &HOST));
    let (Some(Ok(origin)), Some(Ok(host))) = (single(&head.headers, &ORIGIN), host) else { return false };
    let same = |authority: &str, port: &str| {
        let without = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
        without(authority) == without(host)
    };
    if let Some(authority) = origin.strip_prefix("https://") {
        return same(authority, ":443");
    }
    origin
        .strip_prefix("http://")
        .is_some_and(|authority| is_this_machine(authority) && same(authority, ":80"))
}

/// Says whether a host is the machine that the browser runs on.
fn is_this_machine(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
}

/// Returns the value of a header that stands there once; an error where it stands there more often, or is no text.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Result<&'h str, ()>> {
    let mut values = headers.get_all(name).iter();
    let value: &HeaderValue = values.next()?;
    Some(if values.next().is_some() { Err(()) } else { value.to_str().map_err(drop) })
}

#[cfg(test)]
mod tests {
    use pavex::http::{Uri, Version};

    use super::*;

    fn own(lines: &[(&'static str, &str)]) -> bool {
        own_at("/v1/sessions", lines)
    }

    fn own_at(target: &'static str, lines: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (target, version) = (Uri::from_static(target), Version::HTTP_2);
        is_own(&RequestHead { method: Method::POST, target, version, headers })
    }

    #[test]
    fn over_http_2_the_target_says_which_host_is_asked() {
        let origin = ("origin", "https://ledger.example");
        assert!(own_at("https://ledger.example/v1/sessions", &[origin]));
        assert!(own_at("http://ledger.example:443/v1/sessions", &[origin, ("host", "other.example")]));
        assert!(!own_at("https://other.example/v1/sessions", &[origin]));
        assert!(!own_at("https://other.example/v1/sessions", &[origin, ("host", "ledger.example")]));
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts_before_the_origin() {
        let host = ("host", "ledger.example");
        for (site, is_own) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("Same-Origin", false),
            ("", false),
            ("\u{e4}", false),
        ] {
            assert_eq!(own(&[host, ("sec-fetch-site", site)]), is_own, "{site}");
            assert_eq!(own(&[host, ("sec-fetch-site", site), ("origin", "https://ledger.example")]), is_own);
        }
        assert!(own(&[host, ("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
        assert!(!own(&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn the_origin_has_to_be_the_host_that_is_asked() {
        for (origin, host, is_own) in [
            ("https://ledger.example", "ledger.example", true),
            ("https://ledger.example", "Ledger.Example:443", true),
            ("https://ledger.example:443", "ledger.example", true),
            ("https://ledger.example:8443", "ledger.example:8443", true),
            ("https://ledger.example:8443", "ledger.example", false),
            ("https://ledger.example", "ledger.example:80", false),
            ("https://ledger.example.evil.example", "ledger.example", false),
            ("https://evil.example", "ledger.example", false),
            ("https://evil.example/ledger.example", "ledger.example", false),
            ("https://x@ledger.example", "ledger.example", false),
            ("http://ledger.example", "ledger.example", false),
            ("http://localhost:8000", "localhost:8000", true),
            ("http://florin.localhost:8000", "florin.localhost:8000", true),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", true),
            ("http://[::1]:8000", "[::1]:8000", true),
            ("http://[::1]", "[::1]:80", true),
            ("http://localhost:8000", "localhost:8001", false),
            ("http://localhost.evil.example", "localhost.evil.example", false),
            ("null", "ledger.example", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            assert_eq!(own(&[("origin", origin), ("host", host)]), is_own, "{origin} {host}");
        }
        assert!(!own(&[("host", "ledger.example")]));
        assert!(!own(&[("origin", "https://ledger.example")]));
        let origin = ("origin", "https://ledger.example");
        assert!(!own(&[origin, origin, ("host", "ledger.example")]));
        assert!(!own(&[origin, ("host", "ledger.example"), ("host", "evil.example")]));
    }

    #[test]
    fn reads_may_come_about_anyhow() {
        for (method, is_read) in
            [(Method::GET, true), (Method::HEAD, true), (Method::POST, false), (Method::OPTIONS, false)]
        {
            assert_eq!(changes_nothing(&method), is_read, "{method}");
        }
    }
}
