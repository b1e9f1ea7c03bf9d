//! HEAD for every route that answers GET (RFC 9110, 9.3.2), in one place: whoever runs the routes takes a
//! HEAD for a GET and leaves out the body of the reply.
//!
//! Routes never see a HEAD; logs and metrics count it as the GET that it is answered as.

use pavex::Response;
use pavex::http::Method;
use pavex::http::header::{CONTENT_LENGTH, HeaderValue};
use pavex::response::ResponseBody;
use pavex::response::body::raw::RawBody as _;

/// Whether a request wants no more than the head of its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadOnly(bool);

impl HeadOnly {
    /// Takes a HEAD for a GET, and remembers that it was none.
    #[must_use]
    pub fn take(method: &mut Method) -> Self {
        let head = *method == Method::HEAD;
        if head {
            *method = Method::GET;
        }
        Self(head)
    }

    /// Leaves out the body where it is not wanted. Its length stays.
    #[must_use]
    pub fn trim(self, mut response: Response) -> Response {
        if self.0 {
            let length = response.body().size_hint().exact();
            if let Some(length) = length {
                response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
            }
            *response.body_mut() = ResponseBody::default();
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(method: Method) -> (Method, Response) {
        let mut routed = method;
        let head = HeadOnly::take(&mut routed);
        (routed, head.trim(Response::ok().set_typed_body("words")))
    }

    #[test]
    fn a_head_is_answered_like_a_get_without_its_body() {
        let (routed, response) = answered(Method::HEAD);
        assert_eq!(routed, Method::GET);
        assert_eq!(response.headers()[CONTENT_LENGTH], "5");
        assert_eq!(response.body().size_hint().exact(), Some(0));
    }

    #[test]
    fn other_methods_stay_as_they_are() {
        for method in [Method::GET, Method::POST] {
            let (routed, response) = answered(method.clone());
            assert_eq!(routed, method);
            assert!(!response.headers().contains_key(CONTENT_LENGTH));
            assert_eq!(response.body().size_hint().exact(), Some(5));
        }
    }
}
