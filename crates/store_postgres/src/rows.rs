//! The head of a log, and rows with numbers as PostgreSQL has them.

use ledger::LedgerName;
use sql_rows::Failure;
use sqlx::PgConnection;

use crate::number::{StoredNumber, StoredTotal};

pub(crate) type AccountRow = sql_rows::AccountRow<StoredNumber>;
pub(crate) type BalanceRow = sql_rows::BalanceRow<StoredNumber>;
pub(crate) type PlacedRow = sql_rows::PlacedRow<StoredNumber>;
pub(crate) type ShiftedRow = sql_rows::ShiftedRow<StoredNumber>;
pub(crate) type SumRow = sql_rows::SumRow<StoredTotal>;

/// The head of a log.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// The ledger's number in the database.
    pub(crate) ledger: i64,
    /// How many entries the log has.
    pub(crate) next: i64,
}

/// Reads the head of a ledger's log.
pub(crate) async fn head(connection: &mut PgConnection, name: &LedgerName) -> Result<Head, Failure> {
    sqlx::query_as!(
        Head,
        "SELECT id AS ledger, next_entry AS next FROM ledgers WHERE name = $1",
        name.as_str()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::LedgerNotFound)
}
