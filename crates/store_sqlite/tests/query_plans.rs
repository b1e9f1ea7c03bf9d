//! How SQLite would run every statement of the crate. A plan that reads a whole table, or a whole ledger, is
//! a mistake that no result shows.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use store_sqlite::{SqliteOptions, SqliteStore};

/// The tables that grow, by the names that statements have for them: `e` is what they call `entries`.
const TABLES: [&str; 11] = [
    "entries",
    "e",
    "balances",
    "earlier_movements",
    "accounts",
    "kept",
    "account_changes",
    "schedules",
    "schedule_runs",
    "schedule_requests",
    "asked",
];

/// The statements as the checked queries keep them.
fn statements() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let mut statements = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let query: Value = serde_json::from_str(&text).unwrap();
        statements.push(query["query"].as_str().unwrap().to_owned());
    }
    statements
}

#[tokio::test]
async fn no_statement_reads_a_whole_table_or_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    SqliteStore::open(SqliteOptions::new(&path)).await.unwrap().migrate().await.unwrap();
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let statements = statements();
    assert!(statements.len() > 30, "only {} statements", statements.len());
    for statement in statements.iter().filter(|statement| *statement != "BEGIN") {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let mut by_later_time = false;
        for step in plan {
            let step: String = step.get("detail");
            by_later_time |= step.ends_with("INDEX entries_by_later_time (ledger=? AND <expr>>?)");
            let whole_table = TABLES
                .iter()
                .any(|table| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            let whole_ledger = step.contains("(ledger=?)");
            assert!(!whole_table && !whole_ledger, "{step}:\n{statement}");
        }
        assert_eq!(by_later_time, statement.contains("max(recorded_at, effective_at)"), "{statement}");
    }
}
