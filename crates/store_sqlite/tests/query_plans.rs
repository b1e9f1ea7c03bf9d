//! How SQLite would run every statement of the crate. A plan that reads a whole table, or a whole ledger, is
//! a mistake that no result shows.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use store_sqlite::{SqliteOptions, SqliteStore};

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

/// What statements call tables that grow, beside their own names: `e` is what they call `entries`.
const ALIASES: [&str; 7] = ["e", "shifted", "kept", "changed", "pairs", "asked", "its"];

/// The tables that stay small, of which statements may read the whole. All others grow.
const SMALL: [&str; 2] = ["ledgers", "signing_keys"];

/// The tables that grow, by the names that statements have for them.
async fn growing(connection: &mut SqliteConnection) -> Vec<String> {
    let tables = sqlx::query(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    let tables = tables.fetch_all(connection).await.unwrap();
    let names =
        tables.iter().map(|row| row.get("name")).filter(|name: &String| !SMALL.contains(&name.as_str()));
    names.chain(ALIASES.map(str::to_owned)).collect()
}

/// What the main searches are told apart by, each with how it has to enter its index. None sorts what it finds.
const SEARCHES: [(&str, &str); 19] = [
    ("SELECT number FROM transaction_pairs", "PRIMARY KEY (ledger=? AND pair=? AND number>? AND number<?)"),
    ("SELECT 1 FROM transaction_pairs", "PRIMARY KEY (ledger=? AND pair=?)"),
    ("SELECT 1 FROM balances WHERE ledger = ?1 AND address > ?2", "(ledger=? AND address>? AND address<?)"),
    ("address > ?2 AND address < ?7", "PRIMARY KEY (ledger=? AND address>? AND address<?)"),
    ("ledger = ?1 AND address = ?2 AND (?3 IS NULL", "PRIMARY KEY (ledger=? AND address=?)"),
    ("SELECT address FROM account_pairs\n", "PRIMARY KEY (ledger=? AND pair=? AND address>? AND address<?)"),
    ("asset = ?4 AND address >= ?2", "balances_by_asset (ledger=? AND asset=? AND address>? AND address<?)"),
    ("substr(found.address, 1,", "PRIMARY KEY (ledger=? AND address>? AND address<?)"),
    ("SELECT number FROM transaction_changes", "PRIMARY KEY (ledger=? AND changed=? AND number<?)"),
    ("SELECT address FROM accounts\n            WHERE", "PRIMARY KEY (ledger=? AND address>? AND address<?)"),
    ("shifted.ledger = ?1 AND shifted.address = ?2", "PRIMARY KEY (ledger=? AND address=? AND later_at>?)"),
    ("shifted.ledger = ?1 AND shifted.address > ?2", "PRIMARY KEY (ledger=? AND address>? AND address<?)"),
    ("INDEXED BY shifted_entries", "COVERING INDEX shifted_entries (ledger=? AND number=?)"),
    ("FROM users WHERE state", "INDEX users_by_state (state=? AND number<?)"),
    ("CROSS JOIN shifted_movements AS shifted", "PRIMARY KEY (ledger=? AND address=? AND later_at>?)"),
    ("audit_records WHERE true", "INDEX audit_records_by_time ("),
    ("audit_records WHERE actor = ", "INDEX audit_records_by_actor (actor=? AND "),
    ("audit_records WHERE action = ", "INDEX audit_records_by_action (action=? AND "),
    ("audit_records WHERE subject = ", "INDEX audit_records_by_subject (subject=? AND "),
];

/// Holds a search to its index. Says whether the statement is one.
fn is_search(statement: &str, plan: &[String]) -> bool {
    let Some((_, entered)) = SEARCHES.iter().find(|(part, _)| statement.contains(part)) else { return false };
    assert!(plan.iter().any(|step| step.contains(entered)), "{plan:#?}:\n{statement}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}:\n{statement}");
    true
}

#[tokio::test]
async fn no_statement_reads_a_whole_table_or_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    SqliteStore::open(SqliteOptions::new(&path)).await.unwrap().migrate().await.unwrap();
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let growing = growing(&mut connection).await;
    let statements = statements();
    assert!(statements.len() > 30, "only {} statements", statements.len());
    let mut searches = 0;
    for statement in statements.iter().filter(|statement| *statement != "BEGIN") {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        searches += usize::from(is_search(statement, &plan));
        for step in plan {
            let whole_table = growing
                .iter()
                .any(|table| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")));
            let whole_ledger = step.contains("(ledger=?)");
            assert!(!whole_table && !whole_ledger, "{step}:\n{statement}");
        }
    }
    // Some by both orders.
    assert_eq!(searches, 22, "a search is missing, or its text has changed");
}
