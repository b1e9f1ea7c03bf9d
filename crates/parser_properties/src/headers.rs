//! Headers: what is taken from them is what stands there.

use app_base::http::asset::Asset;
use app_base::http::body::{check_not_encoded, is_of_type};
use app_base::http::fields::FieldErrors;
use app_base::http::idempotency::read_key;
use app_base::http::tag::spare_known;
use app_base::telemetry::TraceContext;
use pavex::http::header::{CONTENT_ENCODING, CONTENT_TYPE, IF_NONE_MATCH};
use pavex::http::{HeaderMap, HeaderValue, Method, Uri, Version};
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;

/// The head of a GET with these headers.
pub(crate) fn get(headers: HeaderMap) -> RequestHead {
    RequestHead { method: Method::GET, target: Uri::from_static("/"), version: Version::HTTP_11, headers }
}

pub(crate) fn headers(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    trace(&value);
    key(&value);
    let mut headers = HeaderMap::new();
    for name in [CONTENT_ENCODING, CONTENT_TYPE, IF_NONE_MATCH] {
        headers.append(name, value.clone());
    }
    if is_of_type(&headers, "application/json") {
        let kind: Vec<u8> = input.iter().copied().take_while(|byte| *byte != b';').collect();
        assert!(kind.trim_ascii().eq_ignore_ascii_case(b"application/json"));
    }
    assert_eq!(check_not_encoded(&headers).is_ok(), input.eq_ignore_ascii_case(b"identity"));
    let head = get(headers);
    let status = spare_known(Asset::new("text/plain", "text").reply(), &head).status().as_u16();
    assert!(matches!(status, 200 | 304));
}

fn trace(value: &HeaderValue) {
    let head = get(HeaderMap::from_iter([("traceparent".parse().expect("a name"), value.clone())]));
    let context = TraceContext::of_request(&head, ServerRequestId::generate());
    if let Some(parent) = context.parent_id {
        let taken = format!("-{}-{parent}-", context.trace_id);
        assert_eq!(&value.as_bytes()[2..=52], taken.as_bytes());
    }
}

fn key(value: &HeaderValue) {
    let headers = HeaderMap::from_iter([("idempotency-key".parse().expect("a name"), value.clone())]);
    let mut errors = FieldErrors::default();
    match read_key(&headers, &mut errors) {
        Some(key) => assert_eq!(key.as_str().as_bytes(), value.as_bytes()),
        None => assert_eq!(errors.as_slice().len(), 1, "a key that is refused is told of"),
    }
}
