//! `GET /v1/audit`.

use pavex::get;

use super::{AuditError, AuditRecordView, ListAuditQuery};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{AuditRead, Granted};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the audit trail, the latest first.
///
/// # Errors
/// [`AuditError`], as a problem.
#[get(path = "/v1/audit")]
pub async fn list_audit(
    _granted: Granted<AuditRead>,
    request: Read<(NoPath, ListAuditQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<AuditRecordView>>, AuditError> {
    let Read((NoPath {}, query)) = request;
    // So that what this replica has refused up to now is among them.
    engine.write_access().await?;
    let found = engine.store().access().audit(&query.to_engine()).await?;
    let items = found.items.into_iter().map(AuditRecordView::from);
    Ok(Tagged(query.page.page(items, found.next.as_ref())))
}
