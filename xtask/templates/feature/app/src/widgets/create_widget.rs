//! `POST /v1/ledgers/{ledger}/widgets`.

use pavex::post;

use super::{CreateWidgetRequest, RequestError, WidgetView, WidgetsWrite};
use crate::http::input::Write;
use crate::http::path::InLedger;
use crate::http::principal::Granted;
use crate::http::reply::Created;
use crate::storage::Engine;

/// Creates a gadget. Answers once it is durable.
///
/// # Errors
/// [`RequestError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/widgets")]
pub async fn create_widget(
    granted: Granted<WidgetsWrite>,
    request: Write<(InLedger, CreateWidgetRequest)>,
    engine: &Engine,
) -> Result<Created<WidgetView>, RequestError> {
    let Write { key, input: (InLedger { ledger }, body) } = request;
    let caller = granted.caller();
    let created =
        engine.create_widget(&ledger, body.into(), key, |action, id| caller.did(action, id)).await?;
    let location = format!("/v1/ledgers/{ledger}/widgets/{}", created.widget.id);
    Ok(Created::at(&location, WidgetView::of(ledger, created.widget)).replayed(created.replayed))
}
