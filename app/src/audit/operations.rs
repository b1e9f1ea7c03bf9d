//! The operations of this feature, for the description of the API.

use super::{AuditRecordView, ListAuditQuery};
use crate::api::Operation;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::AuditRead;
use crate::http::reply::Tagged;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/audit", "list_audit")
            .right::<AuditRead>()
            .about("Access", "Lists administrative acts, and who was refused, the latest first")
            .description(
                "Administrative acts are what is done to keys, ledgers and schedules, changes of what accounts allow, and \
                 `force`. All filters have to hold. What other replicas have refused shows up within ten seconds. Refused requests that are alike make one \
                 record with a count.",
            )
            .takes::<Read<(NoPath, ListAuditQuery)>>()
            .returns::<Tagged<Page<AuditRecordView>>>(),
    ]
}
