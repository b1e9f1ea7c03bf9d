//! `GET /v1/ledgers/{ledger}/accounts/{address}/statement`.

use engine::statement::{Period, Statement};
use futures_util::stream::try_unfold;
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, get};

use super::statement::Sheet;
use super::{AccountError, AccountPath, StatementParameters};
use crate::http::as_of::NotYet;
use crate::http::input::Read;
use crate::http::principal::{Granted, LedgerRead};
use crate::http::stream::{Streams, send};
use crate::storage::Engine;

/// How many parts are read before anything is sent, so that what is wrong from the start is told as a problem.
const PARTS_AHEAD: usize = 2;

/// Sends an account's statement for a period.
///
/// # Errors
/// [`AccountError`], as a problem, as long as nothing was sent.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}/statement")]
pub async fn get_statement(
    _granted: Granted<LedgerRead>,
    request: Read<(AccountPath, StatementParameters)>,
    head: &RequestHead,
    engine: &Engine,
    streams: &Streams,
    request_id: ServerRequestId,
) -> Result<Response, AccountError> {
    let Read((path, parameters)) = request;
    let AccountPath { ledger, address: account } = path;
    let StatementParameters { asset, time, until, clock, format } = parameters;
    NotYet::check(until, engine.now())?;
    let place = streams.place(head)?;
    let engine = engine.clone();
    let period = Period { account, asset, time, clock };
    let statement = Statement::begin(engine.store(), &ledger, period).await?;
    let mut statement = statement.ok_or(AccountError::NotFound)?;
    let (mut sheet, mut first) = Sheet::begin(format, &statement);
    let described = sheet.described(&statement);
    for _ in 0..PARTS_AHEAD {
        if let Some(part) = statement.next(engine.store()).await? {
            sheet.part(&part, &mut first);
        }
    }
    let rest = try_unfold(Some((statement, sheet, engine)), |state| async move {
        let Some((mut statement, mut sheet, engine)) = state else { return Ok(None) };
        let mut piece = Vec::new();
        let next = statement.next(engine.store()).await?;
        Ok(Some(if let Some(part) = next {
            sheet.part(&part, &mut piece);
            (piece.into(), Some((statement, sheet, engine)))
        } else {
            sheet.end(&mut piece);
            (piece.into(), None)
        }))
    });
    Ok(send(&described, first.into(), rest, place, request_id))
}
