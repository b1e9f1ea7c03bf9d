//! `GET /v1/ledgers/{ledger}/widgets/{id}`.

use pavex::get;

use super::{RequestError, WidgetPath, WidgetView, WidgetsRead};
use crate::http::input::Read;
use crate::http::principal::Granted;
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Shows one gadget.
///
/// # Errors
/// [`RequestError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/widgets/{id}")]
pub async fn get_widget(
    _granted: Granted<WidgetsRead>,
    request: Read<(WidgetPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<WidgetView>, RequestError> {
    let Read((WidgetPath { ledger, id }, NoQuery {})) = request;
    let widget = engine.widget(&ledger, &id).await?;
    Ok(Tagged(WidgetView::of(ledger, widget)))
}
