//! Rows on their way into SQL as values of one statement: for tables that every batch writes to. Others take
//! [arrays](crate::json), which any number of rows fits.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

/// For how many rows there is a statement: few numbers, so that each stays prepared.
const SIZES: [usize; 5] = [1, 8, 32, 128, 512];

/// A statement of which rows are the values.
pub(crate) type Values<'q> = Query<'q, Sqlite, SqliteArguments>;

/// An INSERT of rows, none of which is NULL in its first column.
pub(crate) struct Insert {
    /// The table with its columns, as behind INSERT INTO.
    pub(crate) into: &'static str,
    /// How many columns there are.
    pub(crate) columns: usize,
    /// What stands behind the rows: ON CONFLICT, say.
    pub(crate) then: &'static str,
}

impl Insert {
    /// Writes rows, of which `bind` hands on the values column by column.
    pub(crate) async fn write<T>(
        &self,
        connection: &mut SqliteConnection,
        mut rows: &[T],
        bind: impl for<'q> Fn(Values<'q>, &T) -> Values<'q>,
    ) -> Result<(), sqlx::Error> {
        while !rows.is_empty() {
            let size = size_for(rows.len());
            let (now, later) = rows.split_at(rows.len().min(size));
            let statement = sqlx::query(AssertSqlSafe(self.text(size)));
            now.iter().fold(statement, &bind).execute(&mut *connection).await?;
            rows = later;
        }
        Ok(())
    }

    /// Returns the statement for so many rows. Values that are not bound are NULL: such rows are left out.
    fn text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        let (into, rows, then) = (self.into, vec![row; rows].join(","), self.then);
        format!("INSERT INTO {into} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {then}")
    }
}

/// Returns the number of rows of the statement that takes so many, or as many of them as any does.
fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(SIZES[SIZES.len() - 1])
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;

    const INSERT: Insert = Insert {
        into: "numbers (number, name)",
        columns: 2,
        then: "ON CONFLICT (number) DO UPDATE SET name = name || excluded.name",
    };

    /// Around each size, with names that may be NULL; and again, which changes them.
    #[tokio::test]
    async fn any_number_of_rows_is_written_once() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE numbers (number INTEGER PRIMARY KEY, name TEXT) STRICT";
        sqlx::query(table).execute(&mut connection).await.unwrap();
        let mut first = 0_i64;
        for count in [0, 1, 2, 7, 8, 9, 127, 128, 129, 511, 512, 513, 1_025] {
            let rows: Vec<i64> = (first..first + count).collect();
            for _ in 0..2 {
                let name = |number: i64| (number % 3 > 0).then(|| number.to_string());
                let bound = INSERT
                    .write(&mut connection, &rows, |values, number| values.bind(*number).bind(name(*number)));
                bound.await.unwrap();
            }
            first += count;
        }
        let found: Vec<(i64, Option<String>)> =
            sqlx::query_as("SELECT * FROM numbers ORDER BY number").fetch_all(&mut connection).await.unwrap();
        let expected: Vec<_> = (0..first)
            .map(|number| (number, (number % 3 > 0).then(|| format!("{number}{number}"))))
            .collect();
        assert_eq!(found, expected);
    }
}
