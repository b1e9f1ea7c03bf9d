//! The edge's answers to requests that reach no route: problems like all others.

use app_base::http::problem_types::SERVICE_OVERLOADED;
use app_base::http::unrouted::{
    REQUEST_HEAD_TIMEOUT, REQUEST_HEAD_TOO_LARGE, REQUEST_MALFORMED, REQUEST_NOT_TLS, REQUEST_URI_TOO_LONG,
    answer,
};
use bytes::Bytes;
use edge::Refusal;
use futures_util::FutureExt as _;
use http::Response;
use http_body_util::BodyExt as _;

/// Writes the answer to a request that reaches no route.
///
/// # Panics
/// When a problem's body is not there in one piece, which it is.
pub(crate) fn refuse(refusal: Refusal) -> Response<Bytes> {
    let kind = match refusal {
        Refusal::Malformed => &REQUEST_MALFORMED,
        Refusal::HeadTimeout => &REQUEST_HEAD_TIMEOUT,
        Refusal::UriTooLong => &REQUEST_URI_TOO_LONG,
        Refusal::HeadTooLarge => &REQUEST_HEAD_TOO_LARGE,
        Refusal::TooManyConnections => &SERVICE_OVERLOADED,
        Refusal::NotTls => &REQUEST_NOT_TLS,
    };
    let (head, body) = Response::from(answer(kind)).into_parts();
    let body = body.collect().now_or_never().and_then(Result::ok).expect("it is in one piece");
    Response::from_parts(head, body.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_problem_of_its_status() {
        for refusal in [
            Refusal::Malformed,
            Refusal::HeadTimeout,
            Refusal::UriTooLong,
            Refusal::HeadTooLarge,
            Refusal::TooManyConnections,
            Refusal::NotTls,
        ] {
            let answer = refuse(refusal);
            assert_eq!(answer.status(), refusal.status());
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            assert!(answer.headers().contains_key("x-request-id"));
        }
    }
}
