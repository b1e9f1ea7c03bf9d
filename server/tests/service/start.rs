//! How the service starts, and what it says where it cannot.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::harness::{Client, Ended, Service, command, run, wait_until};

/// Expects an end that is one line for people.
fn fails_in_a_line(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "");
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: "), "{}", ended.stderr);
    for part in parts {
        assert!(last.contains(part), "no {part} in {last}");
    }
    for technical in ["panicked", "stack backtrace", "RUST_BACKTRACE"] {
        assert!(!ended.stderr.contains(technical), "{}", ended.stderr);
    }
}

#[test]
fn the_first_line_names_the_api_and_the_docs() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let address = service.address;
    assert_ne!(address.port(), 0);
    assert_eq!(service.announced, format!("http://{address}/v1  docs: http://{address}/docs\n"));
    assert_eq!(service.get("/v1/ledgers").status, 200);
    assert_eq!(service.get("/docs").status, 200);
    let ended = service.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stdout, "", "the first line is the only one");
}

#[test]
fn in_dev_the_database_and_its_ledger_are_there_from_the_start_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    assert!(folder.path().join("data/florin.db").exists());
    assert_eq!(service.get("/v1/ledgers/main").status, 200);
    let posted = service.post(
        "/v1/ledgers/main/transactions",
        r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"5"}]}"#,
    );
    assert_eq!(posted.status, 201, "{posted:?}");
    assert!(service.stop().status.success());

    let again = Service::start(folder.path(), &[]);
    let account = again.get("/v1/ledgers/main/accounts/a");
    assert!(account.body.contains(r#""posted":"5""#), "{account:?}");
}

#[test]
fn other_ledgers_are_created_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_ENGINE__CREATE_LEDGERS", "[loyalty, main]")]);
    assert_eq!(service.get("/v1/ledgers/loyalty").status, 200);
    assert_eq!(service.get("/v1/ledgers/main").status, 200);
}

#[test]
fn in_production_the_schema_changes_only_when_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("PX_PROFILE", "prod"),
        ("PX_DATABASE__URL", "sqlite://florin.db"),
        ("PX_SERVER__IP", "127.0.0.1"),
        ("PX_SERVER__PORT", "0"),
    ];
    fails_in_a_line(&run(folder.path(), &settings, &["serve"]), &["`server migrate`", "not up to date"]);
    let verified = run(folder.path(), &settings, &["verify"]);
    assert_eq!(verified.code(), Some(2), "{verified:?}");

    let migrated = run(folder.path(), &settings, &["migrate"]);
    assert!(migrated.status.success() && migrated.stdout.starts_with("applied 1 "), "{migrated:?}");
    let migrated = run(folder.path(), &settings, &["migrate"]);
    assert_eq!(migrated.stdout, "the schema is up to date\n", "{migrated:?}");

    let service = Service::start(folder.path(), &settings);
    assert_eq!(service.get("/v1/ledgers/main").status, 404, "nobody asked for one");
    let ended = service.stop();
    assert!(ended.status.success(), "{ended:?}");
    for line in ended.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a log line is JSON");
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(folder.path(), &[("PX_SERVER__PORT", &port)], &[]);
    fails_in_a_line(&ended, &[&format!("127.0.0.1:{port}"), "in use", "PX_SERVER__PORT"]);
}

#[test]
fn a_database_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a_file"), "not a database, and longer than SQLite's own header is")
        .unwrap();
    fs::create_dir(folder.path().join("a_folder")).unwrap();
    for (url, part) in [
        ("sqlite://a_file/florin.db", "a_file"),
        ("sqlite://a_folder", "a_folder"),
        ("sqlite://a_file", "a_file"),
        ("sqlite:///proc/florin.db", "/proc/florin.db"),
        ("mysql://db/florin", "sqlite://PATH"),
    ] {
        for arguments in [&[][..], &["migrate"]] {
            let ended = run(folder.path(), &[("PX_SERVER__PORT", "0"), ("PX_DATABASE__URL", url)], arguments);
            fails_in_a_line(&ended, &[part]);
        }
    }
}

#[test]
fn a_database_that_another_process_holds_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("florin.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut holder = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.unwrap();
        let settings = [
            ("PX_SERVER__PORT", "0"),
            ("PX_DATABASE__URL", "sqlite://florin.db"),
            ("PX_DATABASE__BUSY_TIMEOUT_MS", "50"),
        ];
        run(folder.path(), &settings, &[])
    });
    fails_in_a_line(&ended, &["florin.db", "database is locked"]);
}

#[test]
fn a_request_that_is_not_http_gets_a_problem_with_an_id() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let reply = service.connect().send("nonsense\r\n\r\n").reply();
    assert_eq!(reply.status, 400);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    let problem: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(problem["code"], "request.malformed");
    assert_eq!(problem["request_id"].as_str(), reply.header("x-request-id"));
}

#[test]
fn connections_beyond_the_cap_get_a_problem_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__CONNECTIONS_MAX", "1")]);
    let mut first = service.connect();
    assert_eq!(first.get("/health/live").status, 200);
    let refused = service.get("/health/live");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert!(refused.body.contains("\"code\":\"service.overloaded\""), "{refused:?}");
    let metrics = first.get("/metrics").body;
    for line in [
        "florin_connections 1",
        "florin_connection_refusals_total{reason=\"too_many_connections\"} 1",
        "florin_log_lines_dropped_total 0",
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "no {line} in\n{metrics}");
    }
}

#[test]
fn running_out_of_files_neither_ends_the_service_nor_burns_a_core() {
    let folder = tempfile::tempdir().unwrap();
    // Both limits: the service raises the one as far as the other goes.
    let binary = command(folder.path(), &[]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 40; exec \"$0\""]).arg(binary.get_program()).current_dir(folder.path());
    limited.env("PX_SERVER__PORT", "0").env_remove("PX_PROFILE");
    let service = Service::spawn(&mut limited);
    wait_until("a warning", || service.logged().contains("fewer open files"));

    let crowd: Vec<_> = (0..60).map(|_| Client::connect(service.address).unwrap()).collect();
    let complaints = || service.logged().matches("cannot accept connections").count();
    wait_until("the limit", || complaints() >= 4);
    let before = processor_ticks(service.process_id());
    let already = complaints();
    // By now it pauses for a good part of a second each time.
    wait_until("more of the same", || complaints() >= already + 3);
    let ticks = processor_ticks(service.process_id()) - before;
    assert!(ticks < 15, "{ticks} hundredths of a second at work, and nothing to do");
    drop(crowd);
    assert_eq!(service.get("/health/live").status, 200);
    assert!(service.stop().status.success());
}

/// Reads how long a process has been at work, in hundredths of a second.
fn processor_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}
