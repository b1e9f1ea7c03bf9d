//! Statements of accounts, newest line first. Never looks at more than `SCAN_MAX` lines or entries for one page.

use engine::port::DatedLine;
use engine::query::{Clock, Page, SCAN_MAX, StatementPosition, StatementQuery};
use futures_util::TryStreamExt;
use ledger::{EntryNumber, LedgerName, Timestamp};
use sqlx::SqliteConnection;

use crate::failure::{Corruption, Failure};
use crate::number::StoredNumber;
use crate::rows::{Head, LineRow, Reader, entry_number, head, one_more, stored_number};
use crate::spans::{effective_in, has_few_lines, recorded_in};
use crate::store::SqliteStore;

pub(crate) async fn statement(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &StatementQuery,
) -> Result<Option<Page<DatedLine, StatementPosition>>, Failure> {
    let mut connection = store.reader().await?;
    let head = head(&mut connection, ledger).await?;
    let address = query.account.as_str();
    let moved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM lines WHERE ledger = ?1 AND address = ?2) AS "moved!: bool""#,
        head.ledger,
        address
    )
    .fetch_one(&mut *connection)
    .await?;
    if !moved {
        return Ok(None);
    }
    let page = match query.clock {
        Clock::Recorded => by_recorded_time(&mut connection, &head, query).await?,
        Clock::Effective if has_few_lines(&mut connection, &head, address).await? => {
            sorted_by_effective_time(&mut connection, &head, query).await?
        }
        Clock::Effective => by_effective_time(&mut connection, &head, query).await?,
    };
    Ok(Some(page))
}

/// The lines found so far, and how far the list was looked at.
struct Found<'q> {
    query: &'q StatementQuery,
    items: Vec<DatedLine>,
    looked_at: usize,
    last: Option<StatementPosition>,
    more: bool,
}

impl<'q> Found<'q> {
    fn new(query: &'q StatementQuery) -> Self {
        Self { query, items: Vec::new(), looked_at: 0, last: query.after, more: false }
    }

    /// Says whether there is room to look at something else; where not, the list goes on.
    fn has_room(&mut self) -> bool {
        self.more = self.items.len() >= self.query.limit || self.looked_at == SCAN_MAX;
        !self.more
    }

    fn take(&mut self, line: DatedLine) {
        let time = match self.query.clock {
            Clock::Recorded => line.recorded_at,
            Clock::Effective => line.effective_at,
        };
        self.pass(StatementPosition { time, entry: line.line.entry, posting: line.line.posting });
        if self.query.asset.as_ref().is_none_or(|asset| *asset == line.line.asset) {
            self.items.push(line);
        }
    }

    fn pass(&mut self, position: StatementPosition) {
        self.looked_at += 1;
        self.last = Some(position);
    }

    fn page(self) -> Page<DatedLine, StatementPosition> {
        Page { items: self.items, next: self.last.filter(|_| self.more) }
    }
}

/// Returns how many lines one page can need.
fn rows_wanted(query: &StatementQuery) -> i64 {
    one_more(if query.asset.is_none() { query.limit.min(SCAN_MAX) } else { SCAN_MAX })
}

/// The posting before which a page begins.
fn posting_before(after: Option<StatementPosition>) -> i64 {
    after.map_or(0, |after| i64::try_from(after.posting).unwrap_or(i64::MAX))
}

async fn by_recorded_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let numbers = recorded_in(connection, head, &query.time).await?;
    let mut before = (numbers.before, 0);
    if let Some(after) = query.after {
        before = before.min((stored_number(after.entry), posting_before(query.after)));
    }
    let rows = rows_wanted(query);
    let mut rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines LEFT JOIN entries ON entries.ledger = ?1 AND entries.number = lines.entry
        WHERE lines.ledger = ?1 AND address = ?2 AND entry >= ?3 AND (entry, posting) < (?4, ?5)
        ORDER BY entry DESC, posting DESC LIMIT ?6"#,
        head.ledger,
        address,
        numbers.from,
        before.0,
        before.1,
        rows
    )
    .fetch(connection);
    let mut found = Found::new(query);
    while let Some(row) = rows.try_next().await? {
        if !found.has_room() {
            break;
        }
        found.take(row.line()?);
    }
    Ok(found.page())
}

/// Lines are not kept in the order of effective times: where an account has few, they are sorted.
async fn sorted_by_effective_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let places = effective_in(&query.time);
    let mut before = (places.before.time, places.before.number, 0);
    if let Some(after) = query.after {
        before = before.min((after.time.micros(), stored_number(after.entry), posting_before(query.after)));
    }
    let rows = rows_wanted(query);
    let mut rows = sqlx::query_as!(
        LineRow,
        r#"SELECT address, entry, posting, direction, counterparty, asset,
            amount AS "amount: StoredNumber", balance AS "balance: StoredNumber",
            recorded_at AS "recorded_at?", effective_at AS "effective_at?"
        FROM lines CROSS JOIN entries ON entries.ledger = ?1 AND entries.number = lines.entry
        WHERE lines.ledger = ?1 AND address = ?2 AND effective_at >= ?3
            AND (effective_at, entry, posting) < (?4, ?5, ?6)
        ORDER BY effective_at DESC, entry DESC, posting DESC LIMIT ?7"#,
        head.ledger,
        address,
        places.from.time,
        before.0,
        before.1,
        before.2,
        rows
    )
    .fetch(connection);
    let mut found = Found::new(query);
    while let Some(row) = rows.try_next().await? {
        if !found.has_room() {
            break;
        }
        found.take(row.line()?);
    }
    Ok(found.page())
}

/// A row per line of an entry, or one without a line where the entry does not touch the account.
struct EntryLineRow {
    number: i64,
    recorded_at: i64,
    effective_at: i64,
    posting: Option<i64>,
    direction: Option<String>,
    counterparty: Option<String>,
    asset: Option<String>,
    amount: Option<StoredNumber>,
    balance: Option<StoredNumber>,
}

impl EntryLineRow {
    fn line(self, address: &str) -> Option<LineRow> {
        Some(LineRow {
            address: address.to_owned(),
            entry: self.number,
            posting: self.posting?,
            direction: self.direction?,
            counterparty: self.counterparty?,
            asset: self.asset?,
            amount: self.amount?,
            balance: self.balance?,
            recorded_at: Some(self.recorded_at),
            effective_at: Some(self.effective_at),
        })
    }

    fn place(&self) -> Result<(Timestamp, EntryNumber), Corruption> {
        let place = || format!("entry {}", self.number);
        Ok((Reader::at(&place).time(self.effective_at)?, entry_number(self.number)?))
    }
}

/// Where an account has many lines, it is on many entries: walks the entries in the order of their
/// effective times and takes the account's lines as it comes by.
async fn by_effective_time(
    connection: &mut SqliteConnection,
    head: &Head,
    query: &StatementQuery,
) -> Result<Page<DatedLine, StatementPosition>, Failure> {
    let address = query.account.as_str();
    let places = effective_in(&query.time);
    let mut before = (places.before.time, places.before.number);
    // The entry that the last page ended in, and the posting from which on it is done with.
    let mut begun = (-1, 0);
    if let Some(after) = query.after {
        let number = stored_number(after.entry);
        let first_undone = if after.posting == 0 { number } else { number.saturating_add(1) };
        before = before.min((after.time.micros(), first_undone));
        begun = (number, posting_before(query.after));
    }
    let rows = one_more(SCAN_MAX);
    let mut rows = sqlx::query_as!(
        EntryLineRow,
        r#"SELECT number, recorded_at, effective_at, posting AS "posting?", direction AS "direction?",
            counterparty AS "counterparty?", asset AS "asset?", amount AS "amount?: StoredNumber",
            balance AS "balance?: StoredNumber"
        FROM entries LEFT JOIN lines ON lines.ledger = ?1 AND lines.address = ?2
            AND lines.entry = entries.number AND (lines.entry <> ?6 OR lines.posting < ?7)
        WHERE entries.ledger = ?1 AND effective_at >= ?3 AND (effective_at, number) < (?4, ?5)
        ORDER BY effective_at DESC, number DESC, posting DESC LIMIT ?8"#,
        head.ledger,
        address,
        places.from.time,
        before.0,
        before.1,
        begun.0,
        begun.1,
        rows
    )
    .fetch(connection);
    let mut found = Found::new(query);
    while let Some(row) = rows.try_next().await? {
        if !found.has_room() {
            break;
        }
        let (time, entry) = row.place()?;
        match row.line(address) {
            Some(row) => found.take(row.line()?),
            None => found.pass(StatementPosition { time, entry, posting: 0 }),
        }
    }
    Ok(found.page())
}
