//! Metrics: `GET /metrics`, where Prometheus reads what the service counts.

mod get_metrics;
mod operations;

pub use get_metrics::*;
pub use operations::operations;
