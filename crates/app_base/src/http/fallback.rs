//! The replies to requests that no handler takes, and to errors that no handler of errors knows.
//!
//! With these, no reply of Pavex's own ever leaves the service.

use pavex::Response;
use pavex::http::Method;
use pavex::http::header::{ALLOW, HeaderValue};
use pavex::router::AllowedMethods;
use pavex::telemetry::ServerRequestId;

use super::problem::Problem;
use super::problem_types::{INTERNAL_ERROR, METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND};

/// Answers where the path has no route, or none for the method.
///
/// A route for GET also answers HEAD: the server takes the one for the other and leaves out the body.
///
/// # Panics
/// When a route has a method that is no token, which the compiler of routes rules out.
#[pavex::fallback]
pub fn no_route(allowed: &AllowedMethods, request_id: ServerRequestId) -> Response {
    let AllowedMethods::Some(methods) = allowed else {
        return Problem::of(&ROUTE_NOT_FOUND).into_response(request_id);
    };
    if methods.is_empty() {
        return Problem::of(&ROUTE_NOT_FOUND).into_response(request_id);
    }
    let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if names.contains(&"GET") && !names.contains(&"HEAD") {
        names.push("HEAD");
    }
    names.sort_unstable();
    let names = names.join(", ");
    let allow = HeaderValue::from_str(&names).expect("methods are tokens");
    Problem::of(&METHOD_NOT_ALLOWED)
        .detail(format!("This path takes {names}."))
        .header(ALLOW, allow)
        .into_response(request_id)
}

/// Answers for an error of any type that has no handler of its own. What it says stays in the log.
#[pavex::error_handler]
#[must_use]
pub fn unforeseen(#[px(error_ref)] _error: &pavex::Error, request_id: ServerRequestId) -> Response {
    Problem::of(&INTERNAL_ERROR).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use pavex::http::StatusCode;
    use pavex::router::MethodAllowList;

    use super::*;

    fn answer(methods: impl IntoIterator<Item = Method>) -> Response {
        no_route(&MethodAllowList::from_iter(methods).into(), ServerRequestId::generate())
    }

    #[test]
    fn a_path_without_a_route_is_not_found() {
        assert_eq!(answer([]).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_wrong_method_is_told_which_are_right() {
        let response = answer([Method::POST, Method::GET]);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD, POST");
        assert_eq!(answer([Method::POST]).headers()[ALLOW], "POST");
    }
}
