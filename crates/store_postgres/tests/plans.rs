//! How PostgreSQL would run every statement of the crate. A plan that reads a whole table, or a whole ledger, is
//! a mistake that no result shows.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Row};
use store_postgres::{PostgresOptions, PostgresStore};

/// The statements as the checked queries keep them, with the types of their arguments.
fn statements() -> Vec<(String, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let mut statements = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let query: Value = serde_json::from_str(&text).unwrap();
        let parameters = query["describe"]["parameters"]["Left"].as_array().unwrap().len();
        statements.push((query["query"].as_str().unwrap().to_owned(), parameters));
    }
    statements
}

/// What the main searches are told apart by, each with the indices that it has to go through, and nothing else: in the
/// order of the index, without sorting.
const SEARCHES: [(&str, &[&str]); 19] = [
    ("SELECT number FROM transaction_pairs", &["transaction_pairs_pkey"]),
    (
        "SELECT count(*) AS \"count!\" FROM (\n                SELECT number FROM transaction_pairs",
        &["transaction_pairs_pkey"],
    ),
    (
        "SELECT count(*) AS \"count!\" FROM (\n                SELECT address FROM balances",
        &["balances_pkey"],
    ),
    ("b.address > $2 AND b.address < $7", &["balances_pkey", "earlier_movements_pkey"]),
    ("b.address = $2", &["balances_pkey", "earlier_movements_pkey"]),
    ("SELECT address FROM account_pairs\n", &with_accounts("account_pairs_pkey")),
    ("ledger + 0 = $1 AND asset = $4", &with_accounts("balances_by_asset")),
    ("split_part(found.address, ':', 1)", &["balances_pkey"]),
    ("SELECT number FROM transaction_changes", &["transaction_changes_pkey"]),
    ("SELECT address FROM accounts\n            WHERE", &["accounts_pkey"]),
    ("address = wanted.address AND later_at > $4", &["shifted_movements_pkey"]),
    ("number - 0 = wanted.number", &["shifted_entries"]),
    ("number - 0 = moved.number", &["shifted_movements_pkey", "shifted_entries"]),
    ("audit_records WHERE true", &["audit_records_by_time"]),
    ("audit_records WHERE actor = ", &["audit_records_by_actor"]),
    ("audit_records WHERE action = ", &["audit_records_by_action"]),
    ("audit_records WHERE subject = ", &["audit_records_by_subject"]),
    ("FROM users WHERE email_folded", &["users_email_folded_key"]),
    ("FROM users WHERE state", &["users_by_state"]),
];

/// What is gone through for addresses from this index, and for what an account of each has.
const fn with_accounts(found: &'static str) -> [&'static str; 5] {
    [found, "balances_pkey", "earlier_movements_pkey", "account_changes_pkey", "accounts_pkey"]
}

/// Holds a search to its indices. Says whether the statement is one.
fn is_search(statement: &str, plan: &[String]) -> bool {
    let Some((_, indices)) = SEARCHES.iter().find(|(part, _)| statement.contains(part)) else { return false };
    let used: Vec<&str> = plan
        .iter()
        .filter_map(|step| step.split(" using ").nth(1))
        .map(|index| index.split(' ').next().unwrap_or_default())
        .collect();
    let wrong = used.iter().any(|index| !indices.contains(index))
        || indices.iter().any(|index| !used.contains(index));
    assert!(!wrong, "{used:?}:\n{statement}");
    // What one page has is sorted: its accounts with their balances, and lists of movements.
    let whole = |step: &String| {
        step.contains("Sort Key: ") && !step.contains("found.address") && !step.contains("b.asset")
    };
    assert!(!plan.iter().any(whole), "{plan:#?}:\n{statement}");
    true
}

#[tokio::test]
async fn no_statement_reads_a_whole_table_or_ledger() {
    let Some(database) = test_postgres::database().await else { return };
    let options = PostgresOptions::parse(database.url()).unwrap();
    let store = PostgresStore::open(options).await.unwrap();
    store.migrate().await.unwrap();
    let statements: Vec<_> =
        statements().into_iter().filter(|(statement, _)| !statement.contains("pg_settings")).collect();
    assert!(statements.len() > 30, "only {} statements", statements.len());
    // Without statistics, as for a ledger that was just created, and with those of a few rows.
    for analysed in [false, true] {
        let mut connection = store.session_for_tests().await;
        if analysed {
            let rows = "INSERT INTO earlier_movements SELECT 1, 'a', 'USD/2', n, n || ' '
                FROM generate_series(1, 1000) AS n";
            sqlx::query(rows).execute(&mut connection).await.unwrap();
            let rows = "INSERT INTO balances SELECT 1, 'a' || n, 'USD/2', n, 0, 0, 0, ''
                FROM generate_series(1, 3) AS n";
            sqlx::query(rows).execute(&mut connection).await.unwrap();
            let rows = "INSERT INTO transaction_pairs SELECT 1, n % 2, n FROM generate_series(1, 1000) AS n";
            sqlx::query(rows).execute(&mut connection).await.unwrap();
            sqlx::query("ANALYZE").execute(&mut connection).await.unwrap();
        }
        let (mut searches, mut by_text) = (0, 0);
        for (number, (statement, parameters)) in statements.iter().enumerate() {
            let name = format!("checked_{number}");
            sqlx::raw_sql(AssertSqlSafe(format!("PREPARE {name} AS {statement}")))
                .execute(&mut connection)
                .await
                .unwrap();
            let nulls = vec!["NULL"; *parameters].join(", ");
            let execute = if *parameters == 0 { name } else { format!("{name}({nulls})") };
            let plan = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN EXECUTE {execute}")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let plan: Vec<String> = plan.iter().map(|step| step.get(0)).collect();
            searches += usize::from(is_search(statement, &plan));
            for step in plan {
                let whole_table = ["Seq Scan", "Materialize", "Hash Join", "Merge Join", "Join Filter"];
                let found = whole_table.iter().find(|kind| step.contains(*kind));
                let any = statement.starts_with("SELECT EXISTS (SELECT 1 FROM ledgers)");
                assert!(found.is_none() || any, "{step}:\n{statement}");
                let by_its_text = step.contains("Index Cond: ") && step.contains("((ledger * 1) = ");
                by_text += i32::from(by_its_text);
                // An index entered by the ledger alone, or past a column that it is sorted by. An address comes right
                // behind the ledger wherever it is part of one, and the number in tables that have nothing before it.
                let entered = step.trim().strip_prefix("Index Cond: ");
                let by_ledger = entered.is_some_and(|by| {
                    by.matches('=').count() == 1
                        && by.contains("ledger = ")
                        && !step.contains("ROW(")
                        && !["(address > ", "(number > ", "(number < "].iter().any(|next| step.contains(next))
                });
                assert!(!by_ledger, "{step}:\n{statement}");
                let timed = step.contains("entries_by_effective_time");
                assert!(!timed || statement.contains("effective_at, number + 0)"), "{step}:\n{statement}");
            }
        }
        // Keys and references, which other ledgers may have as well: before and while writing, with shifted movements and
        // without, and a list.
        assert_eq!(by_text, 7, "an entry is looked up by a text alone");
        // Some by both orders.
        assert_eq!(searches, 23, "a search is missing, or its text has changed");
        connection.close().await.unwrap();
    }
}
