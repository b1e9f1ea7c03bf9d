//! `GET /metrics`.

use pavex::Response;
use pavex::get;
use pavex::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::telemetry::Metrics;

/// The content type of the `OpenMetrics` text format, which Prometheus reads.
pub const OPENMETRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers with all metrics as they stand.
#[get(path = "/metrics")]
pub fn get_metrics(metrics: &Metrics) -> Response {
    Response::ok()
        .set_typed_body(metrics.encode())
        .insert_header(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS_TEXT))
        .insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
