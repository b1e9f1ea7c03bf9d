//! The operations of this feature, for the description of the API.

use super::OPENMETRICS_TEXT;
use crate::api::Operation;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/metrics", "get_metrics")
            .about("Operations", "Shows the metrics")
            .description("In the OpenMetrics text format, which Prometheus reads.")
            .returns_media(&[OPENMETRICS_TEXT]),
    ]
}
