//! Schedules: created, run when their time has come, paused, resumed, cancelled, listed.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request, wait_until};
use crate::shown::shown;
use crate::site::{Site, posting};

const SCHEDULES: &str = "/v1/ledgers/main/schedules";
const FAR: &str = "2999-01-31T12:00:00Z";
const LONG_AGO: &str = "2026-01-31T12:00:00Z";

/// A service that does not sleep long.
fn site() -> Site {
    Site::start_with(&[("PX_ENGINE__SCHEDULE_POLL_MS", "20")])
}

fn at(source: &str, destination: &str, at: &str) -> Value {
    json!({ "transaction": { "postings": [posting(source, destination, "USD/2", 5)] }, "at": at })
}

fn create(site: &Site, body: &Value) -> Value {
    let created = site.post(SCHEDULES, body);
    assert_eq!(created.status, 201, "{created:?}");
    created.json()
}

fn act(site: &Site, id: &Value, action: &str) -> Reply {
    site.call(&Request::post(format!("{SCHEDULES}/{id}/{action}")))
}

fn until_completed(site: &Site, id: &Value) {
    wait_until("a schedule to be completed", || {
        site.json(&format!("{SCHEDULES}/{id}"))["state"] == "completed"
    });
}

#[test]
fn a_schedule_is_created_and_shown() {
    let site = Site::start();
    let body = json!({
        "transaction": {
            "postings": [
                { "source": "users:42", "destination": "rent", "asset": "EUR/2", "amount": 95000 },
                { "source": "users:42", "destination": "fees", "asset": "EUR/2", "amount": { "up_to": "5" } },
                { "source": "users:42", "destination": "savings", "asset": "EUR/2", "amount": "all" },
            ],
            "metadata": { "order": "1" },
            "expect": [{ "account": "rent", "asset": "EUR/2", "posted": { "at_least": "-1" } }],
        },
        "rule": { "rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "starts_at": "2999-01-01T08:00:00+01:00", "time_zone": "europe/berlin" },
        "metadata": { "contract": "7" },
    });
    let created = site.post(SCHEDULES, &body);
    assert_snapshot!(shown(&created), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/schedules/0
    x-request-id: [id]

    {
      "id": 0,
      "ledger": "main",
      "state": "active",
      "transaction": {
        "postings": [
          {
            "source": "users:42",
            "destination": "rent",
            "asset": "EUR/2",
            "amount": "95000"
          },
          {
            "source": "users:42",
            "destination": "fees",
            "asset": "EUR/2",
            "amount": {
              "up_to": "5"
            }
          },
          {
            "source": "users:42",
            "destination": "savings",
            "asset": "EUR/2",
            "amount": "all"
          }
        ],
        "reference": null,
        "effective_at": null,
        "metadata": {
          "order": "1"
        },
        "expect": [
          {
            "account": "rent",
            "asset": "EUR/2",
            "posted": {
              "at_least": "-1",
              "at_most": null,
              "equals": null
            },
            "available": null,
            "version": null
          }
        ]
      },
      "at": null,
      "rule": {
        "rrule": "FREQ=MONTHLY;BYMONTHDAY=1",
        "starts_at": "2999-01-01T07:00:00.000000Z",
        "time_zone": "Europe/Berlin"
      },
      "metadata": {
        "contract": "7"
      },
      "next_at": "2999-01-01T07:00:00.000000Z",
      "created_at": "[now]",
      "updated_at": "[now]"
    }
    "#);
    assert_eq!(site.json(&format!("{SCHEDULES}/0")), created.json());
    assert_eq!(site.json(SCHEDULES)["items"], json!([created.json()]));
}

#[test]
fn a_time_that_has_passed_is_due_at_once() {
    let site = site();
    let mut body = at("world", "users:1", LONG_AGO);
    body["transaction"]["reference"] = json!("rent-1");
    let id = create(&site, &body)["id"].clone();
    until_completed(&site, &id);
    assert_snapshot!(shown(&site.get(&format!("{SCHEDULES}/{id}/runs"))), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "due_at": "2026-01-31T12:00:00.000000Z",
          "recorded_at": "[now]",
          "outcome": "posted",
          "transaction": 0,
          "code": null,
          "detail": null
        }
      ],
      "next_cursor": null
    }
    "#);
    let transaction = site.json("/v1/ledgers/main/transactions/0");
    assert_eq!(
        (&transaction["reference"], &transaction["effective_at"]),
        (&json!("rent-1"), &json!("2026-01-31T12:00:00.000000Z"))
    );
    assert_eq!(site.entries(), 1);
}

#[test]
fn an_occurrence_that_is_rejected_says_why() {
    let site = site();
    let id = create(&site, &at("users:1", "users:2", LONG_AGO))["id"].clone();
    until_completed(&site, &id);
    assert_snapshot!(shown(&site.get(&format!("{SCHEDULES}/{id}/runs"))), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "items": [
        {
          "due_at": "2026-01-31T12:00:00.000000Z",
          "recorded_at": "[now]",
          "outcome": "rejected",
          "transaction": null,
          "code": "transaction.insufficient_funds",
          "detail": "Posting 0 takes 5 of USD/2 from users:1, which has 0 available: 5 is missing."
        }
      ],
      "next_cursor": null
    }
    "#);
    assert_eq!(site.entries(), 0);
}

#[test]
fn a_schedule_is_paused_resumed_and_cancelled() {
    let site = site();
    let id = create(&site, &at("world", "a", FAR))["id"].clone();
    for (action, state, next_at) in [
        ("pause", "paused", json!(null)),
        ("resume", "active", json!("2999-01-31T12:00:00.000000Z")),
        ("pause", "paused", json!(null)),
        ("cancel", "cancelled", json!(null)),
    ] {
        let changed = act(&site, &id, action);
        assert_eq!(changed.status, 200, "{action}: {changed:?}");
        let schedule = changed.json();
        assert_eq!((&schedule["state"], &schedule["next_at"]), (&json!(state), &next_at), "{action}");
        assert_eq!(site.json(&format!("{SCHEDULES}/{id}")), schedule);
    }
    for (action, code) in
        [("pause", "schedule.not_active"), ("resume", "schedule.not_paused"), ("cancel", "schedule.ended")]
    {
        let refused = act(&site, &id, action);
        assert_eq!((refused.status, &*refused.code()), (409, code));
        assert_eq!(refused.json()["state"], "cancelled");
    }
}

#[test]
fn a_change_takes_no_body_or_an_empty_one() {
    let site = Site::start();
    let id = create(&site, &at("world", "a", FAR))["id"].clone();
    let path = format!("{SCHEDULES}/{id}/pause");
    // An object without members is as good as none; the description knows of none.
    let mut connection = site.connect();
    assert_eq!(connection.call(&Request::post(&path).json("{}")).status, 200);
    assert_eq!(act(&site, &id, "resume").status, 200);
    let refused = connection.call(&Request::post(&path).json(r#"{"now": true}"#));
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (400, &json!("now")));
    let refused = connection.call(&Request::post(&path).body("now"));
    assert_eq!((refused.status, &*refused.code()), (415, "request.unsupported_media_type"));
}

#[test]
fn the_same_request_takes_effect_once() {
    let site = site();
    let create =
        |body: &Value| site.call(&Request::post(SCHEDULES).header("idempotency-key", "k").json(body));
    let created = create(&at("world", "a", LONG_AGO));
    assert_eq!((created.status, created.header("idempotency-replayed")), (201, None));
    until_completed(&site, &created.json()["id"]);
    let replayed = create(&at("world", "a", LONG_AGO));
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!((&replayed.body, replayed.header("location")), (&created.body, created.header("location")));
    let other = create(&at("world", "b", LONG_AGO));
    assert_eq!((other.status, &*other.code()), (422, "idempotency.key_reused"));
    assert_eq!(site.json(SCHEDULES)["items"].as_array().unwrap().len(), 1);
    // A transaction under the same key is another request.
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let request = Request::post("/v1/ledgers/main/transactions").header("idempotency-key", "k").json(body);
    assert_eq!(site.call(&request).header("idempotency-replayed"), None);
}

#[test]
fn schedules_are_listed_newest_first_and_by_state() {
    let site = Site::start();
    let ids: Vec<_> = (0..5).map(|_| create(&site, &at("world", "a", FAR))["id"].clone()).collect();
    act(&site, &ids[1], "pause");
    act(&site, &ids[3], "cancel");
    let listed = |query: &str| {
        let list = site.json(&format!("{SCHEDULES}{query}"));
        let ids: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect();
        (ids, list["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(listed(""), (vec![4, 3, 2, 1, 0], None));
    assert_eq!(listed("?state=active").0, [4, 2, 0]);
    assert_eq!(listed("?state=paused").0, [1]);
    assert_eq!(listed("?state=cancelled").0, [3]);
    assert_eq!(listed("?state=completed").0, [0; 0]);
    let (first, cursor) = listed("?limit=3");
    assert_eq!(first, [4, 3, 2]);
    assert_eq!(listed(&format!("?limit=3&cursor={}", cursor.unwrap())), (vec![1, 0], None));
}

#[test]
fn all_that_is_wrong_with_a_schedule_is_said_at_once() {
    let site = Site::start();
    let body = json!({
        "transaction": {
            "postings": [{ "source": "a", "destination": "a", "asset": "usd", "amount": "-1" }],
            "reference": "r",
            "effective_at": FAR,
            "dry_run": true,
        },
        "rule": { "rrule": "FREQ=DAILY;BYSECOND=1,2", "starts_at": "2026-01-01", "time_zone": "Europe/Bonn" },
        "metadata": { "n": 1 },
        "name": "rent",
    });
    let refused = site.call(&Request::post(SCHEDULES).header("idempotency-key", "a b").json(body));
    assert_eq!((refused.status, &*refused.code()), (400, "request.invalid"));
    let problem = refused.json();
    let errors = problem["errors"].as_array().unwrap().iter();
    let shown: Vec<_> = errors
        .map(|error| format!("{}: {}", error["field"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect();
    assert_snapshot!(shown.join("\n"), @"
    Idempotency-Key: must be 1 to 255 visible ASCII characters
    transaction.postings[0].asset: must be an asset such as USD/2: a code of up to 17 upper-case letters and digits, perhaps a _ with up to 16 upper-case letters, perhaps a / with a scale of up to 6 digits
    transaction.postings[0].amount: must be a whole number of minor units: digits only, no sign, fraction or exponent
    transaction.dry_run: is unknown; known here: postings, reference, effective_at, metadata, expect
    rule.rrule: must have at most one BYSECOND: a minute is the shortest time between two occurrences
    rule.starts_at: must be an RFC 3339 time such as 2026-01-31T12:00:00Z
    rule.time_zone: must be the name of a time zone in the IANA database, such as Europe/Berlin
    metadata.n: must be a string, not a number
    name: is unknown; known here: transaction, at, rule, metadata
    ");
}

#[test]
fn what_is_not_there_is_not_found() {
    let site = Site::start();
    for path in ["7", "7/runs"] {
        let reply = site.get(&format!("{SCHEDULES}/{path}"));
        assert_eq!((reply.status, &*reply.code()), (404, "schedule.not_found"), "{path}");
    }
    for action in ["pause", "resume", "cancel"] {
        let reply = act(&site, &json!(7), action);
        assert_eq!((reply.status, &*reply.code()), (404, "schedule.not_found"), "{action}");
        let reply = site.call(&Request::post(format!("/v1/ledgers/other/schedules/7/{action}")));
        assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"), "{action}");
    }
    for path in ["schedules", "schedules/7", "schedules/7/runs"] {
        let reply = site.get(&format!("/v1/ledgers/other/{path}"));
        assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"), "{path}");
    }
    let reply = site.post("/v1/ledgers/other/schedules", &at("world", "a", FAR));
    assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"));
    let reply = site.get(&format!("{SCHEDULES}/07"));
    assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"));
}

#[test]
fn a_rule_that_never_falls_is_refused() {
    let site = Site::start();
    for rule in
        ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=20260131T000000Z", "FREQ=DAILY;COUNT=3"]
    {
        let mut body = at("world", "a", FAR);
        body["at"] = json!(null);
        body["rule"] = json!({ "rrule": rule, "starts_at": "2026-01-01T00:00:00Z" });
        let refused = site.post(SCHEDULES, &body);
        assert_eq!((refused.status, &*refused.code()), (422, "schedule.never_falls"), "{rule}");
        let reply = site.post("/v1/ledgers/other/schedules", &body);
        assert_eq!((reply.status, &*reply.code()), (404, "ledger.not_found"));
    }
    assert_eq!(site.json(SCHEDULES)["items"], json!([]));
}

#[test]
fn schedules_outlive_the_service() {
    let site = Site::start();
    let paused = create(&site, &at("world", "a", FAR))["id"].clone();
    let paused = act(&site, &paused, "pause").json();
    let id = create(&site, &at("world", "a", LONG_AGO))["id"].clone();
    // Whether it was run before the service stopped or is run by the next one, it is run.
    let site = site.restarted();
    until_completed(&site, &id);
    assert_eq!(site.entries(), 1);
    assert_eq!(site.json(&format!("{SCHEDULES}/{}", paused["id"])), paused);
}
