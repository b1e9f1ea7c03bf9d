//! Holds: money is reserved at once, captured in parts or whole, and let go: by a request, or by itself in time.

mod expiry;
mod refusals;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, all_at_once, posting};

/// Where holds of the ledger that is there from the start are.
const HOLDS: &str = "/v1/ledgers/main/holds";

/// A service with this much in `a`.
fn funded(amount: u64) -> Site {
    let site = Site::start();
    site.pay("world", "a", "USD/2", amount);
    site
}

/// Makes a hold that has to be made, and returns it.
fn hold(site: &Site, body: &Value) -> Value {
    let reply = site.post(HOLDS, body);
    assert_eq!(reply.status, 201, "{body}: {reply:?}");
    reply.json()
}

/// Reserves money of `a` for `b`, and returns the hold's id.
fn reserve(site: &Site, amount: u64) -> u64 {
    hold(site, &json!({ "postings": [posting("a", "b", "USD/2", amount)] }))["id"].as_u64().unwrap()
}

fn capture(site: &Site, hold: u64, body: &Value) -> Reply {
    site.post(&format!("{HOLDS}/{hold}/captures"), body)
}

fn void(site: &Site, hold: u64) -> Reply {
    site.call(&Request::post(format!("{HOLDS}/{hold}/void")))
}

/// The hold as it stands: state, captured, remaining.
fn standing(site: &Site, hold: u64) -> (Value, Value, Value) {
    let hold = site.json(&format!("{HOLDS}/{hold}"));
    (hold["state"].clone(), hold["captured"].clone(), hold["remaining"].clone())
}

fn stands(state: &str, captured: &[&str], remaining: &[&str]) -> (Value, Value, Value) {
    (json!(state), json!(captured), json!(remaining))
}

/// One figure of an account in its only asset.
fn figure(site: &Site, account: &str, name: &str) -> Value {
    site.json(&format!("/v1/ledgers/main/accounts/{account}"))["balances"][0][name].clone()
}

#[test]
fn a_hold_reserves_at_once_and_says_so() {
    let site = funded(10);
    let body = json!({
        "postings": [posting("a", "b", "USD/2", 7)],
        "expires_at": "2999-01-31T13:00:00+01:00",
        "reference": "checkout-1",
        "metadata": { "order": "1" },
    });
    let made = site.post(HOLDS, &body);
    assert_snapshot!(shown(&made), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/holds/1
    x-request-id: [id]

    {
      "id": 1,
      "ledger": "main",
      "state": "open",
      "postings": [
        {
          "source": "a",
          "destination": "b",
          "asset": "USD/2",
          "amount": "7"
        }
      ],
      "captured": [
        "0"
      ],
      "remaining": [
        "7"
      ],
      "reference": "checkout-1",
      "metadata": {
        "order": "1"
      },
      "expires_at": "2999-01-31T12:00:00.000000Z",
      "recorded_at": "[now]",
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "7",
          "posted": "10",
          "available": "3"
        },
        {
          "account": "b",
          "asset": "USD/2",
          "posted_in": "0",
          "posted_out": "0",
          "pending_in": "7",
          "pending_out": "0",
          "posted": "0",
          "available": "0"
        }
      ]
    }
    "#);
    assert_eq!(site.json(&format!("{HOLDS}/1")), made.json());
    assert_eq!((figure(&site, "a", "available"), figure(&site, "a", "posted")), (json!("3"), json!("10")));
    assert_eq!((figure(&site, "b", "available"), figure(&site, "b", "pending_in")), (json!("0"), json!("7")));
    let spend = json!({ "postings": [posting("a", "c", "USD/2", 4)] });
    assert_eq!(site.post(TRANSACTIONS, &spend).code(), "transaction.insufficient_funds");
    // It has moved nothing yet.
    assert_eq!(site.get(&format!("{TRANSACTIONS}/1")).code(), "transaction.not_found");
    assert_eq!(site.json("/v1/ledgers/main/accounts/b/entries")["items"], json!([]));
}

#[test]
fn a_hold_is_captured_in_parts_until_nothing_is_left() {
    let site = funded(10);
    let id = reserve(&site, 10);
    let part = json!({
        "postings": [posting("a", "b", "USD/2", 4)],
        "reference": "part-1",
        "effective_at": "2026-01-31T12:00:00Z",
        "metadata": { "part": "1" },
    });
    let captured = capture(&site, id, &part);
    assert_snapshot!(shown(&captured), @r#"
    201
    content-type: application/json
    location: /v1/ledgers/main/transactions/2
    x-request-id: [id]

    {
      "id": 2,
      "ledger": "main",
      "postings": [
        {
          "source": "a",
          "destination": "b",
          "asset": "USD/2",
          "amount": "4"
        }
      ],
      "reference": "part-1",
      "metadata": {
        "part": "1"
      },
      "effective_at": "2026-01-31T12:00:00.000000Z",
      "recorded_at": "[now]",
      "reverses": null,
      "captures": {
        "hold": 1,
        "closes": false,
        "released": []
      },
      "reversed": [
        "0"
      ],
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "4",
          "pending_in": "0",
          "pending_out": "6",
          "posted": "6",
          "available": "0"
        },
        {
          "account": "b",
          "asset": "USD/2",
          "posted_in": "4",
          "posted_out": "0",
          "pending_in": "6",
          "pending_out": "0",
          "posted": "4",
          "available": "4"
        }
      ]
    }
    "#);
    assert_eq!(site.json(&format!("{TRANSACTIONS}/2")), captured.json());
    assert_eq!(standing(&site, id), stands("open", &["4"], &["6"]));
    let rest = capture(&site, id, &json!({}));
    assert_eq!(rest.status, 201, "{rest:?}");
    assert_eq!(rest.json()["postings"], json!([posting("a", "b", "USD/2", 6)]));
    assert_eq!(rest.json()["captures"], json!({ "hold": id, "closes": true, "released": [] }));
    assert_eq!(standing(&site, id), stands("captured", &["10"], &["0"]));
    assert_eq!((figure(&site, "a", "pending_out"), figure(&site, "b", "posted")), (json!("0"), json!("10")));
}

#[test]
fn a_final_capture_lets_the_rest_go() {
    let site = funded(10);
    let id = reserve(&site, 10);
    let last = json!({ "postings": [posting("a", "b", "USD/2", 4)], "final": true });
    let captured = capture(&site, id, &last).json();
    let released = json!([posting("a", "b", "USD/2", 6)]);
    assert_eq!(captured["captures"], json!({ "hold": id, "closes": true, "released": released }));
    assert_eq!(standing(&site, id), stands("captured", &["4"], &["0"]));
    assert_eq!(figure(&site, "a", "available"), "6");
}

#[test]
fn amounts_may_say_up_to_and_all() {
    let site = funded(10);
    let quantity = |amount: Value| {
        let mut posting = posting("a", "b", "USD/2", 0);
        posting["amount"] = amount;
        json!({ "postings": [posting] })
    };
    let made = hold(&site, &quantity(json!({ "up_to": "25" })));
    assert_eq!(made["postings"][0]["amount"], "10");
    let empty = hold(&site, &quantity(json!("all")));
    assert_eq!((&empty["postings"][0]["amount"], &empty["state"]), (&json!("0"), &json!("open")));
    let id = made["id"].as_u64().unwrap();
    let part = capture(&site, id, &quantity(json!({ "up_to": 3 }))).json();
    assert_eq!((&part["postings"][0]["amount"], &part["captures"]["closes"]), (&json!("3"), &json!(false)));
    let rest = capture(&site, id, &quantity(json!("all"))).json();
    assert_eq!((&rest["postings"][0]["amount"], &rest["captures"]["closes"]), (&json!("7"), &json!(true)));
}

#[test]
fn postings_of_a_hold_are_captured_by_source_destination_and_asset() {
    let site = funded(30);
    let postings = [("b", 5), ("c", 9), ("b", 7)].map(|(to, amount)| posting("a", to, "USD/2", amount));
    let id = hold(&site, &json!({ "postings": postings }))["id"].as_u64().unwrap();
    let part = json!({ "postings": [posting("a", "b", "USD/2", 6), posting("a", "c", "USD/2", 1)] });
    assert_eq!(capture(&site, id, &part).status, 201);
    assert_eq!(standing(&site, id), stands("open", &["5", "1", "1"], &["0", "8", "6"]));
    let rest = capture(&site, id, &json!({})).json();
    assert_eq!(rest["postings"], json!([posting("a", "c", "USD/2", 8), posting("a", "b", "USD/2", 6)]));
}

#[test]
fn a_void_lets_go_what_is_left() {
    let site = funded(10);
    let id = reserve(&site, 10);
    assert_eq!(capture(&site, id, &json!({ "postings": [posting("a", "b", "USD/2", 4)] })).status, 201);
    let voided = void(&site, id);
    assert_snapshot!(shown(&voided), @r#"
    200
    content-type: application/json
    x-request-id: [id]

    {
      "id": 1,
      "ledger": "main",
      "state": "voided",
      "postings": [
        {
          "source": "a",
          "destination": "b",
          "asset": "USD/2",
          "amount": "10"
        }
      ],
      "captured": [
        "4"
      ],
      "remaining": [
        "0"
      ],
      "reference": null,
      "metadata": {},
      "expires_at": null,
      "recorded_at": "[now]",
      "balances": [
        {
          "account": "a",
          "asset": "USD/2",
          "posted_in": "10",
          "posted_out": "4",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "6",
          "available": "6"
        },
        {
          "account": "b",
          "asset": "USD/2",
          "posted_in": "4",
          "posted_out": "0",
          "pending_in": "0",
          "pending_out": "0",
          "posted": "4",
          "available": "4"
        }
      ]
    }
    "#);
    assert_eq!(standing(&site, id), stands("voided", &["4"], &["0"]));
    assert_eq!((figure(&site, "a", "available"), figure(&site, "b", "pending_in")), (json!("6"), json!("0")));
    let log = site.json("/v1/ledgers/main/log?after=2");
    assert_eq!(
        (&log["items"][0]["type"], &log["items"][0]["releases"]["cause"]),
        (&json!("release"), &json!("voided"))
    );
}

#[test]
fn a_body_that_is_not_taken_may_be_empty_whatever_its_type() {
    let site = funded(10);
    let void = |id: u64| Request::post(format!("{HOLDS}/{id}/void"));
    for shape in [
        |request: Request| request.json(""),
        |request: Request| request.body(""),
        |request: Request| request.header("content-type", "application/json"),
        |request: Request| request.header("content-type", "text/plain").body(""),
    ] {
        let id = reserve(&site, 10);
        let request = shape(void(id));
        assert_eq!(site.call(&request).status, 200, "{request:?}");
    }
    let id = reserve(&site, 10);
    assert_eq!(site.call(&void(id).json("{\"final\":true}")).status, 400);
    assert_eq!(site.call(&void(id).header("content-type", "text/plain").body("x")).status, 415);
    assert_eq!(standing(&site, id), stands("open", &["0"], &["10"]));
}

#[test]
fn whatever_is_sent_again_gets_the_same_reply_and_happens_once() {
    let site = funded(10);
    let made = json!({ "postings": [posting("a", "b", "USD/2", 10)] });
    let keyed = |path: &str, key: &str, body: Option<&Value>| {
        let request = Request::post(format!("{HOLDS}{path}")).header("idempotency-key", key);
        body.map_or(request.clone(), |body| request.json(body))
    };
    let part = json!({ "postings": [posting("a", "b", "USD/2", 3)] });
    let requests = [
        keyed("", "make", Some(&made)),
        keyed("/1/captures", "capture", Some(&part)),
        keyed("/1/void", "void", None),
    ];
    let first: Vec<Reply> = requests.iter().map(|request| site.call(request)).collect();
    let statuses: Vec<u16> = first.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [201, 201, 200]);
    site.pay("a", "c", "USD/2", 7);
    site.post(&format!("{TRANSACTIONS}/2/reversals"), &json!({}));
    let entries = site.entries();
    let site = site.restarted();
    for (request, first) in requests.iter().zip(&first) {
        let again = site.call(request);
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            (None, Some("true"))
        );
    }
    assert_eq!(site.entries(), entries);
}

#[test]
fn a_dry_run_shows_what_would_be_and_leaves_nothing_behind() {
    let site = funded(10);
    let body = json!({ "postings": [posting("a", "b", "USD/2", 10)], "dry_run": true });
    let tried = site.call(&Request::post(HOLDS).header("idempotency-key", "k").json(body));
    assert_eq!((tried.status, &tried.json()["id"], tried.header("location")), (200, &json!(null), None));
    assert_eq!((&tried.json()["state"], &tried.json()["remaining"]), (&json!("open"), &json!(["10"])));
    assert_eq!(figure(&site, "a", "available"), "10");
    let id = reserve(&site, 10);
    let tried = capture(&site, id, &json!({ "final": true, "dry_run": true }));
    assert_eq!((tried.status, &tried.json()["id"]), (200, &json!(null)));
    assert_eq!(tried.json()["captures"], json!({ "hold": id, "closes": true, "released": [] }));
    assert_eq!(standing(&site, id), stands("open", &["0"], &["10"]));
    assert_eq!(site.entries(), 2);
}

#[test]
fn holds_are_listed_newest_first_by_state_and_account() {
    let site = funded(100);
    site.pay("world", "x", "USD/2", 10);
    let open = reserve(&site, 1);
    let voided = reserve(&site, 2);
    let captured = reserve(&site, 3);
    let other = hold(&site, &json!({ "postings": [posting("x", "y", "USD/2", 4)] }))["id"].as_u64().unwrap();
    assert_eq!(void(&site, voided).status, 200);
    assert_eq!(capture(&site, captured, &json!({})).status, 201);
    let listed = |query: &str| -> Vec<u64> {
        let page = site.json(&format!("{HOLDS}?{query}"));
        page["items"].as_array().unwrap().iter().map(|hold| hold["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(listed(""), [other, captured, voided, open]);
    assert_eq!(listed("state=open"), [other, open]);
    assert_eq!(listed("state=voided"), [voided]);
    assert_eq!(listed("state=captured"), [captured]);
    assert_eq!(listed("state=expired"), [0; 0]);
    assert_eq!(listed("account=b"), [captured, voided, open]);
    assert_eq!(listed("account=y&state=open"), [other]);
    assert_eq!(listed("account=nobody"), [0; 0]);
    let first = site.json(&format!("{HOLDS}?limit=3"));
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = site.json(&format!("{HOLDS}?limit=3&cursor={cursor}"));
    assert_eq!((&last["items"][0]["id"], &last["next_cursor"]), (&json!(open), &json!(null)));
    assert_eq!(last["items"][0], site.json(&format!("{HOLDS}/{open}")));
    assert_eq!(site.get(&format!("{HOLDS}?state=closed&account=a:")).code(), "request.invalid");
    assert_eq!(site.get("/v1/ledgers/other/holds").code(), "ledger.not_found");
}

#[test]
fn no_more_is_captured_than_there_is_however_many_capture_at_once() {
    let site = funded(100);
    let id = reserve(&site, 100);
    let part = json!({ "postings": [posting("a", "b", "USD/2", 3)] });
    let request = Request::post(format!("{HOLDS}/{id}/captures")).json(&part);
    let replies = all_at_once(&site, vec![request; 50]);
    let (captured, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((captured.len(), refused.len()), (33, 17), "{replies:#?}");
    assert!(refused.iter().all(|reply| reply.code() == "hold.exceeds_remaining"), "{refused:#?}");
    assert_eq!(standing(&site, id), stands("open", &["99"], &["1"]));
    assert_eq!((figure(&site, "b", "posted"), figure(&site, "a", "pending_out")), (json!("99"), json!("1")));
}

#[test]
fn of_captures_and_voids_at_once_each_finds_the_hold_as_the_one_before_left_it() {
    let site = funded(100);
    let id = reserve(&site, 100);
    let part = json!({ "postings": [posting("a", "b", "USD/2", 1)] });
    let requests = (0..40).map(|n| match n % 8 {
        7 => Request::post(format!("{HOLDS}/{id}/void")),
        _ => Request::post(format!("{HOLDS}/{id}/captures")).json(&part),
    });
    let replies = all_at_once(&site, requests.collect());
    let captured = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:#?}");
    let refused = replies.iter().filter(|reply| reply.status == 422);
    assert!(refused.clone().all(|reply| reply.code() == "hold.not_open"), "{replies:#?}");
    assert_eq!(refused.count(), 39 - captured);
    assert_eq!(standing(&site, id), stands("voided", &[&captured.to_string()], &["0"]));
    assert_eq!(figure(&site, "a", "available"), (100 - captured).to_string());
}
