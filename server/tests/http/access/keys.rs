//! Keys: created, shown, listed, revoked.

use serde_json::{Value, json};

use super::{everywhere, issued, key, outcome, with};
use crate::harness::{ADMIN_KEY, Request, run};
use crate::site::{Site, TRANSACTIONS, posting};

#[test]
fn a_key_is_shown_once_with_its_text_and_then_without() {
    let site = Site::start();
    let grants = json!([{ "scopes": ["ledger:read", "ledger:write"], "ledgers": ["main"] }]);
    let body = json!({ "name": "billing", "grants": grants, "expires_at": "2999-01-31T12:00:00Z" });
    let (secret, id) = issued(&site, &body);
    assert!(secret.starts_with(&format!("florin_{id}_")), "{secret}");
    let shown = site.json(&format!("/v1/keys/{id}"));
    assert_eq!((&shown["name"], &shown["state"]), (&json!("billing"), &json!("active")));
    assert_eq!(shown["grants"], grants);
    assert_eq!(shown["created_by"], "key:2USBDPIBEdi3");
    assert_eq!((&shown["revoked_at"], &shown["last_used_at"]), (&Value::Null, &Value::Null));
    let listed = site.json("/v1/keys");
    assert_eq!(listed["items"][0], shown);
    assert_eq!(listed["items"][1]["id"], "2USBDPIBEdi3");
    assert!(!listed.to_string().contains(&secret));

    let own = site.call(&Request::get("/v1/principal").key(&secret)).json();
    assert_eq!((&own["kind"], &own["id"]), (&json!("key"), &json!(id)));
    assert_eq!((&own["name"], &own["grants"]), (&json!("billing"), &grants));
    assert_eq!(own["expires_at"], "2999-01-31T12:00:00.000000Z");
}

#[test]
fn keys_are_listed_newest_first_in_pages() {
    let site = Site::start();
    for name in ["a", "b", "c"] {
        issued(&site, &json!({ "name": name, "grants": everywhere(&["ledger:read"]) }));
    }
    let first = site.json("/v1/keys?limit=2");
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = site.json(&format!("/v1/keys?limit=2&cursor={cursor}"));
    let name = |page: &Value, index: usize| page["items"][index]["name"].clone();
    assert_eq!([name(&first, 0), name(&first, 1), name(&second, 0)], [json!("c"), json!("b"), json!("a")]);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[test]
fn a_revoked_key_opens_nothing_from_that_moment_on() {
    let site = Site::start();
    let (secret, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    let ask = || with(&site, Request::get("/v1/ledgers/main"), &secret);
    assert_eq!(ask(), (200, String::new()));
    let revoke = Request::delete(format!("/v1/keys/{id}"));
    let revoked = site.call(&revoke);
    assert_eq!((revoked.status, &revoked.json()["state"]), (200, &json!("revoked")));
    assert_eq!(ask(), (401, "authentication.invalid".to_owned()));
    // The same again changes nothing.
    assert_eq!(site.call(&revoke).json(), revoked.json());
    let none = site.call(&Request::delete("/v1/keys/000000000000"));
    assert_eq!(outcome(&none), (404, "key.not_found".to_owned()));
}

#[test]
fn a_wrong_secret_of_a_real_key_opens_nothing() {
    let site = Site::start();
    // A good checksum, the admin's id, another secret.
    let forged = identity::KeyText::from_random([7; 9], &[8; 32]);
    assert!(forged.expose().starts_with(&ADMIN_KEY[..20]));
    assert_eq!(
        with(&site, Request::get("/v1/ledgers"), forged.expose()),
        (401, "authentication.invalid".to_owned())
    );
    assert_eq!(site.get("/v1/ledgers").status, 200);
}

#[test]
fn nobody_grants_what_they_do_not_have() {
    let site = Site::start();
    let own = json!([
        { "scopes": ["keys:admin", "ledger:read"], "ledgers": "all" },
        { "scopes": ["ledger:write"], "ledgers": ["eu"] },
    ]);
    let secret = key(&site, &own);
    let ask = |grants: Value| {
        let request = Request::post("/v1/keys").json(json!({ "name": "a", "grants": grants }));
        site.call(&request.key(&secret))
    };
    assert_eq!(ask(json!([{ "role": "writer", "ledgers": ["eu"] }])).status, 201);
    for (grants, scope) in [
        (json!([{ "role": "writer", "ledgers": "all" }]), "ledger:write"),
        (json!([{ "role": "writer", "ledgers": ["eu", "us"] }]), "ledger:write"),
        (json!([{ "role": "admin", "ledgers": "all" }]), "ledger:write"),
        (everywhere(&["audit:read"]), "audit:read"),
    ] {
        let reply = ask(grants.clone());
        assert_eq!(outcome(&reply), (403, "key.exceeds_creator".to_owned()), "{grants}");
        assert_eq!(reply.json()["scope"], scope, "{grants}");
    }
}

#[test]
fn what_is_wrong_with_a_key_to_be_is_named() {
    let site = Site::start();
    let grants = everywhere(&["ledger:read"]);
    for (body, field) in [
        (json!({ "name": "", "grants": grants }), "name"),
        (json!({ "name": "x".repeat(101), "grants": grants }), "name"),
        (json!({ "name": "a", "grants": [] }), "grants"),
        (json!({ "name": "a", "grants": [{ "role": "root", "ledgers": "all" }] }), "grants[0].role"),
        (json!({ "name": "a", "grants": [{ "role": "admin", "ledgers": ["main"] }] }), "grants"),
        (json!({ "name": "a", "grants": grants, "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
    ] {
        let reply = site.post("/v1/keys", &body);
        assert_eq!(outcome(&reply), (400, "request.invalid".to_owned()), "{body}");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{body}");
    }
    let body = json!({ "name": "a", "grants": grants });
    let reply = site.call(&Request::post("/v1/keys").header("idempotency-key", "k").json(body));
    assert_eq!(reply.json()["errors"][0]["field"], "Idempotency-Key");
}

#[test]
fn lists_of_ledgers_show_those_that_one_may_read() {
    let site = Site::start();
    for name in ["a", "b", "c", "d"] {
        assert_eq!(site.post("/v1/ledgers", &json!({ "name": name })).status, 201);
    }
    let some = key(
        &site,
        &json!([
            { "scopes": ["ledger:read"], "ledgers": ["d", "b", "not-there"] },
            { "scopes": ["ledger:write"], "ledgers": ["a"] },
        ]),
    );
    let names = |path: &str| {
        let page = site.call(&Request::get(path).key(&some)).json();
        let items = page["items"].as_array().expect("a list").clone();
        let names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        (names, page["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(names("/v1/ledgers"), (vec!["b".to_owned(), "d".to_owned()], None));
    let (first, cursor) = names("/v1/ledgers?limit=1");
    assert_eq!(first, ["b"]);
    let (second, end) = names(&format!("/v1/ledgers?limit=1&cursor={}", cursor.expect("there is more")));
    assert_eq!((second, end), (vec!["d".to_owned()], None));
}

#[test]
fn a_ledger_that_is_not_to_be_seen_looks_like_one_that_is_not_there() {
    let site = Site::start();
    let secret = key(&site, &json!([{ "role": "operator", "ledgers": ["other"] }]));
    let body = |path: &str| {
        let mut reply = site.call(&Request::get(path).key(&secret)).json();
        reply["request_id"] = Value::Null;
        reply
    };
    assert_eq!(body("/v1/ledgers/main"), body("/v1/ledgers/nowhere"));
    assert_eq!(body("/v1/ledgers/main/accounts/a"), body("/v1/ledgers/other/accounts/a"));
}

#[test]
fn without_authentication_anybody_may_do_everything() {
    let site = Site::start_with(&[("PX_AUTHENTICATION__MODE", "off")]);
    let transaction = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let reply = site.call(&Request::post(TRANSACTIONS).without_key().json(transaction));
    assert_eq!(reply.status, 201);
    let own = site.call(&Request::get("/v1/principal").without_key()).json();
    assert_eq!((&own["kind"], &own["id"]), (&json!("anybody"), &Value::Null));
    assert_eq!(own["grants"][0]["ledgers"], "all");
}

#[test]
fn no_secret_is_ever_logged() {
    let site = Site::start_with(&[("PX_TELEMETRY__FILTER", "trace")]);
    let (secret, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    for path in ["/v1/ledgers/main", "/v1/keys", "/v1/ledgers/BAD"] {
        site.call(&Request::get(path).key(&secret));
    }
    site.call(&Request::get(format!("/v1/keys/{id}")));
    let logged = site.logged();
    for secret in [&secret, ADMIN_KEY] {
        assert!(!logged.contains(&secret[20..]), "a key's secret is in the log");
    }
    let shown = run(site.folder(), &[], &["config"]);
    assert!(shown.stdout.contains("admin_key: \"***\"") && !shown.stdout.contains(ADMIN_KEY), "{shown:?}");
}
