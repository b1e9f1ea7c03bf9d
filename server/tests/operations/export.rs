//! `server export`, and what it has in common with the export over HTTP.

use std::io::Read as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::harness::{Ended, Request, command, wait_until};
use crate::oddities;
use crate::place::{Held, Place, Stop, send_signal};

const FORMATS: [&str; 5] = ["ndjson", "csv", "hledger", "ledger", "beancount"];

/// The file names in a folder, but for the database's.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("florin.db")).collect();
    names.sort();
    names
}

#[test]
fn a_file_standard_output_and_a_reply_have_the_same_bytes() {
    for place in Place::on_each() {
        let service = place.start();
        oddities::write(&service, &mut fastrand::Rng::with_seed(7), 60);
        Place::post_large(&service, 3);
        let mut client = service.connect();
        for format in FORMATS {
            let reply = client.get(&format!("/v1/ledgers/main/export?format={format}"));
            assert_eq!(reply.status, 200, "{reply:?}");
            let printed = place.run(&["export", "main", "--format", format]);
            assert_eq!(printed.code(), Some(0), "{printed:?}");
            assert!(printed.stdout == reply.body, "{format}");
            let written = place.run(&["export", "main", "--format", format, "--output", format]);
            assert_eq!((written.code(), &*written.stdout), (Some(0), ""), "{written:?}");
            assert!(std::fs::read(place.path().join(format)).unwrap() == reply.bytes, "{format}");
        }
        let mut expected = FORMATS.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(names(&place), expected);
    }
}

#[test]
fn the_lines_of_an_export_are_the_entries_of_the_log() {
    let place = Place::on_sqlite();
    let service = place.start();
    oddities::write(&service, &mut fastrand::Rng::with_seed(8), 60);
    let exported = place.run(&["export", "main"]);
    assert_eq!(exported.code(), Some(0), "{exported:?}");
    let mut lines = exported.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let first = lines.next().unwrap();
    let ledger = service.get("/v1/ledgers/main").json();
    for member in ["name", "created_at", "metadata", "entries"] {
        assert_eq!(first[member], ledger[member]);
    }
    assert_eq!((&first["type"], &first["version"]), (&"ledger".into(), &1.into()));
    let log = Place::log(&service);
    assert_eq!(log.len(), 60);
    for entry in &log {
        let mut line = lines.next().unwrap();
        let request = line.as_object_mut().unwrap().remove("request").unwrap();
        line["idempotency_key"] = request["idempotency_key"].clone();
        // What is null in most entries is left out of a line.
        for member in ["captures", "reverses", "releases", "expires_at", "transaction"] {
            let members = line.as_object_mut().unwrap();
            assert_ne!(members.get(member), Some(&Value::Null));
            members.entry(member).or_insert(Value::Null);
        }
        assert_eq!(line, *entry);
        let fingerprint = request["fingerprint"].as_str();
        assert_eq!(fingerprint.is_some(), !request.is_null());
        assert!(fingerprint.is_none_or(|it| it.len() == 32 && it.bytes().all(|b| b.is_ascii_hexdigit())));
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn the_rows_of_an_export_are_the_postings_of_the_log() {
    let place = Place::on_sqlite();
    let service = place.start();
    oddities::write(&service, &mut fastrand::Rng::with_seed(9), 120);
    let exported = place.run(&["export", "main", "--format", "csv"]);
    assert_eq!(exported.code(), Some(0), "{exported:?}");
    let mut rows = csv::Reader::from_reader(exported.stdout.as_bytes());
    let names = rows.headers().unwrap().clone();
    let mut rows = rows.records();
    for entry in Place::log(&service) {
        for (index, posting) in entry["postings"].as_array().unwrap().iter().enumerate() {
            let row = rows.next().unwrap().unwrap();
            let field = |name: &str| &row[names.iter().position(|it| it == name).unwrap()];
            // What begins like a formula has an apostrophe before it, and so has what begins with one.
            let text = |name: &str| field(name).strip_prefix('\'').unwrap_or(field(name)).to_owned();
            assert_eq!(field("entry"), entry["number"].to_string());
            assert_eq!(field("posting"), index.to_string());
            for name in ["recorded_at", "effective_at"] {
                assert_eq!(field(name), entry[name].as_str().unwrap());
            }
            for name in ["asset", "amount"] {
                assert_eq!(field(name), posting[name].as_str().unwrap());
            }
            for name in ["source", "destination"] {
                assert_eq!(text(name), posting[name].as_str().unwrap());
            }
            for name in ["reference", "idempotency_key"] {
                assert_eq!(text(name), entry[name].as_str().unwrap_or_default());
            }
            assert_eq!(serde_json::from_str::<Value>(field("metadata")).unwrap(), entry["metadata"]);
            let digits = field("decimal_amount").replace('.', "");
            assert_eq!(digits.parse::<u128>().ok(), field("amount").parse().ok());
            let begins_a_formula = |field: &str| field.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!row.iter().any(begins_a_formula), "{row:?}");
        }
    }
    assert!(rows.next().is_none());
    let quoted = exported.stdout.contains("\r\n") && exported.stdout.contains("\"\"");
    assert!(quoted && exported.stdout.contains(",'="), "the history has what has to be kept from harm");
}

#[test]
fn what_cannot_be_exported_is_named_and_nothing_is_written() {
    let place = Place::on_sqlite();
    let missing = place.run(&["export", "main", "--output", "x"]);
    assert_eq!(missing.code(), Some(1));
    assert!(missing.stderr.contains("there is no database `florin.db`"), "{missing:?}");
    std::fs::write(place.path().join("florin.db"), "").unwrap();
    let older = place.run(&["export", "main", "--output", "x"]);
    assert_eq!(older.code(), Some(1));
    assert!(older.stderr.contains("run `server migrate`"), "{older:?}");
    drop(place.start());
    std::fs::write(place.path().join("taken"), "kept").unwrap();
    for (arguments, part) in [
        (&["other", "--output", "x"][..], "there is no ledger `other`"),
        (&["other"], "there is no ledger `other`"),
        (&["OTHER", "--output", "x"], "`OTHER` is no name for a ledger"),
        (&["main", "--output", "taken"], "`taken` is there already"),
        (&["main", "--output", "no/folder/x"], "cannot write `no/folder/x`"),
        (&["main", "--output", ".."], "is there already"),
        (
            &["main", "--format", "pdf", "--output", "x"],
            "possible values: ndjson, csv, hledger, ledger, beancount",
        ),
        (&[], "required arguments"),
    ] {
        let refused = place.run(&[&["export"], arguments].concat());
        assert_ne!(refused.code(), Some(0), "{refused:?}");
        assert!(refused.stderr.contains(part) && refused.stdout.is_empty(), "{arguments:?}: {refused:?}");
    }
    assert_eq!(names(&place), ["taken"]);
    assert_eq!(std::fs::read(place.path().join("taken")).unwrap(), b"kept");
}

#[test]
fn an_export_is_a_beginning_of_the_log_while_clients_post() {
    for place in Place::on_each() {
        let service = place.start();
        Place::post_large(&service, 5);
        let stop = AtomicBool::new(false);
        let exported = std::thread::scope(|scope| {
            let clients_stop = Stop(&stop);
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    Place::post(&service, 1);
                }
            });
            wait_until("posts", || service.get("/v1/ledgers/main").json()["entries"].as_u64() > Some(10));
            let exported =
                [place.run(&["export", "main"]).stdout, service.get("/v1/ledgers/main/export").body];
            drop(clients_stop);
            exported
        });
        let log = Place::log(&service);
        for exported in exported {
            let lines: Vec<Value> =
                exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let entries = usize::try_from(lines[0]["entries"].as_u64().unwrap()).unwrap();
            assert!(entries > 10 && entries <= log.len() && lines.len() == entries + 1);
            for (line, entry) in lines[1..].iter().zip(&log) {
                assert_eq!((&line["number"], &line["postings"]), (&entry["number"], &entry["postings"]));
            }
        }
    }
}

#[test]
fn an_export_that_is_interrupted_or_finds_no_room_leaves_nothing_behind() {
    let place = Place::on_sqlite();
    let service = place.start();
    // Many pages, so that it is not over before a signal gets through.
    Place::post_large(&service, 120);
    assert_eq!(service.stop().code(), Some(0));
    for signal in ["TERM", "INT"] {
        let mut export = held_in_the_middle(&place);
        send_signal(export.0.id(), signal);
        send_signal(export.0.id(), "CONT");
        let mut said = String::new();
        export.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(export.0.wait().unwrap().code(), Some(1), "{said}");
        assert!(said.contains(&format!("SIG{signal} came: the export is not complete")), "{said}");
        assert_eq!(names(&place), [""; 0]);
    }

    // Files may be 64 KiB at most: whoever writes more hears what a full disk says.
    let export = command(place.path(), &place.settings());
    let mut limited = std::process::Command::new("bash");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" export main --output exported";
    limited.args(["-c", script]).arg(export.get_program());
    limited.current_dir(place.path()).envs(place.settings());
    let ended = Ended::from(limited.output().unwrap());
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("cannot write `exported`"), "{ended:?}");
    assert_eq!(names(&place), [""; 0]);

    // Whoever does not read to the end is told by the exit status alone.
    let mut unread = command(place.path(), &place.settings());
    unread.args(["export", "main"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut unread = Held(unread.spawn().unwrap());
    drop(unread.0.stdout.take());
    assert_eq!(unread.0.wait().unwrap().code(), Some(1));
}

/// Starts an export, and stops it with the file begun.
fn held_in_the_middle(place: &Place) -> Held {
    let mut export = command(place.path(), &place.settings());
    export.args(["export", "main", "--output", "exported"]).stderr(Stdio::piped());
    let export = Held(export.spawn().unwrap());
    let is_draft = |name: &String| name.starts_with(".exported.") && name.ends_with(".unfinished");
    wait_until("a draft", || names(place).iter().any(is_draft));
    send_signal(export.0.id(), "STOP");
    assert!(!place.path().join("exported").exists(), "it was over already");
    export
}

#[test]
fn a_ledger_without_entries_is_exported_too() {
    let place = Place::on_sqlite();
    let service = place.start();
    let created = service.post("/v1/ledgers", r#"{"name":"empty"}"#);
    assert_eq!(created.status, 201);
    for format in FORMATS {
        let exported = place.run(&["export", "empty", "--format", format]);
        assert_eq!(exported.code(), Some(0), "{exported:?}");
        let reply = service.get(&format!("/v1/ledgers/empty/export?format={format}"));
        assert_eq!((reply.status, &reply.body), (200, &exported.stdout));
        assert!(!reply.body.is_empty());
    }
    let gone = service.connect().call(&Request::get("/v1/ledgers/none/export"));
    assert_eq!((gone.status, &*gone.code()), (404, "ledger.not_found"));
}
