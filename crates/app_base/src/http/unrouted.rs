//! Problems of requests that never reach a route: whoever serves connections answers them with these.
//!
//! They stand beside the others so that every answer has the same form, but nothing in the graph raises
//! them.

use pavex::Response;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;

use super::door::SecurityHeaders;
use super::problem::{Problem, ProblemType};
use crate::telemetry::X_REQUEST_ID;

/// The request is not HTTP.
pub static REQUEST_MALFORMED: ProblemType = ProblemType {
    status: StatusCode::BAD_REQUEST,
    code: "request.malformed",
    title: "The request is not HTTP",
    meaning: "The request line or a header is not what HTTP/1.1 allows, or the request broke off in the middle \
              of them.",
    remedy: "Send HTTP/1.1 or HTTP/2. Over TLS, send it to whatever ends TLS before this service, or have the service \
             speak TLS itself (`PX_SERVER__TLS_CERTIFICATE`).",
    members: &[],
};

/// The request came in plain HTTP where TLS is spoken.
pub static REQUEST_NOT_TLS: ProblemType = ProblemType {
    status: StatusCode::BAD_REQUEST,
    code: "request.not_tls",
    title: "The request did not come over TLS",
    meaning: "This address speaks TLS, and what came was none. The request, with all that it may have had of secrets, \
              was readable for anybody on the way.",
    remedy: "Use `https://`. Replace the credentials that were sent.",
    members: &[],
};

/// The request's head took too long.
pub static REQUEST_HEAD_TIMEOUT: ProblemType = ProblemType {
    status: StatusCode::REQUEST_TIMEOUT,
    code: "request.head_timeout",
    title: "The request's headers took too long",
    meaning: "The connection was opened, or a request begun, and its headers were not there within the time \
              that the service allows.",
    remedy: "Send the request again, on a new connection.",
    members: &[],
};

/// The request's URI is too long.
pub static REQUEST_URI_TOO_LONG: ProblemType = ProblemType {
    status: StatusCode::URI_TOO_LONG,
    code: "request.uri_too_long",
    title: "The request's URI is too long",
    meaning: "The URI is longer than any that the service has.",
    remedy: "Send fewer or shorter filters.",
    members: &[],
};

/// The request's head is too large.
pub static REQUEST_HEAD_TOO_LARGE: ProblemType = ProblemType {
    status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    code: "request.head_too_large",
    title: "The request's headers are too large",
    meaning: "The URI and the headers together are larger than the service takes, or the headers are too many.",
    remedy: "Send fewer or shorter headers and filters.",
    members: &[],
};

/// All of them.
pub static UNROUTED: [&ProblemType; 5] = [
    &REQUEST_MALFORMED,
    &REQUEST_NOT_TLS,
    &REQUEST_HEAD_TIMEOUT,
    &REQUEST_URI_TOO_LONG,
    &REQUEST_HEAD_TOO_LARGE,
];

/// Seconds after which a client that found no room may come again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Writes the answer to a request that reaches no route, with an id of its own.
#[must_use]
pub fn answer(kind: &'static ProblemType) -> Response {
    let id = ServerRequestId::generate();
    let mut problem = Problem::of(kind);
    if kind.status == StatusCode::SERVICE_UNAVAILABLE {
        problem = problem.retry_after(RETRY_AFTER_SECONDS);
    }
    let mut response = problem.into_response(id);
    response.headers_mut().insert(X_REQUEST_ID.clone(), id.header_value());
    SecurityHeaders::default().put(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use pavex::http::header::{CONTENT_TYPE, RETRY_AFTER};
    use serde_json::Value;

    use super::*;
    use crate::http::problem_types::SERVICE_OVERLOADED;

    #[tokio::test]
    async fn an_answer_is_a_problem_with_an_id() {
        for kind in UNROUTED {
            let mut answer = answer(kind);
            assert_eq!(answer.status(), kind.status);
            assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
            let body: Value =
                serde_json::from_slice(&answer.body_mut().collect().await.unwrap().to_bytes()).unwrap();
            assert_eq!(body["code"], kind.code);
            assert_eq!(body["request_id"], answer.headers()[&X_REQUEST_ID].to_str().unwrap());
            assert!(!answer.headers().contains_key(RETRY_AFTER));
        }
    }

    #[test]
    fn who_finds_no_room_is_told_when_to_come_again() {
        assert_eq!(answer(&SERVICE_OVERLOADED).headers()[RETRY_AFTER], "1");
    }
}
