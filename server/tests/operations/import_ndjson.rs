//! `server import` of Florin's own form: the same entries again, or a word on the line that is not.

use serde_json::{Value, json};

use crate::harness::{Request, wait_until};
use crate::imports::{Fed, assert_clean, entries, export, fill, migrate, write};
use crate::oddities;
use crate::place::Place;

const IMPORT: [&str; 3] = ["import", "--ledger", "main"];

fn import(place: &Place, text: &str) -> crate::harness::Ended {
    write(place, "file.ndjson", text);
    place.run(&[&IMPORT[..], &["file.ndjson"]].concat())
}

/// The same history, on each store, as it was exported.
fn odd_exports() -> Vec<String> {
    let exports = Place::on_each().map(|place| {
        let service = place.start();
        oddities::write(&service, &mut fastrand::Rng::with_seed(11), 150);
        Place::post_large(&service, 9);
        let keyed = Request::post("/v1/ledgers/main/transactions").json(Place::TRANSACTION);
        assert_eq!(service.connect().call(&keyed.header("idempotency-key", "again")).status, 201);
        export(&place)
    });
    exports.collect()
}

#[test]
fn what_is_imported_exports_the_same_bytes_wherever_it_came_from() {
    for exported in odd_exports() {
        for place in Place::on_each() {
            migrate(&place);
            let imported = import(&place, &exported);
            assert_eq!(imported.code(), Some(0), "{imported:?}");
            assert_eq!(imported.stdout, "main: 160 entries were written, 0 were there already\n");
            assert!(export(&place) == exported);
            assert_clean(&place);

            let again = import(&place, &exported);
            assert_eq!(again.stdout, "main: 0 entries were written, 160 were there already\n", "{again:?}");
            // A request of before is still known, and the ledger goes on from there.
            let service = place.start();
            let keyed = || Request::post("/v1/ledgers/main/transactions").header("idempotency-key", "again");
            let replayed = service.connect().call(&keyed().json(Place::TRANSACTION));
            assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (201, Some("true")));
            let other = Place::TRANSACTION.replace('5', "6");
            assert_eq!(service.connect().call(&keyed().json(other)).code(), "idempotency.key_reused");
            Place::post(&service, 3);
            assert_eq!(Place::log(&service).len(), 163);
            let again = import(&place, &exported);
            assert_eq!(again.stdout, "main: 0 entries were written, 160 were there already\n", "{again:?}");
            assert_clean(&place);
        }
    }
}

#[test]
fn a_ledger_without_entries_takes_an_import_and_keeps_what_is_its_own() {
    let place = Place::on_sqlite();
    let service = place.start();
    let created = service.post("/v1/ledgers", r#"{"name":"copy","metadata":{"kept":"yes"}}"#);
    assert_eq!(created.status, 201);
    Place::post(&service, 5);
    let exported = export(&place);
    let imported = place.run(&["import", "--ledger", "copy", "-"]);
    // Standard input is empty here.
    assert_eq!(imported.code(), Some(1), "{imported:?}");
    assert!(imported.stderr.contains("line 1: there is no line"), "{imported:?}");
    write(&place, "file.ndjson", &exported);
    let imported = place.run(&["import", "--ledger", "copy", "file.ndjson"]);
    assert_eq!(imported.code(), Some(0), "{imported:?}");
    let copy = place.run(&["export", "copy"]).stdout;
    let (first, rest) = copy.split_once('\n').unwrap();
    assert!(exported.split_once('\n').unwrap().1 == rest);
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!(
        (&first["created_at"], &first["metadata"]),
        (&created.json()["created_at"], &json!({"kept": "yes"}))
    );
    // The service shows it, and writes to it.
    let post = Request::post("/v1/ledgers/copy/transactions").json(Place::TRANSACTION);
    assert_eq!(service.connect().call(&post).json()["id"], 5);
}

/// The lines of an export, as JSON.
fn lines(exported: &str) -> Vec<Value> {
    exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(lines: &[Value]) -> String {
    lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
}

/// What is changed in the lines.
type Change = Box<dyn Fn(&mut Vec<Value>)>;

#[test]
fn a_line_that_does_not_follow_stops_the_import_and_the_right_file_goes_on() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 1300);
    let reference = |n: usize| json!(format!("order-{n}"));
    let change = |change: fn(&mut Value)| -> Change { Box::new(move |lines| change(&mut lines[1102])) };
    let cases: Vec<(&str, Change)> = vec![
        (
            "line 1103: entry 1101 records for users:2 USD/2: ",
            change(|line| {
                for figure in ["posted_in", "posted", "available"] {
                    line["balances"][0][figure] = "1".into();
                }
            }),
        ),
        (
            "line 1103: balances[0].posted must be ",
            change(|line| line["balances"][0]["posted_in"] = "1".into()),
        ),
        ("line 1103: entry 1101 records for", change(|line| line["postings"][0]["amount"] = "1".into())),
        (
            "line 1103: entry 1101 would be rejected",
            change(|line| line["postings"][0]["source"] = "poor".into()),
        ),
        (
            " µs before the entry ahead of it",
            change(|line| line["recorded_at"] = "2001-01-01T00:00:00Z".into()),
        ),
        ("line 1103: type is none that this version knows", change(|line| line["type"] = "loan".into())),
        ("line 1103: more is unknown", change(|line| line["more"] = 1.into())),
        ("line 1103: number must be 1101", Box::new(|lines| drop(lines.remove(1102)))),
        ("line 1103: number must be 1101", Box::new(|lines| lines.swap(1102, 1103))),
        ("line 1102: number must be 1100", Box::new(|lines| lines.insert(1101, lines[1100].clone()))),
        (
            "entry 1101 has the reference \"order-3\" of entry 3",
            Box::new(move |lines| lines[1102]["reference"] = reference(3)),
        ),
        (
            "entry 1101 has the reference \"order-1099\" of entry 1099",
            Box::new(move |lines| lines[1102]["reference"] = reference(1099)),
        ),
        ("of entry 3", Box::new(|lines| lines[1102]["request"] = lines[4]["request"].clone())),
        (
            "line 1202: the file ends after 1200 of 1300 entries: it is not complete",
            Box::new(|lines| lines.truncate(1201)),
        ),
        (
            "line 1103: the first line counts 1101 entries",
            Box::new(|lines| lines[0]["entries"] = 1101.into()),
        ),
    ];
    for place in Place::on_each() {
        migrate(&place);
        for (said, change) in &cases {
            let mut lines = lines(&exported);
            change(&mut lines);
            let stopped = import(&place, &text(&lines));
            assert_eq!(stopped.code(), Some(1), "{said}: {stopped:?}");
            assert!(stopped.stderr.contains(said), "{said}: {stopped:?}");
            // Two batches are whole and were checked.
            assert!(
                stopped.stderr.contains("the ledger has the first 1000 entries of the file"),
                "{stopped:?}"
            );
            assert_eq!(entries(&place), 1000);
        }
        assert_clean(&place);
        let cut = import(&place, &exported[..exported.len() - 20]);
        assert!(cut.code() == Some(1) && cut.stderr.contains("line 1301: the line is not JSON"), "{cut:?}");
        let completed = import(&place, &exported);
        assert_eq!(
            completed.stdout, "main: 300 entries were written, 1000 were there already\n",
            "{completed:?}"
        );
        assert!(export(&place) == exported);
        assert_clean(&place);
    }
}

#[test]
fn a_ledger_with_other_entries_is_left_alone() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 700);
    for place in Place::on_each() {
        let service = place.start();
        Place::post(&service, 3);
        let before = export(&place);
        let refused = import(&place, &exported);
        assert_eq!(refused.code(), Some(1), "{refused:?}");
        assert!(refused.stderr.contains("line 2: the ledger has another entry 0\n"), "{refused:?}");
        assert!(export(&place) == before);
    }
    // One that differs late is found as well.
    let mut other = lines(&exported);
    other[600]["metadata"] = json!({ "k": "v" });
    let refused = import(&source, &text(&other));
    assert!(refused.stderr.contains("line 601: the ledger has another entry 599\n"), "{refused:?}");
    assert!(export(&source) == exported);
}

#[test]
fn what_somebody_else_writes_meanwhile_stops_the_import_and_stays() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 1100);
    for place in Place::on_each() {
        let service = place.start();
        let mut fed = Fed::start(&place, &IMPORT[1..]);
        let half: usize = exported.split_inclusive('\n').take(700).map(str::len).sum();
        fed.feed(&exported[..half]);
        let count = || service.get("/v1/ledgers/main").json()["entries"].as_u64();
        wait_until("the first batch", || count() == Some(500));
        Place::post(&service, 1);
        fed.offer(&exported[half..]);
        let ended = fed.finish();
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains("line 502: the ledger has another entry 500\n"), "{ended:?}");
        assert_eq!(count(), Some(501));
        assert_clean(&place);
    }
}

#[test]
fn an_import_that_is_killed_is_gone_on_with_and_loses_nothing() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 1700);
    for place in Place::on_each() {
        migrate(&place);
        for part in [600, 1300] {
            let mut fed = Fed::start(&place, &IMPORT[1..]);
            let part: usize = exported.split_inclusive('\n').take(part).map(str::len).sum();
            let before = entries(&place);
            fed.feed(&exported[..part]);
            wait_until("a batch", || entries(&place) > before);
            fed.kill();
            assert_eq!(entries(&place) % 500, 0, "batches are whole");
        }
        assert_clean(&place);
        let completed = import(&place, &exported);
        assert_eq!(completed.code(), Some(0), "{completed:?}");
        assert!(export(&place) == exported);
        assert_clean(&place);
    }
}

#[test]
fn two_imports_of_the_same_file_at_the_same_time_are_one() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 1100);
    for place in Place::on_each() {
        migrate(&place);
        let mut imports = [Fed::start(&place, &IMPORT[1..]), Fed::start(&place, &IMPORT[1..])];
        for piece in exported.split_inclusive('\n').collect::<Vec<_>>().chunks(90) {
            for import in &mut imports {
                import.feed(&piece.concat());
            }
        }
        let ended = imports.map(Fed::finish);
        assert!(ended.iter().all(|ended| ended.code() == Some(0)), "{ended:?}");
        assert!(export(&place) == exported);
        assert_clean(&place);
    }
}

#[test]
fn a_dry_run_checks_all_and_writes_nothing() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 600);
    for place in Place::on_each() {
        migrate(&place);
        write(&place, "file.ndjson", &exported);
        let dry = place.run(&[&IMPORT[..], &["--dry-run", "file.ndjson"]].concat());
        assert_eq!(dry.code(), Some(0), "{dry:?}");
        assert_eq!(dry.stdout, "main: 600 entries would be written, 0 were there already\n");
        let mut bad = lines(&exported);
        bad[550]["postings"][0]["amount"] = "1".into();
        write(&place, "bad.ndjson", &text(&bad));
        let dry = place.run(&[&IMPORT[..], &["--dry-run", "bad.ndjson"]].concat());
        assert!(dry.code() == Some(1) && dry.stderr.contains("line 551: entry 549 records"), "{dry:?}");
        assert!(place.run(&["export", "main"]).stderr.contains("there is no ledger `main`"));
    }
}

#[test]
fn what_cannot_be_imported_is_named() {
    let place = Place::on_sqlite();
    let missing = place.run(&[&IMPORT[..], &["x"]].concat());
    assert!(missing.code() == Some(2) && missing.stderr.contains("there is no database"), "{missing:?}");
    std::fs::write(place.path().join("florin.db"), "").unwrap();
    let older = place.run(&[&IMPORT[..], &["x"]].concat());
    assert!(older.code() == Some(2) && older.stderr.contains("run `server migrate`"), "{older:?}");
    migrate(&place);
    write(&place, "long", &"x".repeat(9 << 20));
    for (arguments, code, part) in [
        (&["--ledger", "main", "x"][..], 2, "cannot read `x`"),
        (&["--ledger", "main", "."], 2, "cannot read"),
        (&["--ledger", "MAIN", "x"], 2, "`MAIN` is no name for a ledger"),
        (&["--ledger", "main", "--mapping", "m", "x"], 2, "--mapping is for --format csv"),
        (&["--ledger", "main", "--max-refused", "3", "x"], 2, "--max-refused is for --format csv"),
        (&["--ledger", "main", "--format", "xml", "x"], 2, "possible values: ndjson, csv"),
        (&["--ledger", "main"], 2, "required arguments"),
        (&["x"], 2, "required arguments"),
        (&["--ledger", "main", "long"], 1, "line 1: the line has more than 8388608 bytes"),
        (&["--ledger", "main", "florin.db"], 1, "line 1: the line is not"),
    ] {
        let refused = place.run(&[&["import"], arguments].concat());
        assert_eq!(refused.code(), Some(code), "{refused:?}");
        assert!(refused.stderr.contains(part), "{arguments:?}: {refused:?}");
    }
    assert!(place.run(&["export", "main"]).stderr.contains("there is no ledger"), "none was made");
}
