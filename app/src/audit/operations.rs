//! The operations of this feature, for the description of the API.

use super::{AuditRecordView, ListAuditQuery};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::AuditRead;
use crate::http::reply::Reply;
use crate::openapi::Operation;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/audit", "list_audit")
            .right::<AuditRead>()
            .about("Access", "Lists what was done to users, keys and ledgers, and who was refused, the latest first")
            .description(
                "What other replicas have refused shows up within ten seconds. Refused requests that are alike make one \
                 record with a count.",
            )
            .takes::<Read<(NoPath, ListAuditQuery)>>()
            .returns::<Reply<Page<AuditRecordView>>>(),
    ]
}
