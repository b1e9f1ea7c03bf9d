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
    // What the service did when it started, but for the key with which the tests come.
    records.retain(|it| it["action"] != "database.migrated" && it["subject"] != "main");
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

#[test]
fn policies_and_force_are_recorded_with_their_entries_and_money_is_not() {
    let site = Site::start();
    let post = |path: &str, body: &Value| {
        let reply = site.post(&format!("/v1/ledgers/main/{path}"), body);
        assert!(reply.status < 300, "{reply:?}");
        reply.json()
    };
    let account = "/v1/ledgers/main/accounts/users:42";
    let change = |body: &Value| {
        let reply =
            site.call(&Request::patch(account).header("idempotency-key", "once").json(body.to_string()));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply
    };
    let paid = post("transactions", &json!({ "postings": [posting("world", "users:42", "USD/2", 5)] }));
    post("transactions", &json!({ "postings": [posting("users:42", "world", "USD/2", 5)] }));
    let frozen = json!({ "policy": { "frozen": "credits" } });
    let changed = change(&frozen);
    change(&frozen);
    assert_eq!(
        site.call(&Request::patch(account).json(json!({ "metadata": { "a": "b" } }).to_string())).status,
        200
    );
    let reversals = format!("transactions/{}/reversals", paid["id"]);
    post(&reversals, &json!({ "force": true, "dry_run": true }));
    post(&reversals, &json!({ "force": true }));
    let refused = site.post(&format!("/v1/ledgers/main/{reversals}"), &json!({ "force": true }));
    assert_eq!(refused.status, 422, "all of it is reversed: {refused:?}");
    let records: Vec<_> = trail(&site).into_iter().filter(|record| !record["entry"].is_null()).collect();
    let told: Vec<_> =
        records.iter().map(|it| json!([it["action"], it["subject"], it["entry"], it["count"]])).collect();
    let wanted = [
        json!(["reversal.forced", format!("main {}", paid["id"]), 4, 1]),
        json!(["account.policy_changed", "main users:42", 2, 1]),
    ];
    assert_eq!(told, wanted);
    assert_eq!(records[1]["actor"], "key:2USBDPIBEdi3");
    assert_eq!(records[1]["address"], "127.0.0.1");
    assert_eq!(records[1]["request_id"].as_str(), changed.header("x-request-id"));
}

#[test]
fn commands_of_batches_are_recorded_as_if_they_came_alone() {
    let site = Site::start();
    let freeze =
        |account: &str| json!({ "type": "account", "account": account, "policy": { "frozen": "all" } });
    let move_money = json!({ "type": "transaction", "postings": [posting("world", "a", "USD/2", 5)] });
    let batch = |mode: &str, commands: &[Value]| {
        let reply = site.post("/v1/ledgers/main/batches", &json!({ "mode": mode, "commands": commands }));
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    batch("atomic", &[move_money.clone(), freeze("b")]);
    batch("independent", &[freeze("c"), move_money.clone()]);
    // Nothing of it happens: `b` takes no money.
    let fails = json!({ "type": "transaction", "postings": [posting("world", "b", "USD/2", 5)] });
    batch("atomic", &[freeze("d"), fails]);
    let lines = format!("{}\n{move_money}\n", freeze("e"));
    let request =
        Request::post("/v1/ledgers/main/batches").header("content-type", "application/x-ndjson").body(lines);
    assert_eq!(site.call(&request).status, 200);
    let changes = site.json("/v1/audit?action=account.policy_changed");
    let subjects: Vec<_> =
        changes["items"].as_array().unwrap().iter().map(|it| it["subject"].clone()).collect();
    assert_eq!(subjects, ["main e", "main c", "main b"]);
}

#[test]
fn schedules_are_recorded_as_they_come_and_go() {
    let site = Site::start();
    let schedule = json!({
        "transaction": { "postings": [posting("world", "a", "USD/2", 5)] },
        "at": "2999-01-01T00:00:00Z",
    });
    assert_eq!(site.post("/v1/ledgers/main/schedules", &schedule).status, 201);
    for change in ["pause", "resume", "cancel"] {
        let reply = site.call(&Request::post(format!("/v1/ledgers/main/schedules/0/{change}")));
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let changes = site.json("/v1/audit?subject=main%200");
    let actions: Vec<_> =
        changes["items"].as_array().unwrap().iter().map(|it| it["action"].clone()).collect();
    assert_eq!(actions, ["schedule.cancelled", "schedule.resumed", "schedule.paused", "schedule.created"]);
}

#[test]
fn the_trail_is_searched_and_what_is_no_filter_is_refused() {
    let site = Site::start();
    let (_, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    assert_eq!(site.post("/v1/ledgers", &json!({ "name": "eu" })).status, 201);
    let found = |query: &str| {
        let page = site.json(&format!("/v1/audit?{query}"));
        let items = page["items"].as_array().expect("a list").iter();
        items.map(|it| it["subject"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let id = id.as_str();
    assert_eq!(found("actor=key:2USBDPIBEdi3"), ["eu", id]);
    assert_eq!(found("action=key.created"), [id, "2USBDPIBEdi3"]);
    assert_eq!(found(&format!("subject={id}&actor=key:2USBDPIBEdi3&action=key.created")), [id]);
    assert_eq!(found(&format!("subject={id}&action=key.revoked")), [""; 0]);
    assert_eq!(found("to=2000-01-01T00:00:00Z"), [""; 0]);
    assert_eq!(found("from=2000-01-01T00:00:00Z&actor=key:2USBDPIBEdi3"), ["eu", id]);
    for (query, field) in [
        ("actor=nobody", "actor"),
        ("action=key.eaten", "action"),
        ("subject=", "subject"),
        ("from=2001-01-01T00:00:00Z&to=2000-01-01T00:00:00Z", "to"),
        ("cursor=AAAA", "cursor"),
    ] {
        let reply = site.call(&Request::get(format!("/v1/audit?{query}")));
        assert_eq!(reply.status, 400, "{query}: {reply:?}");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{query}");
    }
}
