//! `GET /health/live`.

use pavex::get;

use crate::http::reply::Reply;

/// Whether the process lives.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "Liveness")]
pub struct LivenessView {
    /// Always `live`: what does not live does not answer.
    pub status: &'static str,
}

/// Answers 200 as long as the process can answer at all.
#[get(path = "/health/live")]
#[must_use]
pub fn get_live() -> Reply<LivenessView> {
    Reply(LivenessView { status: "live" })
}
