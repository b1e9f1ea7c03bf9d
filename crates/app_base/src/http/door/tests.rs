//! The door as a whole: what it answers by itself, and what it adds.

use std::net::SocketAddr;

use pavex::http::StatusCode;
use pavex::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::*;

fn open() -> FrontDoor {
    FrontDoor {
        proxies: TrustedProxies::new([].into_iter(), crate::configuration::ForwardedHeader::XForwardedFor),
        exposure: Exposure { docs: true, metrics: true },
        addresses: None,
        principals: PrincipalLimit::default(),
        cors: None,
        compression: None,
        headers: SecurityHeaders { secure: false },
        metrics: DoorMetrics::default(),
    }
}

fn with_origins(origins: &[&str]) -> FrontDoor {
    let origins: Vec<_> = origins.iter().map(|&origin| origin.to_owned()).collect();
    FrontDoor { cors: Cors::new(&origins), ..open() }
}

fn client() -> SocketAddr {
    ([192, 0, 2, 1], 5).into()
}

fn request(method: &str, path: &str, headers: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// What a request gets whose route answers with `routed`, and whether the route was asked.
fn answered(door: &FrontDoor, request: &Request<()>, routed: Response) -> (Response, bool) {
    let (visit, early) = door.enter(request, client());
    let reaches = early.is_none();
    (door.leave(visit, early.unwrap_or(routed)), reaches)
}

#[test]
fn every_reply_tells_browsers_to_be_careful() {
    let (reply, _) = answered(&open(), &request("GET", "/v1/ledgers", &[]), Response::ok());
    let headers = reply.headers();
    assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[REFERRER_POLICY], "no-referrer");
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert!(
        !headers.contains_key(CONTENT_SECURITY_POLICY) && !headers.contains_key(STRICT_TRANSPORT_SECURITY)
    );
    assert!(!headers.contains_key(VARY));
}

#[test]
fn a_reply_that_says_something_of_its_own_keeps_that() {
    let mut own = Response::ok();
    own.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    own.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let (reply, _) = answered(&open(), &request("GET", "/docs", &[]), own);
    assert_eq!(reply.headers()[CACHE_CONTROL], "no-cache");
    let policy = reply.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "a page that says nothing may load nothing: {policy}");
}

#[test]
fn a_reply_with_a_tag_is_no_caches_to_keep_either() {
    let mut tagged = Response::ok();
    tagged.headers_mut().insert("etag", HeaderValue::from_static("\"5\""));
    let (reply, _) = answered(&open(), &request("GET", "/v1/ledgers", &[]), tagged);
    assert_eq!(reply.headers()[CACHE_CONTROL], "no-store");
}

#[test]
fn over_tls_browsers_are_told_to_stay_there() {
    let door = FrontDoor { headers: SecurityHeaders { secure: true }, ..open() };
    let (reply, _) = answered(&door, &request("GET", "/v1/ledgers", &[]), Response::ok());
    assert_eq!(reply.headers()[STRICT_TRANSPORT_SECURITY], "max-age=63072000; includeSubDomains");
}

const ASKS: [(&str, &str); 2] =
    [("origin", "https://console.example"), ("access-control-request-method", "POST")];

#[test]
fn an_origin_that_may_is_told_so_and_no_route_is_asked() {
    let door = with_origins(&["https://console.example", "https://b.example"]);
    let (reply, reaches) = answered(&door, &request("OPTIONS", "/v1/ledgers", &ASKS), Response::ok());
    assert!(!reaches);
    assert_eq!(reply.status(), StatusCode::NO_CONTENT);
    let headers = reply.headers();
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://console.example");
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], REQUEST_METHODS);
    assert!(headers[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().contains("idempotency-key"));
    let varies: Vec<_> = headers.get_all(VARY).iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(varies.join(", "), "access-control-request-method, access-control-request-headers, origin");
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

#[test]
fn an_origin_that_may_not_is_told_nothing() {
    let door = with_origins(&["https://b.example"]);
    for method in ["OPTIONS", "GET"] {
        let (reply, _) = answered(&door, &request(method, "/v1/ledgers", &ASKS), Response::ok());
        let told = reply.headers().keys().any(|name| name.as_str().starts_with("access-control-"));
        assert!(!told, "{:?}", reply.headers());
        assert!(reply.headers().get_all(VARY).iter().any(|value| value == "origin"));
    }
    for near in ["https://b.example.evil", "http://b.example", "https://b.example:444", "null"] {
        let origin = HeaderValue::from_static(near);
        let mut asks = request("GET", "/v1/ledgers", &[]);
        asks.headers_mut().insert("origin", origin);
        let (reply, _) = answered(&door, &asks, Response::ok());
        assert!(!reply.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{near}");
    }
}

#[test]
fn a_reply_to_an_origin_that_may_can_be_read_with_what_is_in_its_head() {
    let door = with_origins(&["*"]);
    let (reply, reaches) = answered(&door, &request("GET", "/v1/ledgers", &ASKS[..1]), Response::ok());
    assert!(reaches);
    assert_eq!(reply.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(reply.headers()[ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap().contains("x-request-id"));
    assert!(!reply.headers().contains_key(VARY), "all get the same");
}

#[test]
fn without_origins_a_preflight_is_a_request_like_any_other() {
    assert!(with_origins(&[]).cors.is_none());
    let (reply, reaches) = answered(&open(), &request("OPTIONS", "/v1/ledgers", &ASKS), Response::ok());
    assert!(reaches && !reply.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    let plain = request("OPTIONS", "/v1/ledgers", &[]);
    assert!(answered(&with_origins(&["*"]), &plain, Response::ok()).1, "no browser asks like this");
}

fn limited() -> FrontDoor {
    let config = LimitsConfig {
        requests_per_second_per_address: 1,
        burst_per_address: 1,
        addresses_max: 100,
        requests_per_second_per_principal: 0,
        burst_per_principal: 1,
        principals_max: 64,
    };
    FrontDoor { addresses: RateLimit::per_address(&config), ..with_origins(&["*"]) }
}

#[test]
fn one_request_too_many_is_turned_away_such_that_a_browser_can_read_it() {
    let door = limited();
    let asks = request("GET", "/v1/ledgers", &ASKS[..1]);
    let (reply, reaches) = answered(&door, &asks, Response::ok());
    assert!(reaches);
    assert_eq!(reply.headers()["ratelimit-policy"], "\"address\";q=1;w=1");
    assert_eq!(reply.headers()["ratelimit"], "\"address\";r=0;t=1");
    let (reply, reaches) = answered(&door, &asks, Response::ok());
    assert!(!reaches);
    assert_eq!(reply.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.headers()["retry-after"], "1");
    assert_eq!(reply.headers()[CONTENT_TYPE], "application/problem+json");
    assert_eq!(reply.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(reply.headers().contains_key(&X_REQUEST_ID));
}

#[test]
fn whether_the_service_lives_may_be_asked_as_often_as_one_likes() {
    let door = limited();
    for path in NEVER_LIMITED {
        for _ in 0..5 {
            assert!(answered(&door, &request("GET", path, &[]), Response::ok()).1, "{path}");
        }
    }
}
