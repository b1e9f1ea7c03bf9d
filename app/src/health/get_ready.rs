//! `GET /health/ready`.

use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, get};

use crate::http::problem::{Problem, ProblemType};
use crate::http::reply::Reply;
use crate::readiness::{NotReady, Readiness};

/// The service should not be sent requests.
pub static NOT_READY: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "service.not_ready",
    title: "The service is not ready",
    meaning: "The service is about to stop, or its store does not answer or takes no writes. Only the readiness probe says this.",
    remedy: "Send requests to another replica until the probe answers 200.",
    members: &[],
};

/// Whether the service can take requests.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "Readiness")]
pub struct ReadinessView {
    /// Always `ready`: what is not answers with a problem.
    pub status: &'static str,
}

/// Answers 200 where the service can take requests.
///
/// # Errors
/// [`NotReady`], as a problem.
#[get(path = "/health/ready")]
pub async fn get_ready(readiness: &Readiness) -> Result<Reply<ReadinessView>, NotReady> {
    readiness.check().await?;
    Ok(Reply(ReadinessView { status: "ready" }))
}

/// Answers for a service that is not ready.
#[pavex::error_handler]
#[must_use]
pub fn answer_not_ready(#[px(error_ref)] error: &NotReady, request_id: ServerRequestId) -> Response {
    Problem::of(&NOT_READY).detail(error.to_string()).retry_after(1).into_response(request_id)
}
