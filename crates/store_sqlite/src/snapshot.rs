//! A consistent view of one ledger for verification, on a connection of its own. It blocks nobody; as long as
//! it is open, the write-ahead log cannot shrink.

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::port::{KeptAccount, KeptHold, LogRecord, Movements, ReadError, Snapshot};
use engine::shifted::ShiftedMovement;
use ledger::{
    Address, Amount, Balance, BalanceKey, BalanceTotal, EntryNumber, LedgerName, Metadata, RootKey,
};
use sql_rows::{
    Failure, HoldRow, KeptRow, ListRow, Reader, ReversalRow, entry_number, lists_after, shifted_after,
    stored_limit, stored_number, sums_of,
};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::log::records;
use crate::number::{StoredNumber, StoredTotal};
use crate::rows::{BalanceRow, ShiftedRow, SumRow, head};
use crate::store::SqliteStore;

struct SqliteSnapshot {
    /// In a transaction that has begun to read. Dropping the connection ends it.
    connection: SqliteConnection,
    ledger: i64,
    next: EntryNumber,
}

pub(crate) async fn open(store: &SqliteStore, ledger: &LedgerName) -> Result<Box<dyn Snapshot>, Failure> {
    let mut connection = store.options.reader().connect().await?;
    sqlx::query!("BEGIN").execute(&mut connection).await?;
    // The first read fixes what the transaction sees.
    let head = head(&mut connection, ledger).await?;
    Ok(Box::new(SqliteSnapshot { connection, ledger: head.ledger, next: entry_number(head.next)? }))
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    fn next(&self) -> EntryNumber {
        self.next
    }

    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError> {
        Ok(records(&mut self.connection, self.ledger, from, limit).await?)
    }

    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError> {
        Ok(self.read_balances(after, limit).await?)
    }

    async fn sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, ReadError> {
        Ok(self.read_sums(after, limit).await?)
    }

    async fn movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, ReadError> {
        Ok(self.read_movements(after, limit).await?)
    }

    async fn shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, ReadError> {
        Ok(self.read_shifted_movements(after, limit).await?)
    }

    async fn accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, ReadError> {
        Ok(self.read_accounts(after, limit).await?)
    }

    async fn account_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        Ok(self.read_changes(after, limit).await?)
    }

    async fn holds(&mut self, after: Option<EntryNumber>, limit: usize) -> Result<Vec<KeptHold>, ReadError> {
        Ok(self.read_holds(after, limit).await?)
    }

    async fn hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        Ok(self.read_hold_accounts(after, limit).await?)
    }

    async fn reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        Ok(self.read_reversals(after, limit).await?)
    }

    async fn changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, ReadError> {
        Ok(self.read_changed_transactions(after, limit).await?)
    }

    async fn transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, ReadError> {
        Ok(self.read_transaction_changes(after, limit).await?)
    }

    async fn transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, ReadError> {
        Ok(self.read_transactions_by_pair(after, limit).await?)
    }

    async fn accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, ReadError> {
        Ok(self.read_accounts_by_pair(after, limit).await?)
    }
}

impl SqliteSnapshot {
    async fn read_balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, Failure> {
        let (address, asset) = after.map_or(("", ""), |key| (key.account.as_str(), key.asset.as_str()));
        let limit = stored_limit(limit);
        let rows = sqlx::query_as!(
            BalanceRow,
            r#"SELECT address, asset,
                posted_in AS "posted_in: StoredNumber", posted_out AS "posted_out: StoredNumber",
                pending_in AS "pending_in: StoredNumber", pending_out AS "pending_out: StoredNumber"
            FROM balances WHERE ledger = ?1 AND (address, asset) > (?2, ?3)
            ORDER BY address, asset LIMIT ?4"#,
            self.ledger,
            address,
            asset,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.into_iter().map(|row| Ok(row.balance()?)).collect()
    }

    async fn read_sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, Failure> {
        let (root, asset) = after.map_or(("", ""), |key| (key.root.as_str(), key.asset.as_str()));
        let (ledger, limit) = (sums_of(self.ledger), stored_limit(limit));
        let rows = sqlx::query_as!(
            SumRow,
            r#"SELECT address AS root, asset,
                posted_in AS "posted_in: StoredTotal", posted_out AS "posted_out: StoredTotal",
                pending_in AS "pending_in: StoredTotal", pending_out AS "pending_out: StoredTotal"
            FROM balances WHERE ledger = ?1 AND (address, asset) > (?2, ?3)
            ORDER BY address, asset LIMIT ?4"#,
            ledger,
            root,
            asset,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.sum()?)).collect()
    }

    async fn read_movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, Failure> {
        let (address, asset, last) = lists_after(after);
        let limit = stored_limit(limit);
        // Merges two walks: both come in this order. The largest number is the place of the recent ones.
        let rows = sqlx::query_as!(
            ListRow,
            r#"SELECT address AS "address!", asset AS "asset!", last AS "last?: i64", numbers AS "numbers!"
            FROM (
                SELECT address, asset, last, numbers, last AS place FROM earlier_movements
                WHERE ledger = ?1 AND (address, asset, last) > (?2, ?3, ?4)
                UNION ALL
                SELECT address, asset, NULL, recent_movements, 9223372036854775807 FROM balances
                WHERE ledger = ?1 AND (address, asset) >= (?2, ?3)
                    AND ((address, asset) > (?2, ?3) OR ?4 < 9223372036854775807)
                ORDER BY address, asset, place LIMIT ?5
            )"#,
            self.ledger,
            address,
            asset,
            last,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.movements()?)).collect()
    }

    async fn read_shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, Failure> {
        let (address, later_at, number, asset) = shifted_after(after);
        let limit = stored_limit(limit);
        let rows = sqlx::query_as!(
            ShiftedRow,
            r#"SELECT address, later_at, number, asset, earlier_at, posted_in AS "posted_in: StoredNumber",
                posted_out AS "posted_out: StoredNumber"
            FROM shifted_movements
            WHERE ledger = ?1 AND (address, later_at, number, asset) > (?2, ?3, ?4, ?5)
            ORDER BY address, later_at, number, asset LIMIT ?6"#,
            self.ledger,
            address,
            later_at,
            number,
            asset,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.movement()?)).collect()
    }

    async fn read_accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, Failure> {
        let (after, limit) = (after.map_or("", Address::as_str), stored_limit(limit));
        let rows = sqlx::query_as!(
            KeptRow,
            "SELECT address, policy, metadata FROM accounts
            WHERE ledger = ?1 AND address > ?2 ORDER BY address LIMIT ?3",
            self.ledger,
            after,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.account()?)).collect()
    }

    async fn read_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, Failure> {
        let (address, number) =
            after.map_or(("", -1), |(account, entry)| (account.as_str(), stored_number(*entry)));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT address, number FROM account_changes
            WHERE ledger = ?1 AND (address, number) > (?2, ?3) ORDER BY address, number LIMIT ?4",
            self.ledger,
            address,
            number,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        let place = || "the changes of accounts".to_owned();
        let reader = Reader::at(&place);
        rows.iter().map(|row| Ok((reader.address(&row.address)?, entry_number(row.number)?))).collect()
    }

    async fn read_holds(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<KeptHold>, Failure> {
        let (after, limit) = (after.map_or(-1, stored_number), stored_limit(limit));
        let rows = sqlx::query_as!(
            HoldRow,
            "SELECT number, state, captured, expires_at FROM holds
            WHERE ledger = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            self.ledger,
            after,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.kept()?)).collect()
    }

    async fn read_hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, Failure> {
        let (address, number) =
            after.map_or(("", -1), |(account, hold)| (account.as_str(), stored_number(*hold)));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT address, number FROM hold_accounts
            WHERE ledger = ?1 AND (address, number) > (?2, ?3) ORDER BY address, number LIMIT ?4",
            self.ledger,
            address,
            number,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        let place = || "the holds of accounts".to_owned();
        let reader = Reader::at(&place);
        rows.iter().map(|row| Ok((reader.address(&row.address)?, entry_number(row.number)?))).collect()
    }

    async fn read_reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, Failure> {
        let (after, limit) = (after.map_or(-1, stored_number), stored_limit(limit));
        let rows = sqlx::query_as!(
            ReversalRow,
            "SELECT number, reversed FROM reversals WHERE ledger = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            self.ledger,
            after,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok(row.reversed()?)).collect()
    }

    async fn read_changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, Failure> {
        let from = after.map_or(0, |after| stored_number(after.next()));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT number, metadata FROM changed_transactions
            WHERE ledger = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
            self.ledger,
            from,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        let place = || "what is kept beside transactions".to_owned();
        let reader = Reader::at(&place);
        rows.iter().map(|row| Ok((entry_number(row.number)?, reader.metadata(&row.metadata)?))).collect()
    }

    async fn read_transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, Failure> {
        let (changed, number) =
            after.map_or((-1, -1), |(changed, entry)| (stored_number(changed), stored_number(entry)));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT changed, number FROM transaction_changes
            WHERE ledger = ?1 AND (changed, number) > (?2, ?3) ORDER BY changed, number LIMIT ?4",
            self.ledger,
            changed,
            number,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok((entry_number(row.changed)?, entry_number(row.number)?))).collect()
    }

    async fn read_transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, Failure> {
        let (pair, number) = after.map_or((i64::MIN, -1), |(pair, number)| (pair.0, stored_number(number)));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT pair, number FROM transaction_pairs
            WHERE ledger = ?1 AND (pair, number) > (?2, ?3) ORDER BY pair, number LIMIT ?4",
            self.ledger,
            pair,
            number,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter().map(|row| Ok((MetadataPair(row.pair), entry_number(row.number)?))).collect()
    }

    async fn read_accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, Failure> {
        let (pair, address) = after.map_or((i64::MIN, ""), |(pair, account)| (pair.0, account.as_str()));
        let limit = stored_limit(limit);
        let rows = sqlx::query!(
            "SELECT pair, address FROM account_pairs
            WHERE ledger = ?1 AND (pair, address) > (?2, ?3) ORDER BY pair, address LIMIT ?4",
            self.ledger,
            pair,
            address,
            limit
        )
        .fetch_all(&mut self.connection)
        .await?;
        let place = || "what accounts are found by".to_owned();
        let reader = Reader::at(&place);
        rows.iter().map(|row| Ok((MetadataPair(row.pair), reader.address(&row.address)?))).collect()
    }
}
