//! `server verify` beside a service that works, and on what somebody tampered with.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::{Request, command, wait_until};
use crate::place::{Held, Place, Stop, send_signal};

/// Clients that post all the time, one request after the other.
const CLIENTS: usize = 4;

#[test]
fn verifying_holds_up_nobody_who_posts_and_tells_how_far_it_has_come() {
    for place in Place::on_each() {
        let service = place.start();
        Place::post_large(&service, 8);
        let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let clients_stop = Stop(&stop);
            for client in 0..CLIENTS {
                let (stop, acknowledged, service) = (&stop, &acknowledged, &service);
                scope.spawn(move || {
                    let mut connection = service.connect();
                    let body = format!(
                        r#"{{"postings":[{{"source":"world","destination":"c:{client}","asset":"USD/2","amount":"1"}}]}}"#
                    );
                    let post = Request::post("/v1/ledgers/main/transactions").json(body);
                    while !stop.load(Ordering::Relaxed) {
                        let reply = connection.call(&post);
                        assert_eq!(reply.status, 201, "{reply:?}");
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            wait_until("posts", || acknowledged.load(Ordering::Relaxed) >= CLIENTS);
            let mut verify = command(place.path(), &place.settings());
            verify.args(["verify", "--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut held = Held(verify.spawn().unwrap());
            let verify = &mut held.0;
            let mut lines = BufReader::new(verify.stderr.take().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            assert!(first.starts_with("main: log, ") && first.ends_with(" to go"), "{first}");
            // Now it has its snapshot, and keeps it until many more posts have been acknowledged. A request
            // per client may have been past everything that could have held it up.
            send_signal(verify.id(), "STOP");
            let enough = acknowledged.load(Ordering::Relaxed) + 10 * CLIENTS;
            wait_until("posts beside a verification", || acknowledged.load(Ordering::Relaxed) >= enough);
            send_signal(verify.id(), "CONT");
            let rest: Vec<String> = lines.map(Result::unwrap).collect();
            let mut report = String::new();
            verify.stdout.take().unwrap().read_to_string(&mut report).unwrap();
            assert_eq!(verify.wait().unwrap().code(), Some(0), "{first}\n{rest:?}\n{report}");
            drop(clients_stop);
            assert!(rest.iter().any(|line| line.starts_with("main: movements, ")), "{rest:?}");

            let report: serde_json::Value = serde_json::from_str(&report).unwrap();
            let main = &report["ledgers"][0];
            let count = |name: &str| main[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"));
            let entries = count("entries");
            assert!(entries > 8 && entries <= (8 + acknowledged.load(Ordering::Relaxed)) as u64, "{report}");
            assert_eq!(count("transactions"), entries);
            assert_eq!(count("postings"), entries - 8 + 8 * 500);
            // The world and 500 accounts each, and two accounts each.
            assert_eq!(count("movements"), 8 * 501 + (entries - 8) * 2);
            assert_eq!(count("accounts"), count("balances"));
            assert!(count("sums") > 0, "{report}");
            assert_eq!((count("findings_total"), &main["findings"]), (0, &serde_json::json!([])));
            assert_eq!((&report["clean"], &main["clean"]), (&true.into(), &true.into()));
        });
        assert_eq!(service.stop().code(), Some(0));
    }
}

/// Each in a ledger of its own: what somebody does to the database, and what has to be found.
const DAMAGE: [(&str, &str, &[&str]); 18] = [
    ("untouched", "SELECT 1", &[]),
    (
        "balance",
        "UPDATE balances SET posted_in = posted_in + 1 WHERE ledger = :ledger AND address = 'b'",
        &["balance_differs", "balances_not_conserved"],
    ),
    (
        "entry",
        "DELETE FROM entries WHERE ledger = :ledger AND number = 1",
        // The entry after it goes on from balances that the replay has never seen.
        &[
            "number_differs",
            "entry_balance_differs",
            "entry_not_conserved",
            "balance_differs",
            "movements_differ",
        ],
    ),
    (
        "end",
        "DELETE FROM entries WHERE ledger = :ledger AND number = 2",
        &["head_differs", "balance_differs", "movements_differ"],
    ),
    (
        "body",
        r#"UPDATE entries SET body = replace(body, '"10"]', '"11"]') WHERE ledger = :ledger AND number = 1"#,
        &["entry_balance_differs"],
    ),
    (
        "unreadable",
        "UPDATE entries SET body = 'nonsense' WHERE ledger = :ledger AND number = 1",
        &["unreadable"],
    ),
    (
        "movement",
        "UPDATE balances SET recent_movements = '2 ' WHERE ledger = :ledger AND address = 'b'",
        &["movements_differ"],
    ),
    (
        "movements",
        "UPDATE balances SET recent_movements = '' WHERE ledger = :ledger AND address = 'b'",
        &["movements_differ"],
    ),
    (
        "list",
        "UPDATE balances SET recent_movements = '1 nonsense ' WHERE ledger = :ledger AND address = 'b'",
        &["unreadable"],
    ),
    (
        "earlier-list",
        "INSERT INTO earlier_movements VALUES (:ledger, 'b', 'USD/2', 0, '0 ')",
        &["movements_differ"],
    ),
    (
        "shifted",
        "INSERT INTO shifted_movements VALUES (:ledger, 'b', 5, 1, 'USD/2', 4, 10, 0)",
        &["shifted_movements_differ"],
    ),
    (
        "account",
        r#"INSERT INTO accounts VALUES (:ledger, 'b', '{"floor":"unbounded","frozen":"none","closed":false}', '{}')"#,
        &["account_differs"],
    ),
    ("long", "DELETE FROM earlier_movements WHERE ledger = :ledger AND address = 'world'", &["movements_differ"]),
    ("sum", "UPDATE balances SET posted_in = posted_in + 1 WHERE ledger = -:ledger", &["sum_differs"]),
    ("sum-missing", "DELETE FROM balances WHERE ledger = -:ledger", &["sum_differs"]),
    ("sum-extra", "INSERT INTO balances VALUES (-:ledger, 'b', 'USD/2', 0, 0, 0, 0, '')", &["sum_differs"]),
    ("sum-unreadable", "UPDATE balances SET posted_in = -1 WHERE ledger = -:ledger", &["unreadable"]),
    // It does not matter where lists end.
    (
        "list-ended",
        "INSERT INTO earlier_movements
        SELECT ledger, address, asset, 1, recent_movements FROM balances WHERE ledger = :ledger AND address = 'b';
        UPDATE balances SET recent_movements = '' WHERE ledger = :ledger AND address = 'b'",
        &[],
    ),
];

#[test]
fn damage_is_found_where_it_was_done_and_nowhere_else() {
    for place in Place::on_each() {
        let service = place.start();
        let mut client = service.connect();
        for (ledger, _, _) in DAMAGE {
            let created =
                client.call(&Request::post("/v1/ledgers").json(format!(r#"{{"name":"{ledger}"}}"#)));
            assert_eq!(created.status, 201, "{created:?}");
            let mut transfers = vec![("a", 5), ("b", 10), ("a", 20)];
            if ledger.starts_with("sum") {
                transfers.push(("c:1", 5));
            }
            if ledger == "long" {
                // Enough for the world to have lists that have ended.
                transfers.extend([("a", 1); 60]);
            }
            for (to, amount) in transfers {
                let body = format!(
                    r#"{{"postings":[{{"source":"world","destination":"{to}","asset":"USD/2","amount":"{amount}"}}]}}"#
                );
                let path = format!("/v1/ledgers/{ledger}/transactions");
                assert_eq!(client.call(&Request::post(path).json(body)).status, 201);
            }
        }
        assert_eq!(place.run(&["verify"]).code(), Some(0));
        place.allow_tampering();
        for (ledger, damage, _) in DAMAGE {
            let id = format!("(SELECT id FROM ledgers WHERE name = '{ledger}')");
            place.tamper(&damage.replace(":ledger", &id));
        }
        // The service runs on, and is not disturbed.
        let verified = place.run(&["verify", "--format", "json"]);
        assert_eq!(verified.code(), Some(1), "{verified:?}");
        let report: serde_json::Value = serde_json::from_str(&verified.stdout).unwrap();
        assert_eq!(report["clean"], false);
        let of = |ledger: &str| {
            let ledgers = report["ledgers"].as_array().unwrap();
            ledgers
                .iter()
                .find(|found| found["ledger"] == ledger)
                .unwrap_or_else(|| panic!("{ledger}: {report}"))
        };
        assert_eq!(of("main")["clean"], true);
        for (ledger, _, expected) in DAMAGE {
            let findings = of(ledger)["findings"].as_array().unwrap();
            let mut kinds: Vec<_> =
                findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
            kinds.dedup();
            assert_eq!(kinds, expected, "{ledger} on {}: {findings:#?}", place.url());
            assert_eq!(of(ledger)["clean"], expected.is_empty());
        }
        let one = place.run(&["verify", "--ledger", "untouched", "--ledger", "main"]);
        assert_eq!(one.code(), Some(0), "{one:?}");
        assert_eq!(service.get("/health/ready").status, 200);
    }
}
