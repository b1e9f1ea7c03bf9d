//! `GET /health/live`.

use pavex::{Response, get};

/// Answers 200 as long as the process can answer at all.
#[get(path = "/health/live")]
pub fn get_live() -> Response {
    Response::ok()
}
