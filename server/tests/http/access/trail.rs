//! The audit trail: what was done, and who was refused.

use serde_json::{Value, json};

use super::{everywhere, issued, with};
use crate::harness::Request;
use crate::site::{Site, posting};

fn trail(site: &Site) -> Vec<Value> {
    site.json("/v1/audit?limit=1000")["items"].as_array().expect("a list").clone()
}

#[test]
fn acts_are_recorded_with_who_did_them_and_from_where() {
    let site = Site::start();
    let (_, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    let revoked = site.call(&Request::delete(format!("/v1/keys/{id}")));
    assert_eq!(site.post("/v1/ledgers", &json!({ "name": "eu" })).status, 201);
    let schedule = json!({
        "transaction": { "postings": [posting("world", "a", "USD/2", 5)] },
        "at": "2999-01-01T00:00:00Z",
    });
    assert_eq!(site.post("/v1/ledgers/main/schedules", &schedule).status, 201);
    let mut records = trail(&site);
    assert_eq!(
        (&records[0]["action"], &records[0]["subject"]),
        (&json!("schedule.created"), &json!("main 0"))
    );
    records.remove(0);
    let told: Vec<_> = records.iter().map(|it| (it["action"].clone(), it["subject"].clone())).collect();
    let wanted = [
        (json!("ledger.created"), json!("eu")),
        (json!("key.revoked"), json!(id)),
        (json!("key.created"), json!(id)),
        // The key with which the tests come, when the service started.
        (json!("key.created"), json!("2USBDPIBEdi3")),
    ];
    assert_eq!(told, wanted);
    assert_eq!(records[1]["actor"], "key:2USBDPIBEdi3");
    assert_eq!(records[1]["address"], "127.0.0.1");
    assert_eq!(records[1]["request_id"], revoked.header("x-request-id").unwrap());
    assert_eq!((&records[3]["actor"], &records[3]["address"]), (&json!("operator"), &Value::Null));
    let page = site.json("/v1/audit?limit=2");
    let cursor = page["next_cursor"].as_str().expect("there is more");
    assert_eq!(site.json(&format!("/v1/audit?limit=2&cursor={cursor}"))["items"][0], records[1]);
}

#[test]
fn refused_attempts_are_counted_by_what_they_have_in_common() {
    let site = Site::start();
    let (secret, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    for number in 0..3 {
        let path = format!("/v1/ledgers/main/transactions/{number}");
        assert_eq!(site.call(&Request::get(path).without_key()).status, 401);
    }
    assert_eq!(with(&site, Request::get("/v1/keys"), &secret).0, 403);
    let mut told: Vec<_> = trail(&site)
        .into_iter()
        .filter(|record| record["action"] == "request.refused")
        .map(|record| (record["actor"].clone(), record["subject"].clone(), record["count"].clone()))
        .collect();
    told.sort_by_key(|(actor, ..)| actor.to_string());
    let wanted = [
        (json!(format!("key:{id}")), json!("GET /v1/keys: authorization.denied, keys:admin"), json!(1)),
        (
            json!("unknown"),
            json!("GET /v1/ledgers/{ledger}/transactions/{id}: authentication.required"),
            json!(3),
        ),
    ];
    assert_eq!(told, wanted);
}
