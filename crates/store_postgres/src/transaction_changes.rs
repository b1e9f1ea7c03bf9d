//! Changes of what is kept beside transactions, and which entries changed it. Written in the transaction of the batch that
//! writes the entries, by statements of their own: batches that change none never send them.

use engine::codec;
use engine::query::{Order, Page, TransactionChangeQuery};
use ledger::{Entry, EntryNumber, LedgerName, Metadata};
use sql_rows::{
    ChangedPairs, ChangedTransactions, Failure, KeptTransactionRow, Numbers, one_more, stored_number,
};
use sqlx::PgConnection;

use crate::changes::page_of_changes;
use crate::columns::{BigInts, Texts};
use crate::entries::recorded;
use crate::rows::head;

/// Writes what is kept beside transactions from now on, and that these entries made it so.
pub(crate) async fn write_transaction_changes(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    changed: &ChangedTransactions<'_>,
) -> Result<(), Failure> {
    let numbers: Vec<EntryNumber> = changed.transactions.keys().copied().collect();
    let before = load_transactions(connection, ledger, &numbers).await?;
    let pairs =
        ChangedPairs::between(before, changed.transactions.iter().map(|(number, after)| (number, *after)));
    let (mut transactions, mut metadata) = (BigInts::default(), Texts::default());
    for (number, after) in &changed.transactions {
        transactions.push(stored_number(*number));
        metadata.push(&codec::encode_metadata(after));
    }
    let (mut of, mut by) = (BigInts::default(), BigInts::default());
    for (transaction, entry) in &changed.changes {
        of.push(stored_number(*transaction));
        by.push(stored_number(*entry));
    }
    let columns = |rows: &[(engine::pair::MetadataPair, EntryNumber)]| {
        let (mut pairs, mut numbers) = (BigInts::default(), BigInts::default());
        for (pair, number) in rows {
            pairs.push(pair.0);
            numbers.push(stored_number(*number));
        }
        (pairs, numbers)
    };
    let ((gone, gone_of), (new, new_of)) = (columns(&pairs.gone), columns(&pairs.new));
    sqlx::query!(
        "WITH its_ledger AS MATERIALIZED (
            SELECT id FROM ledgers WHERE name = $1
        ), written_changes AS (
            INSERT INTO transaction_changes (ledger, changed, number)
            SELECT its_ledger.id, change.* FROM its_ledger CROSS JOIN (
                SELECT UNNEST($2::bigint[]), UNNEST($3::bigint[])
            ) AS change
        ), gone_pairs AS (
            DELETE FROM transaction_pairs USING its_ledger CROSS JOIN (
                SELECT UNNEST($6::bigint[]) AS pair, UNNEST($7::bigint[]) AS number
            ) AS gone CROSS JOIN LATERAL (
                SELECT ctid AS place FROM transaction_pairs
                WHERE ledger = its_ledger.id AND pair = gone.pair AND number = gone.number OFFSET 0
            ) AS found
            WHERE transaction_pairs.ctid = found.place
        ), new_pairs AS (
            INSERT INTO transaction_pairs (ledger, pair, number)
            SELECT its_ledger.id, new.* FROM its_ledger CROSS JOIN (
                SELECT UNNEST($8::bigint[]), UNNEST($9::bigint[])
            ) AS new
        )
        INSERT INTO changed_transactions (ledger, number, metadata)
        SELECT its_ledger.id, changed.* FROM its_ledger CROSS JOIN (
            SELECT UNNEST($4::bigint[]), UNNEST($5::text[])
        ) AS changed
        ON CONFLICT (ledger, number) DO UPDATE SET metadata = excluded.metadata",
        ledger.as_str(),
        &of as _,
        &by as _,
        &transactions as _,
        &metadata as _,
        &gone as _,
        &gone_of as _,
        &new as _,
        &new_of as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads what is kept beside those of the entries that are transactions.
pub(crate) async fn load_transactions(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    wanted: &[EntryNumber],
) -> Result<Vec<(EntryNumber, Metadata)>, Failure> {
    let mut numbers = BigInts::default();
    for number in wanted {
        numbers.push(stored_number(*number));
    }
    let rows = sqlx::query_as!(
        KeptTransactionRow,
        r#"SELECT e.number AS "number!", e.kind AS "kind!", COALESCE((
                SELECT metadata FROM changed_transactions AS changed
                WHERE changed.ledger = e.ledger AND changed.number = e.number
            ), e.body::json ->> 'metadata') AS "metadata?"
        FROM ledgers CROSS JOIN UNNEST($2::bigint[]) AS wanted (number) CROSS JOIN LATERAL (
            SELECT * FROM entries WHERE entries.ledger = ledgers.id AND entries.number = wanted.number OFFSET 0
        ) AS e
        WHERE ledgers.name = $1"#,
        ledger.as_str(),
        &numbers as _
    )
    .fetch_all(connection)
    .await?;
    rows.iter().filter_map(|row| row.kept().transpose()).map(|kept| Ok(kept?)).collect()
}

/// Reads a transaction as it stands.
pub(crate) async fn transaction(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    number: EntryNumber,
) -> Result<Option<Entry>, Failure> {
    let head = head(connection, ledger).await?;
    let from = stored_number(number);
    let numbers = Numbers { from, before: from.saturating_add(1) };
    let portion = recorded(connection, head.ledger, numbers, Order::Ascending, 1).await?;
    let entry = portion.entries.into_iter().next().map(sql_rows::EntryRow::current).transpose()?;
    Ok(entry.filter(|entry| entry.body.transaction().is_some()))
}

pub(crate) async fn transaction_changes(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &TransactionChangeQuery,
) -> Result<Option<Page<Entry, EntryNumber>>, Failure> {
    if transaction(connection, ledger, query.transaction).await?.is_none() {
        return Ok(None);
    }
    let head = head(connection, ledger).await?;
    let limit = one_more(query.limit);
    let numbers = sqlx::query_scalar!(
        "SELECT number FROM transaction_changes WHERE ledger = $1 AND changed = $2 AND number < $3
        ORDER BY number DESC LIMIT $4",
        head.ledger,
        stored_number(query.transaction),
        query.after.map_or(i64::MAX, stored_number),
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Some(page_of_changes(connection, head.ledger, &numbers, query.limit).await?))
}
