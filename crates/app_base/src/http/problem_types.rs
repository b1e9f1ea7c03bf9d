//! The kinds of problems that do not belong to one feature. It raises none of them itself.

use pavex::http::StatusCode;

use super::problem::ProblemType;

/// No route has the path.
pub static ROUTE_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "route.not_found",
    title: "No such route",
    meaning: "No route has this path. A slash at the end makes another path.",
    remedy: "Compare the path with the API reference at /docs.",
    members: &[],
};

/// The path has routes, but none for the method.
pub static METHOD_NOT_ALLOWED: ProblemType = ProblemType {
    status: StatusCode::METHOD_NOT_ALLOWED,
    code: "route.method_not_allowed",
    title: "Method not allowed",
    meaning: "The path exists, but not for this method.",
    remedy: "Use one of the methods in the Allow header.",
    members: &[],
};

/// It took longer than the service waits for itself.
pub static REQUEST_TIMEOUT: ProblemType = ProblemType {
    status: StatusCode::GATEWAY_TIMEOUT,
    code: "request.timeout",
    title: "The request took too long",
    meaning: "The request was not answered within the time that the service allows. A write may still take \
              effect after this reply.",
    remedy: "Send a write again with the same Idempotency-Key: it happens once, and the reply says what came \
             of it. A read can simply be sent again.",
    members: &[],
};

/// Too much runs or waits already.
pub static SERVICE_OVERLOADED: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "service.overloaded",
    title: "The service is overloaded",
    meaning: "More requests run or wait than the service takes on. This one was refused before it had any \
              effect.",
    remedy: "Send it again after the seconds in Retry-After, with growing pauses.",
    members: &[],
};

/// Something failed that should not have.
pub static INTERNAL_ERROR: ProblemType = ProblemType {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "internal.error",
    title: "Internal error",
    meaning: "The service failed in a way that is not the caller's doing. A write may or may not have taken \
              effect.",
    remedy: "Send a write again with the same Idempotency-Key to learn what came of it. If it goes on, report \
             the request id: the operators find the cause under it.",
    members: &[],
};
