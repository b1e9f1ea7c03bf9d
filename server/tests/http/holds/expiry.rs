//! Holds that nobody ends: what is left of them is let go by itself, whoever runs when their time comes.

use std::time::{Duration, SystemTime};

use app_base::http::time::Rfc3339;
use ledger::Timestamp;
use serde_json::json;

use super::{HOLDS, capture, figure, funded, hold, standing, stands, void};
use crate::harness::wait_until;
use crate::site::{Site, posting};

#[expect(clippy::disallowed_methods, reason = "the service under test has a clock of its own")]
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970")
}

/// A moment that soon comes, but not before a hold that expires then is made.
fn soon() -> Timestamp {
    let micros = (now() + Duration::from_secs(2)).as_micros();
    Timestamp::from_micros(i64::try_from(micros).expect("a time of today")).expect("a time of today")
}

fn has_come(time: Timestamp) -> bool {
    now().as_micros() > u128::from(time.micros().unsigned_abs())
}

fn expiring(site: &Site, amount: u64, expires_at: Timestamp) -> u64 {
    let expires_at = Rfc3339(expires_at).to_string();
    let body = json!({ "postings": [posting("a", "b", "USD/2", amount)], "expires_at": expires_at });
    hold(site, &body)["id"].as_u64().unwrap()
}

/// Waits until the hold has expired, and checks that this happened once.
fn expires(site: &Site, id: u64, captured: &str) {
    wait_until("the hold to expire", || standing(site, id).0 == "expired");
    assert_eq!(standing(site, id), stands("expired", &[captured], &["0"]));
    let log = site.json(&format!("/v1/ledgers/main/log?after={id}"));
    let releases = log["items"].as_array().unwrap().iter().filter(|entry| entry["type"] == "release");
    let releases: Vec<_> = releases.map(|entry| entry["releases"].clone()).collect();
    assert_eq!(releases, [json!({ "hold": id, "cause": "expired" })]);
    assert_eq!((figure(site, "a", "pending_out"), figure(site, "b", "pending_in")), (json!("0"), json!("0")));
}

#[test]
fn a_hold_expires_by_itself() {
    let site = funded(10);
    let time = soon();
    let id = expiring(&site, 10, time);
    let part = json!({ "postings": [posting("a", "b", "USD/2", 4)] });
    assert_eq!(capture(&site, id, &part).status, 201);
    expires(&site, id, "4");
    assert!(has_come(time), "not before its time");
    assert_eq!(figure(&site, "a", "available"), "6");
    for refused in [capture(&site, id, &part), void(&site, id)] {
        assert_eq!((refused.status, &*refused.code()), (422, "hold.not_open"));
        assert_eq!(refused.json()["state"], "expired");
    }
}

#[test]
fn a_hold_that_is_due_when_the_service_starts_expires_then() {
    let site = funded(10);
    let time = soon();
    let id = expiring(&site, 10, time);
    let site = site.restarted_after(|| wait_until("the hold to be due", || has_come(time)));
    expires(&site, id, "0");
    assert_eq!(figure(&site, "a", "available"), "10");
}

#[test]
fn from_its_time_on_a_hold_is_neither_captured_nor_voided() {
    let site = funded(10);
    let time = soon();
    let id = expiring(&site, 10, time);
    wait_until("the hold to be due", || has_come(time));
    // Whether or not anybody has let go yet what was left of it.
    for refused in [capture(&site, id, &json!({})), void(&site, id)] {
        assert_eq!((&*refused.code(), &refused.json()["state"]), ("hold.not_open", &json!("expired")));
    }
}

#[test]
fn holds_without_a_time_and_ended_ones_do_not_expire() {
    let site = funded(30);
    let time = soon();
    let never = hold(&site, &json!({ "postings": [posting("a", "b", "USD/2", 1)] }));
    let [captured, voided, expired] = [2, 3, 4].map(|amount| expiring(&site, amount, time));
    assert_eq!(capture(&site, captured, &json!({})).status, 201);
    assert_eq!(void(&site, voided).status, 200);
    wait_until("the last hold to expire", || standing(&site, expired).0 == "expired");
    assert_eq!(standing(&site, never["id"].as_u64().unwrap()), stands("open", &["0"], &["1"]));
    assert_eq!(standing(&site, captured), stands("captured", &["2"], &["0"]));
    assert_eq!(standing(&site, voided), stands("voided", &["0"], &["0"]));
    assert_eq!(site.json(&format!("{HOLDS}?state=expired"))["items"].as_array().unwrap().len(), 1);
}
