//! A middleware: while points are paused, nothing that changes any gets further.

use app_base::http::problem::Problem;
use pavex::http::Method;
use pavex::middleware::Processing;
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;

use crate::{LoyaltyConfig, POINTS_PAUSED};

/// Answers what would change something while points are paused.
#[pavex::pre_process]
pub fn pause(head: &RequestHead, config: &LoyaltyConfig, request_id: ServerRequestId) -> Processing {
    if config.paused && head.method != Method::GET {
        return Processing::EarlyReturn(Problem::of(&POINTS_PAUSED).into_response(request_id));
    }
    Processing::Continue
}
