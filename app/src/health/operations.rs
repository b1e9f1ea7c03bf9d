//! The operations of this feature, for the description of the API.

use super::{LivenessView, NOT_READY, ReadinessView, VersionView};
use crate::api::Operation;
use crate::http::reply::Reply;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/health/live", "get_live")
            .about("Operations", "Says whether the process lives")
            .returns::<Reply<LivenessView>>(),
        Operation::get("/health/ready", "get_ready")
            .about("Operations", "Says whether the service can take requests")
            .description("The database is asked at most once a second, however many probes come.")
            .returns::<Reply<ReadinessView>>()
            .problems([&NOT_READY]),
        Operation::get("/version", "get_version")
            .about("Operations", "Says what runs")
            .returns::<Reply<VersionView>>(),
    ]
}
