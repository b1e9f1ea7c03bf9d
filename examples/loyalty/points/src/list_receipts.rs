//! `GET /v1/ledgers/{ledger}/members/{member}/receipts`.

use app_base::http::fields::FieldErrors;
use app_base::http::input::Read;
use app_base::http::pagination::{Page, PageParameters, PageRequest};
use app_base::http::principal::{Granted, LedgerRead};
use app_base::http::query::{FromQuery, QueryReader};
use app_base::http::reply::Tagged;
use app_base::storage::Database;
use ledger::EntryNumber;
use pavex::get;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rows::{ReceiptRow, is_member, receipts, unavailable};
use crate::{MemberPath, PointsError, Refusal};

/// Which receipts to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListReceiptsQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListReceiptsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}

/// A receipt that points were awarded for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub struct ReceiptView {
    /// The receipt.
    pub receipt: String,
    /// What was spent, in minor units.
    pub spent: String,
    /// How many points it gave.
    pub points: String,
    /// The id of the transaction that awarded them.
    pub transaction: i64,
}

impl From<ReceiptRow> for ReceiptView {
    fn from(row: ReceiptRow) -> Self {
        let ReceiptRow { entry, receipt, spent, points } = row;
        Self { receipt, spent: spent.to_string(), points: points.to_string(), transaction: entry }
    }
}

/// Lists the receipts of a member, newest first.
///
/// # Errors
/// [`PointsError`], as a problem.
#[get(path = "/v1/ledgers/{ledger}/members/{member}/receipts")]
pub async fn list_receipts(
    _granted: Granted<LedgerRead>,
    request: Read<(MemberPath, ListReceiptsQuery)>,
    database: &Database,
) -> Result<Tagged<Page<ReceiptView>>, PointsError> {
    let Read((MemberPath { ledger, member }, ListReceiptsQuery { page })) = request;
    let mut reader = database.reader().await?;
    if !is_member(reader.connection(), &ledger, &member).await.map_err(unavailable)? {
        return Err(Refusal::UnknownMember.into());
    }
    // One more than is shown says whether the list goes on.
    let mut rows = receipts(&mut reader, &ledger, &member, page.after, page.limit + 1).await?;
    let goes_on = rows.len() > page.limit;
    rows.truncate(page.limit);
    let last = rows.last().filter(|_| goes_on).map(|row| EntryNumber(row.entry.unsigned_abs()));
    Ok(Tagged(page.page(rows.into_iter().map(ReceiptView::from), last.as_ref())))
}
