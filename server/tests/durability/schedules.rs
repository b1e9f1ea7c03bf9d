//! `kill -9` between any two steps of running an occurrence of a schedule, and of what callers do with schedules.

use fail_points::{Point, Stores, Writes};
use serde_json::{Value, json};

use crate::asked::replayed;
use crate::audit::verify;
use crate::harness::{Client, Request, Tally, wait_until};
use crate::points::assert_killed;
use crate::store::Store;

/// So that nobody waits long for the claim of a service that was killed.
const QUICK: [(&str, &str); 2] =
    [("PX_ENGINE__SCHEDULE_LEASE_MS", "300"), ("PX_ENGINE__SCHEDULE_POLL_MS", "20")];

#[test]
fn an_occurrence_is_run_once_on_sqlite_wherever_that_is_cut_off() {
    kill_while_running(&Store::sqlite(), Stores::Sqlite, Tally::of("schedules_sqlite"));
}

#[test]
fn an_occurrence_is_run_once_on_postgresql_wherever_that_is_cut_off() {
    let Some(store) = Store::postgres() else { return };
    kill_while_running(&store, Stores::Postgres, Tally::of("schedules_postgres"));
}

#[test]
fn a_schedule_is_created_and_changed_once_on_sqlite_wherever_that_is_cut_off() {
    kill_while_asking(&Store::sqlite(), Tally::of("asked_schedules_sqlite"));
}

#[test]
fn a_schedule_is_created_and_changed_once_on_postgresql_wherever_that_is_cut_off() {
    let Some(store) = Store::postgres() else { return };
    kill_while_asking(&store, Tally::of("asked_schedules_postgres"));
}

fn points(writes: Writes, stores: Stores) -> impl Iterator<Item = Point> {
    let passed =
        move |point: &Point| point.writes() == writes && [Stores::All, stores].contains(&point.stores());
    Point::ALL.iter().copied().filter(passed)
}

fn schedule(account: &str, at: &str) -> Value {
    let posting = json!({ "source": "world", "destination": account, "asset": "USD/2", "amount": "1" });
    json!({ "transaction": { "postings": [posting] }, "at": at })
}

fn kill_while_running(store: &Store, stores: Stores, mut tally: Tally) {
    // What writes a claim also writes what came of it: that is its second time.
    let orders = points(Writes::Occurrences, stores).flat_map(|point| match point {
        Point::SqliteScheduleWritten => vec![(point, 1), (point, 2)],
        _ => vec![(point, 1)],
    });
    for (number, (point, arrival)) in orders.enumerate() {
        let order = format!("{}:{arrival}", point.name());
        let account = format!("users:{number}");
        let path = format!("{}/schedules", store.path());
        let killed = [QUICK[0], QUICK[1], (fail_points::variable(), &*order)];
        let dying = store.serve_with(&killed);
        let request = Request::post(&path).header("idempotency-key", &order);
        // It may die before it has answered.
        let _ = dying.connect().try_call(&request.json(schedule(&account, "2026-01-01T00:00:00Z")));
        assert_killed(&dying.wait(), &order);
        tally.kills += 1;

        // Two that start next, at the same time, where the store can be shared.
        let services: Vec<_> =
            (0..if stores == Stores::Postgres { 2 } else { 1 }).map(|_| store.serve_with(&QUICK)).collect();
        let mut connection = services[0].connect();
        let request = Request::post(&path).header("idempotency-key", &order);
        let created = connection.call(&request.json(schedule(&account, "2026-01-01T00:00:00Z")));
        assert_eq!(created.status, 201, "{order}: {created:?}");
        let path = format!("{path}/{}", created.json()["id"]);
        wait_until("the schedule to be completed", || connection.get(&path).json()["state"] == "completed");
        let runs = connection.get(&format!("{path}/runs")).json();
        let runs = runs["items"].as_array().expect("a list");
        assert_eq!(runs.len(), 1, "{order}: {runs:?}");
        assert_eq!(runs[0]["outcome"], "posted", "{order}: {runs:?}");
        let transaction =
            connection.get(&format!("{}/transactions/{}", store.path(), runs[0]["transaction"]));
        assert_eq!(transaction.json()["postings"][0]["destination"], account, "{order}");
        let held = connection.get(&format!("{}/accounts/{account}", store.path())).json();
        match held["balances"][0]["posted"].as_str() {
            Some("1") => tally.settled += 1,
            Some(_) => tally.doubled += 1,
            None => tally.lost += 1,
        }
        for service in services {
            assert_eq!(service.stop().code(), Some(0));
        }
        verify(store, &mut tally);
    }
    tally.print();
    tally.assert_nothing_wrong();
}

fn create(connection: &mut Client, path: &str, body: &Value) -> u64 {
    let created = connection.call(&Request::post(path).json(body));
    assert_eq!(created.status, 201, "{created:?}");
    created.json()["id"].as_u64().expect("a number")
}

fn kill_while_asking(store: &Store, mut tally: Tally) {
    let path = format!("{}/schedules", store.path());
    for point in points(Writes::Schedules, Stores::All) {
        let order = format!("{}:1", point.name());
        let service = store.serve(None);
        let id = create(&mut service.connect(), &path, &schedule("a", "2999-01-01T00:00:00Z"));
        assert_eq!(service.stop().code(), Some(0));

        let request = if point == Point::ScheduleCreated {
            Request::post(&path).json(schedule("b", "2999-01-01T00:00:00Z"))
        } else {
            Request::post(format!("{path}/{id}/pause"))
        };
        let request = request.header("idempotency-key", &order);
        let service = store.serve(Some(&order));
        let reply = service.connect().try_call(&request);
        assert!(reply.is_err(), "{order}: {reply:?}");
        assert_killed(&service.wait(), &order);
        tally.kills += 1;
        tally.unanswered += 1;

        let service = store.serve(None);
        let mut connection = service.connect();
        let reply = connection.call(&request);
        assert!(reply.status < 300 && replayed(&reply), "{order}: {reply:?}");
        tally.settled += 1;
        let listed = connection.get(&format!("{path}?limit=1000")).json();
        let id = reply.json()["id"].clone();
        let count = listed["items"].as_array().expect("a list").iter().filter(|it| it["id"] == id).count();
        assert_eq!(count, 1, "{order}");
        assert_eq!(service.stop().code(), Some(0));
    }
    tally.print();
    tally.assert_nothing_wrong();
}
