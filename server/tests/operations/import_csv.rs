//! `server import` of CSV: each row once, or a word on why not.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Ended, Request, Service, wait_until};
use crate::imports::{Fed, MAPPING, assert_clean, csv, entries, rows, write};
use crate::place::{Place, Stop};

const IMPORT: [&str; 7] = ["import", "--ledger", "main", "--format", "csv", "--mapping", "mapping.toml"];

fn import(place: &Place, mapping: &str, file: &str, more: &[&str]) -> Ended {
    write(place, "mapping.toml", mapping);
    write(place, "file.csv", file);
    place.run(&[&IMPORT[..], more, &["file.csv"]].concat())
}

fn posted(service: &Service, account: &str) -> String {
    let account = service.get(&format!("/v1/ledgers/main/accounts/{account}")).json();
    account["balances"][0]["posted"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn rows_move_money_once_however_often_they_are_imported() {
    for place in Place::on_each() {
        let service = place.start();
        let file = csv(2_500);
        for (written, there) in [(2500, 0), (0, 2500)] {
            let imported = import(&place, MAPPING, &file, &[]);
            let summary = format!(
                "main: 2500 rows; {written} transactions were written, {there} were there already; 0 rows refused\n"
            );
            assert_eq!((imported.code(), &*imported.stdout), (Some(0), &*summary), "{imported:?}");
        }
        let expected: usize = (0..2500).filter(|n| n % 7 == 3).map(|n| n * 100 + 25).sum();
        assert_eq!(posted(&service, "users:3"), expected.to_string());
        let found = service.get("/v1/ledgers/main/transactions?reference=order-17").json();
        assert_eq!(found["items"][0]["postings"][0]["amount"], "1725");
        // In the order of the rows.
        let log = Place::log(&service);
        assert!((0..2500).zip(&log).all(|(n, entry)| entry["reference"] == format!("order-{n}")));
        assert_clean(&place);
    }
}

#[test]
fn refused_rows_are_reported_corrected_and_imported_again() {
    for place in Place::on_each() {
        let service = place.start();
        let file = "Order,From,To,Amount\n\
            a,world,users:1,10\n\
            b,world,users 2,1\n\
            c,users:1,users:2,10.01\n\
            d,world,users:2,\"1,000.00\"\n\
            a,world,users:2,7\n\
            e,users:1,users:2,10\n\
            f,users:1\n";
        let imported = import(&place, MAPPING, file, &["--refused", "refused.csv"]);
        assert_eq!(imported.code(), Some(1), "{imported:?}");
        let summary = "main: 7 rows; 2 transactions were written, 0 were there already; 5 rows refused\n";
        assert_eq!(imported.stdout, summary);
        let mut said = imported.stderr.lines();
        for part in [
            "line 3: To: destination must be an address",
            "line 4: transaction.insufficient_funds: Posting 0 takes 1001 of USD/2 from users:1, which has 1000",
            "line 5: Amount: amount must be a number such as 1250.50, and is `1,000.00`",
            "line 6: idempotency.key_reused: ",
            "line 8: the row has 2 fields, and there are 4 columns",
        ] {
            let line = said.find(|line| line.starts_with("line ")).unwrap_or_default();
            assert!(line.starts_with(part), "{part}: {imported:?}");
        }
        let refused = std::fs::read_to_string(place.path().join("refused.csv")).unwrap();
        let lines: Vec<&str> = refused.lines().collect();
        assert_eq!(lines[0], "Order,From,To,Amount,refused_line,refused_reason");
        assert!(
            lines[1].starts_with("b,world,users 2,1,3,") && lines[5].starts_with("f,users:1,8,"),
            "{refused}"
        );
        assert_eq!(lines.len(), 6);

        // It is not overwritten.
        let taken = import(&place, MAPPING, file, &["--refused", "refused.csv"]);
        assert!(
            taken.code() == Some(2) && taken.stderr.contains("`refused.csv` is there already"),
            "{taken:?}"
        );
        let corrected = refused
            .replace("users 2", "users:2")
            .replace("users:1,users:2,10.01", "world,users:2,10.01")
            .replace("\"1,000.00\"", "1000.00")
            .replace("a,world", "g,world")
            .replace("f,users:1,", "f,users:2,users:1,1,");
        let imported = import(&place, MAPPING, &corrected, &["--refused", "again.csv"]);
        assert_eq!(imported.code(), Some(0), "{imported:?}");
        assert!(!place.path().join("again.csv").exists(), "there is nothing to write");
        assert_eq!(posted(&service, "users:1"), "100");
        assert_eq!(posted(&service, "users:2"), (1000 + 100 + 1001 + 100_000 + 700 - 100).to_string());
        assert_clean(&place);
    }
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    for place in Place::on_each() {
        let service = place.start();
        Place::post(&service, 1);
        // Each row rests on those before: the money comes, goes on, and is gone.
        let file =
            "Order,From,To,Amount\nx,world,b,5\ny,b,c,5\nz,b,c,0.01\nx,world,b,5\nx,world,b,6\nw,a,b,0.05\n";
        let dry = import(&place, MAPPING, file, &["--dry-run", "--refused", "refused.csv"]);
        assert_eq!(dry.code(), Some(1), "{dry:?}");
        let summary = "main: 6 rows; 3 transactions would be written, 1 were there already; 2 rows refused\n";
        assert_eq!(dry.stdout, summary);
        assert_eq!(Place::log(&service).len(), 1);
        let imported = import(&place, MAPPING, file, &[]);
        let in_fact = summary.replace("would be", "were");
        assert_eq!(imported.stdout, in_fact, "{imported:?}");
        let of_lines = |ended: &Ended| -> Vec<String> {
            ended.stderr.lines().filter(|line| line.starts_with("line ")).map(str::to_owned).collect()
        };
        assert_eq!(of_lines(&dry), of_lines(&imported), "it says beforehand what will be said");
        let dry = import(&place, MAPPING, file, &["--dry-run"]);
        // The last row brought what the third one lacked.
        assert!(
            dry.stdout.contains("1 transactions would be written, 4 were there already; 1 rows"),
            "{dry:?}"
        );
    }
}

#[test]
fn an_import_that_is_killed_is_done_again_and_moves_nothing_twice() {
    for place in Place::on_each() {
        let service = place.start();
        write(&place, "mapping.toml", MAPPING);
        let count = 5_500;
        for part in [2_200, 4_300] {
            let mut fed = Fed::start(&place, &IMPORT[1..]);
            let before = entries(&place);
            fed.feed("Order,From,To,Amount\n");
            fed.feed(&rows(0, part));
            wait_until("some rows", || {
                service.get("/v1/ledgers/main").json()["entries"].as_u64() > Some(before)
            });
            fed.kill();
        }
        let there = entries(&place);
        let imported = import(&place, MAPPING, &csv(count), &[]);
        let summary = format!(
            "main: {count} rows; {} transactions were written, {there} were there already; 0 rows refused\n",
            count as u64 - there
        );
        assert_eq!((imported.code(), &*imported.stdout), (Some(0), &*summary), "{imported:?}");
        for user in 0..7 {
            let expected: usize = (0..count).filter(|n| n % 7 == user).map(|n| n * 100 + 25).sum();
            assert_eq!(posted(&service, &format!("users:{user}")), expected.to_string());
        }
        assert_eq!(entries(&place), count as u64);
        assert_clean(&place);
    }
}

#[test]
fn rows_are_imported_while_clients_post() {
    for place in Place::on_each() {
        let service = place.start();
        let stop = AtomicBool::new(false);
        let imported = std::thread::scope(|scope| {
            let clients_stop = Stop(&stop);
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    Place::post(&service, 1);
                }
            });
            wait_until("posts", || entries(&place) > 5);
            let imported = import(&place, MAPPING, &csv(1_500), &[]);
            drop(clients_stop);
            imported
        });
        assert_eq!(imported.code(), Some(0), "{imported:?}");
        assert!(
            imported.stdout.contains("1500 transactions were written, 0 were there already"),
            "{imported:?}"
        );
        Place::post(&service, 1);
        assert_clean(&place);
    }
}

#[test]
fn too_many_refused_rows_stop_the_import() {
    let place = Place::on_sqlite();
    let service = place.start();
    let bad = "b,world,?,1\n".repeat(150);
    let file = format!("Order,From,To,Amount\n{bad}{}", rows(0, 3000));
    let stopped = import(&place, MAPPING, &file, &["--max-refused", "149"]);
    assert_eq!(stopped.code(), Some(2), "{stopped:?}");
    assert!(
        stopped.stderr.contains("file.csv: stopped behind line 1001, as more rows were refused"),
        "{stopped:?}"
    );
    assert!(stopped.stdout.starts_with("main: 1000 rows; 850 transactions were written"), "{stopped:?}");
    let told = stopped.stderr.lines().filter(|line| line.starts_with("line ")).count();
    assert!(told == 100 && stopped.stderr.contains("counted only"), "{stopped:?}");
    let through = import(&place, MAPPING, &file, &["--max-refused", "150", "--refused", "refused.csv"]);
    assert_eq!(through.code(), Some(1), "{through:?}");
    assert_eq!(Place::log(&service).len(), 3000);
    let refused = std::fs::read_to_string(place.path().join("refused.csv")).unwrap();
    assert_eq!(refused.lines().count(), 151);
}

#[test]
fn what_cannot_be_imported_is_named() {
    let place = Place::on_sqlite();
    drop(place.start());
    let with_key = MAPPING.replace("reference = \"{Order}\"", "");
    for (mapping, file, more, part) in [
        (
            "[transaction]\nsauce = 1",
            "x",
            &[][..],
            "the mapping `mapping.toml`: line 2 (`sauce = 1`): unknown field",
        ),
        (
            MAPPING,
            "Order,From,To\n",
            &[],
            "file.csv: the mapping does not fit: `transaction.amount` names the column `Amount`",
        ),
        (MAPPING, "", &[], "file.csv: it is empty"),
        (&with_key, "Order,From,To,Amount\n", &[], "`transaction.key` is required"),
        (MAPPING, "Order,From,To,Amount\n", &["--mapping", "none"], "cannot be used multiple times"),
        (MAPPING, "Order,From,To,Amount\n", &["--refused", "no/folder"], ""),
        (MAPPING, "Order,From,To,Amount\na,b,c,x\n", &["--refused", "no/folder"], "cannot write `no/folder`"),
    ] {
        let refused = import(&place, mapping, file, more);
        let code = if part.is_empty() { Some(0) } else { Some(2) };
        assert!(refused.code() == code && refused.stderr.contains(part), "{part}: {refused:?}");
    }
    for (arguments, part) in [
        (&["--ledger", "main", "--format", "csv", "file.csv"][..], "--format csv needs --mapping"),
        (
            &["--ledger", "main", "--format", "csv", "--mapping", "none", "file.csv"],
            "cannot read the mapping `none`",
        ),
        (
            &["--ledger", "none", "--format", "csv", "--mapping", "mapping.toml", "file.csv"],
            "there is no ledger `none`",
        ),
        (&["--ledger", "main", "--format", "csv", "--mapping", "mapping.toml", "none"], "cannot read `none`"),
    ] {
        let refused = place.run(&[&["import"], arguments].concat());
        assert!(refused.code() == Some(2) && refused.stderr.contains(part), "{arguments:?}: {refused:?}");
    }
    assert_eq!(entries(&place), 0);
}

#[test]
fn lines_tell_rows_apart_under_a_prefix() {
    let place = Place::on_sqlite();
    let service = place.start();
    let mapping = MAPPING.replace("reference = \"{Order}\"", "");
    let file = "Order,From,To,Amount\n,world,a,1\n,world,a,1\n";
    for (prefix, posts) in [("january", "200"), ("january", "200"), ("february", "400")] {
        let imported = import(&place, &mapping, file, &["--key-prefix", prefix]);
        assert_eq!(imported.code(), Some(0), "{imported:?}");
        assert_eq!(posted(&service, "a"), posts);
    }
    let post = Request::post("/v1/ledgers/main/transactions").json(Place::TRANSACTION);
    assert_eq!(service.connect().call(&post).json()["id"], 4);
}
