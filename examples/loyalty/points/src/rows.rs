//! The tables of this feature. Every statement is one that both databases understand.

use app_base::storage::{Connection, Reader};
use engine::companion::{CompanionError, StoreTransaction};
use engine::port::ReadError;
use ledger::{EntryNumber, LedgerName};

use crate::{MemberId, Refusal};

/// Does the same on either database.
macro_rules! on_either {
    ($connection:expr, |$on:ident| $does:expr) => {
        match $connection {
            Connection::Sqlite($on) => $does,
            Connection::Postgres($on) => $does,
        }
    };
}

/// A receipt that points were awarded for.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ReceiptRow {
    pub(crate) entry: i64,
    pub(crate) receipt: String,
    pub(crate) spent: i64,
    pub(crate) points: i64,
}

/// Says whether somebody is a member.
pub(crate) async fn is_member(
    connection: Connection<'_>,
    ledger: &LedgerName,
    member: &MemberId,
) -> Result<bool, sqlx::Error> {
    const FIND: &str = "SELECT count(*) FROM points_members WHERE ledger = $1 AND member = $2";
    let count: i64 = on_either!(connection, |on| {
        sqlx::query_scalar(FIND).bind(ledger.as_str()).bind(member.as_str()).fetch_one(on).await?
    });
    Ok(count > 0)
}

/// Adds a member.
pub(crate) async fn insert_member(
    transaction: &mut StoreTransaction<'_>,
    ledger: &LedgerName,
    member: &MemberId,
    name: &str,
) -> Result<(), CompanionError<Refusal>> {
    const INSERT: &str = "INSERT INTO points_members (ledger, member, name) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    let added = on_either!(Connection::of(transaction)?, |on| {
        let insert = sqlx::query(INSERT).bind(ledger.as_str()).bind(member.as_str()).bind(name);
        insert.execute(on).await?.rows_affected()
    });
    if added == 1 { Ok(()) } else { Err(CompanionError::Refused(Refusal::KnownMember)) }
}

/// Adds a receipt.
pub(crate) async fn insert_receipt(
    transaction: &mut StoreTransaction<'_>,
    ledger: &LedgerName,
    member: &MemberId,
    row: &ReceiptRow,
) -> Result<(), CompanionError<Refusal>> {
    const INSERT: &str = "INSERT INTO points_receipts (ledger, member, entry, receipt, spent, points)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ledger, receipt) DO NOTHING";
    let added = on_either!(Connection::of(transaction)?, |on| {
        let insert = sqlx::query(INSERT).bind(ledger.as_str()).bind(member.as_str()).bind(row.entry);
        let insert = insert.bind(&row.receipt).bind(row.spent).bind(row.points);
        insert.execute(on).await?.rows_affected()
    });
    if added == 1 { Ok(()) } else { Err(CompanionError::Refused(Refusal::ReceiptUsed)) }
}

/// Lists a member's receipts, newest first: up to `limit`, those before an entry.
pub(crate) async fn receipts(
    reader: &mut Reader,
    ledger: &LedgerName,
    member: &MemberId,
    before: Option<EntryNumber>,
    limit: usize,
) -> Result<Vec<ReceiptRow>, ReadError> {
    const LIST: &str = "SELECT entry, receipt, spent, points FROM points_receipts
        WHERE ledger = $1 AND member = $2 AND entry < $3 ORDER BY entry DESC LIMIT $4";
    let before = before.and_then(|entry| i64::try_from(entry.0).ok()).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = on_either!(reader.connection(), |on| {
        let list = sqlx::query_as(LIST).bind(ledger.as_str()).bind(member.as_str());
        list.bind(before).bind(limit).fetch_all(on).await
    });
    rows.map_err(unavailable)
}

/// Says that the database did not answer as it should.
pub(crate) fn unavailable(error: sqlx::Error) -> ReadError {
    ReadError::Unavailable(error.into())
}
