//! Problems: the one shape in which an error leaves the service (RFC 9457).
//!
//! A problem holds what the client may read. What only operators may read (causes, SQL, paths) never
//! gets in here: it goes to the log, through the error observer.

use std::borrow::Cow;

use pavex::Response;
use pavex::http::StatusCode;
use pavex::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use pavex::telemetry::ServerRequestId;
use serde::Serialize;
use serde_json::{Map, Value};

/// A kind of problem: what all its occurrences share. Every kind is one `static` beside the code that
/// raises it, and stands in the OpenAPI document and in `/docs/errors` through the operations that list it.
#[derive(Debug)]
pub struct ProblemType {
    /// The status of the reply.
    pub status: StatusCode,
    /// The stable name, `thing.what`. It never changes once released.
    pub code: &'static str,
    /// The same in words, for people, with neither a full stop nor anything of one occurrence.
    pub title: &'static str,
    /// When it happens, in a sentence or two.
    pub meaning: &'static str,
    /// What the caller can do about it.
    pub remedy: &'static str,
    /// The members that it has beyond those of every problem.
    pub members: &'static [Member],
}

/// A member of a problem that callers may act on.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its type in JSON: `string`, `integer`, `array`, …
    pub json_type: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// An error as clients see it: `application/problem+json` with a stable `code`.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static ProblemType,
    detail: Option<Cow<'static, str>>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Starts a problem of a kind.
    #[must_use]
    pub fn of(kind: &'static ProblemType) -> Self {
        Self { kind, detail: None, members: Map::new(), headers: Vec::new() }
    }

    /// Says what is special about this occurrence, and what the client can do.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member that the client may act on. The kind has to know it.
    ///
    /// # Panics
    /// When the value cannot be written as JSON, which plain data always can.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        let known = self.kind.members.iter().any(|known| known.name == member);
        debug_assert!(known, "{} does not document its member {member}", self.kind.code);
        let value = serde_json::to_value(value).expect("plain data");
        self.members.insert(member.to_owned(), value);
        self
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says after how many seconds the client may try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    /// Returns what is said of this occurrence.
    #[must_use]
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Returns what is special about this occurrence, or what all of its kind share.
    #[must_use]
    pub fn detail_or_title(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.kind.title)
    }

    /// Writes the reply. `type` is a relative reference into the documentation of errors.
    #[must_use]
    pub fn into_response(mut self, request_id: ServerRequestId) -> Response {
        let (status, headers) = (self.kind.status, std::mem::take(&mut self.headers));
        let mut response = Response::new(status).set_typed_body(self.into_json(request_id).to_string());
        let response_headers = response.headers_mut();
        response_headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in headers {
            response_headers.insert(name, value);
        }
        response
    }

    /// Writes the body of the reply alone, for a reply that has several.
    #[must_use]
    pub fn into_json(self, request_id: ServerRequestId) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), format!("/docs/errors#{}", self.kind.code).into());
        body.insert("title".into(), self.kind.title.into());
        body.insert("status".into(), self.kind.status.as_u16().into());
        body.insert("code".into(), self.kind.code.into());
        if let Some(detail) = self.detail {
            body.insert("detail".into(), detail.into_owned().into());
        }
        body.insert("request_id".into(), request_id.to_string().into());
        body.extend(self.members);
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    static SHORT_OF_TEA: ProblemType = ProblemType {
        status: StatusCode::IM_A_TEAPOT,
        code: "tea.short",
        title: "There is not enough tea",
        meaning: "",
        remedy: "",
        members: &[Member { name: "cups", json_type: "integer", meaning: "" }],
    };

    #[tokio::test]
    async fn a_problem_is_written_with_all_that_it_says() {
        let id = ServerRequestId::generate();
        let problem =
            Problem::of(&SHORT_OF_TEA).detail("Two cups are missing.").with("cups", 2).retry_after(60);
        let mut response = problem.into_response(id);
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[RETRY_AFTER], "60");
        let body = response.body_mut().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({
            "type": "/docs/errors#tea.short",
            "title": "There is not enough tea",
            "status": 418,
            "code": "tea.short",
            "detail": "Two cups are missing.",
            "request_id": id.to_string(),
            "cups": 2,
        });
        assert_eq!(body, expected);
    }

    #[test]
    #[should_panic(expected = "does not document its member")]
    fn a_member_that_is_not_documented_is_noticed() {
        let _ = Problem::of(&SHORT_OF_TEA).with("saucers", 2);
    }
}
