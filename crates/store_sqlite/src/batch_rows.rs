//! What a batch writes, as rows of one INSERT into the view `batches`, whose triggers put each where it belongs: so a
//! batch goes to SQLite's thread once, and not once for each table.

use std::sync::Arc;

use engine::codec;
use engine::idempotency::IdempotencyKey;
use engine::pair::MetadataPair;
use engine::port::{Head, LogRecord, Unused};
use engine::shifted::ShiftedMovement;
use ledger::{BalanceKey, Entry, EntryNumber, LedgerName, Reference, RootKey, Timestamp};
use sql_rows::{
    BatchRows, MovedBalance, is_in_use, recorded_pairs, shifted_movements, stored_number, sums_of,
};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Encode, Sqlite, Type};

use crate::known_ledgers::Sum;
use crate::number::{StoredNumber, StoredTotal};

/// For how many rows there is a statement: few numbers, so that each stays prepared, for about a kilobyte a row; and up to
/// about as many values as SQLite lets a statement have. A batch of `n` transfers that move two balances each has three
/// rows for each and up to three more.
const SIZES: [usize; 8] = [8, 32, 128, 256, 384, 768, 1536, 3072];

/// How many values a row has behind its kind and its ledger.
const VALUES: usize = 8;

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Rows of the view `batches`, of one ledger.
pub(crate) struct Rows<'r> {
    ledger: i64,
    rows: Vec<Row<'r>>,
}

/// A row. What each kind does is told where its trigger is made.
enum Row<'r> {
    Head { name: &'r LedgerName, expected: Head, last: &'r Entry },
    UnusedKey(&'r IdempotencyKey),
    UnusedReference(&'r Reference),
    Entry(&'r LogRecord),
    Pair(MetadataPair, EntryNumber),
    Shifted(ShiftedMovement),
    Balance(&'r BalanceKey, &'r MovedBalance<'r>),
    Sum(&'r Sum),
}

impl<'r> Rows<'r> {
    /// Begins with no row.
    pub(crate) fn of(ledger: i64) -> Self {
        Self { ledger, rows: Vec::new() }
    }

    /// Advances the head, with an entry as the last one, where it stands where it is expected.
    pub(crate) fn advance(mut self, name: &'r LedgerName, expected: Head, last: &'r Entry) -> Self {
        self.rows.push(Row::Head { name, expected, last });
        self
    }

    /// Refuses where something is in use by now.
    pub(crate) fn refuse_used(mut self, unused: &'r Unused) -> Self {
        self.rows.extend(unused.keys.iter().map(Row::UnusedKey));
        self.rows.extend(unused.references.iter().map(Row::UnusedReference));
        self
    }

    /// Writes entries, and their projections but what was changed and holds.
    pub(crate) fn write(
        mut self,
        records: &'r [LogRecord],
        rows: &'r BatchRows<'r>,
        sums: &'r [Sum],
    ) -> Self {
        self.rows.extend(records.iter().map(Row::Entry));
        let pairs = recorded_pairs(records).into_iter();
        self.rows.extend(pairs.map(|(pair, number)| Row::Pair(pair, number)));
        self.rows.extend(shifted_movements(records).into_iter().map(Row::Shifted));
        self.rows.extend(rows.balances.iter().map(|(key, moved)| Row::Balance(key, moved)));
        self.rows.extend(sums.iter().map(Row::Sum));
        self
    }

    /// Says whether one statement takes them all.
    pub(crate) fn fit_one_statement(&self) -> bool {
        self.rows.len() <= SIZES[SIZES.len() - 1]
    }

    /// Hands the rows to SQLite.
    pub(crate) async fn execute(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut rest = &*self.rows;
        while !rest.is_empty() {
            let size = size_for(rest.len());
            let (now, later) = rest.split_at(rest.len().min(size));
            let statement = sqlx::query(AssertSqlSafe(text(size)));
            now.iter()
                .fold(statement, |statement, row| row.bind(statement, self.ledger))
                .execute(&mut *connection)
                .await?;
            rest = later;
        }
        Ok(())
    }
}

/// Says whether rows were refused as the head is not where it is expected, or something is in use that has to be unused.
pub(crate) fn is_stale(error: &sqlx::Error) -> bool {
    // In use are the entries' own numbers, keys or references.
    is_in_use(error) || error.as_database_error().is_some_and(|error| error.message() == "stale")
}

/// Returns the statement for so many rows. Values that are not bound are NULL: such rows are left out.
fn text(rows: usize) -> String {
    let rows = format!("({}),", ["?"; 2 + VALUES].join(",")).repeat(rows);
    format!(
        "INSERT INTO batches SELECT * FROM (VALUES {}) WHERE column1 IS NOT NULL",
        rows.trim_end_matches(',')
    )
}

/// Returns the number of rows of the statement that takes so many, or as many of them as any does.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(SIZES[SIZES.len() - 1])
}

impl Row<'_> {
    fn bind<'q>(&self, statement: Statement<'q>, ledger: i64) -> Statement<'q> {
        let kind = |kind| Values { statement, left: 2 + VALUES }.and(kind);
        let values = match self {
            Self::Head { name, expected, last } => kind("head")
                .and(ledger)
                .and(text_of(name.as_str()))
                .and(stored_number(last.number.next()))
                .and(last.recorded_at.micros())
                .and(stored_number(expected.next))
                .and(expected.last_recorded_at.map(Timestamp::micros)),
            Self::UnusedKey(key) => kind("unused key").and(ledger).and(text_of(key.as_str())),
            Self::UnusedReference(reference) => {
                kind("unused reference").and(ledger).and(text_of(reference.as_str()))
            }
            Self::Entry(LogRecord { entry, request }) => kind("entry")
                .and(ledger)
                .and(stored_number(entry.number))
                .and(codec::kind(entry))
                .and(entry.recorded_at.micros())
                .and(entry.effective_at.micros())
                .and(entry.body.reference().map(|reference| text_of(reference.as_str())))
                .and(request.as_ref().map(|request| text_of(request.key.as_str())))
                .and(request.as_ref().map(|request| request.fingerprint.0.to_vec()))
                .and(codec::encode(entry)),
            Self::Pair(pair, number) => kind("pair").and(ledger).and(pair.0).and(stored_number(*number)),
            Self::Shifted(movement) => kind("shifted")
                .and(ledger)
                .and(text_of(movement.key.account.as_str()))
                .and(movement.later_at.micros())
                .and(stored_number(movement.entry))
                .and(text_of(movement.key.asset.as_str()))
                .and(movement.earlier_at.micros())
                .and(StoredNumber::from(movement.posted_in))
                .and(StoredNumber::from(movement.posted_out)),
            Self::Balance(key, MovedBalance { balance, movements }) => {
                kind(if movements.end_a_list { "balance and list" } else { "balance" })
                    .and(ledger)
                    .and(text_of(key.account.as_str()))
                    .and(text_of(key.asset.as_str()))
                    .and(StoredNumber::from(balance.posted_in))
                    .and(StoredNumber::from(balance.posted_out))
                    .and(StoredNumber::from(balance.pending_in))
                    .and(StoredNumber::from(balance.pending_out))
                    .and(movements.numbers.clone())
                    .and(movements.end_a_list.then(|| stored_number(movements.last)))
            }
            Self::Sum((RootKey { root, asset }, sum)) => kind("balance")
                .and(sums_of(ledger))
                .and(text_of(root.as_str()))
                .and(text_of(asset.as_str()))
                .and(StoredTotal(sum.posted_in))
                .and(StoredTotal(sum.posted_out))
                .and(StoredTotal(sum.pending_in))
                .and(StoredTotal(sum.pending_out))
                .and(""),
        };
        values.end()
    }
}

/// The values of a row, as they are bound.
struct Values<'q> {
    statement: Statement<'q>,
    left: usize,
}

impl<'q> Values<'q> {
    fn and<V: Encode<'q, Sqlite> + Type<Sqlite> + 'q>(self, value: V) -> Self {
        Self { statement: self.statement.bind(value), left: self.left - 1 }
    }

    /// Leaves those NULL that are left.
    fn end(self) -> Statement<'q> {
        (0..self.left).fold(self.statement, |statement, _| statement.bind(None::<i64>))
    }
}

/// A text as SQLite's driver keeps it: any other it would put behind one more pointer.
fn text_of(text: &str) -> Arc<str> {
    text.into()
}
