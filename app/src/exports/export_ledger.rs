//! `GET /v1/ledgers/{ledger}/export`.

use futures_util::stream::try_unfold;
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, get};

use super::{ExportError, ExportQuery};
use crate::http::input::Read;
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::stream::{Described, Streams, send};
use crate::journals::Export;
use crate::storage::Engine;

/// Sends the whole log of a ledger as one file.
///
/// # Errors
/// [`ExportError`], as a problem, as long as nothing was sent.
#[get(path = "/v1/ledgers/{ledger}/export")]
pub async fn export_ledger(
    _granted: Granted<LedgerRead>,
    request: Read<(InLedger, ExportQuery)>,
    head: &RequestHead,
    engine: &Engine,
    streams: &Streams,
    request_id: ServerRequestId,
) -> Result<Response, ExportError> {
    let Read((InLedger { ledger }, ExportQuery { format })) = request;
    let place = streams.place(head)?;
    let engine = engine.clone();
    let mut export = Export::begin(engine.store(), &ledger, format).await?;
    let first = export.next_piece(engine.store()).await?.unwrap_or_default();
    let file_name = Some(export.file_name());
    let described = Described { media_type: format.media_type(), file_name, policy: None };
    let rest = try_unfold((export, engine), |(mut export, engine)| async move {
        let piece = export.next_piece(engine.store()).await?;
        Ok(piece.map(|piece| (piece, (export, engine))))
    });
    Ok(send(&described, first, rest, place, request_id))
}
