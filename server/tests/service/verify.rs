//! `server verify` on real databases.

use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::harness::{Service, run};

fn with_a_transaction(folder: &Path) {
    let service = Service::start(folder, &[("PX_ENGINE__CREATE_LEDGERS", "[loyalty, main]")]);
    let posted = service.post(
        "/v1/ledgers/main/transactions",
        r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"5"}]}"#,
    );
    assert_eq!(posted.status, 201, "{posted:?}");
    // While it runs, too.
    assert_eq!(run(folder, &[], &["verify"]).code(), Some(0));
    assert_eq!(service.stop().code(), Some(0));
}

/// Does what no version of Florin does.
fn tamper(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(folder.join("data/florin.db"));
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("UPDATE balances SET posted_in = 7 WHERE address = 'a'")
            .execute(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
    });
}

#[test]
fn a_ledger_where_all_holds_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    with_a_transaction(folder.path());
    let verified = run(folder.path(), &[], &["verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
    let lines: Vec<_> = verified.stdout.lines().collect();
    assert!(lines[0].starts_with("loyalty: clean (0 entries, "), "{lines:?}");
    assert!(lines[1].starts_with("main: clean (1 entries, "), "{lines:?}");
    assert!(
        lines[1].ends_with(
            ", 2 balances, 0 sums of them, 2 movements, 0 of them shifted, 0 holds, 0 changes of 0 accounts, 0 changes of 0 transactions)"
        ),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2);

    let verified = run(folder.path(), &[], &["verify", "--ledger", "main", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(report["ledgers"].as_array().unwrap().len(), 1);
    assert_eq!(report["ledgers"][0]["ledger"], "main");
    assert_eq!(report["ledgers"][0]["clean"], true);
    assert_eq!(report["ledgers"][0]["entries"], 1);
    assert_eq!(report["ledgers"][0]["movements"], 2);
}

#[test]
fn a_ledger_that_somebody_tampered_with_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    with_a_transaction(folder.path());
    tamper(folder.path());
    let verified = run(folder.path(), &[], &["verify"]);
    assert_eq!(verified.code(), Some(1), "{verified:?}");
    let lines: Vec<_> = verified.stdout.lines().collect();
    assert!(lines[0].starts_with("loyalty: clean "), "{lines:?}");
    assert!(lines[1].starts_with("main: ") && lines[1].contains(" findings ("), "{lines:?}");
    assert!(lines[2..].iter().any(|line| line.contains('a') && line.contains('7')), "{lines:?}");

    let verified = run(folder.path(), &[], &["verify", "--format", "json"]);
    assert_eq!(verified.code(), Some(1));
    let report: serde_json::Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(report["ledgers"][1]["clean"], false);
    assert!(!report["ledgers"][1]["findings"].as_array().unwrap().is_empty());
}

#[test]
fn what_cannot_be_verified_is_neither_clean_nor_dirty() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &[], &["verify"]);
    assert_eq!(missing.code(), Some(2), "{missing:?}");
    assert!(missing.stderr.contains("there is no database `data/florin.db`"), "{missing:?}");
    assert!(!folder.path().join("data").exists(), "and none was made");

    with_a_transaction(folder.path());
    for (arguments, part) in [
        (&["verify", "--ledger", "other"][..], "there is no ledger `other`"),
        (&["verify", "--ledger", "Not A Name"], "`Not A Name` is no name for a ledger"),
        (&["verify", "--format", "xml"], "invalid value 'xml'"),
    ] {
        let ended = run(folder.path(), &[], arguments);
        assert_eq!(ended.code(), Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    assert_eq!(run(folder.path(), &[("PX_NONSENSE", "1")], &["verify"]).code(), Some(2));
}
