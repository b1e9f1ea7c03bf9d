//! Users: created, shown, listed, changed, and by whom.

use serde_json::{Value, json};

use super::{everywhere, key, outcome};
use crate::harness::{ADMIN_KEY, Request};
use crate::site::{Site, on_both_databases};

/// Creates a user, and returns them.
fn user(site: &Site, name: &str, grants: &Value) -> Value {
    let email = format!("{name}@example.com");
    let reply = site.post("/v1/users", &json!({ "name": name, "email": email, "grants": grants }));
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

fn path(user: &Value) -> String {
    format!("/v1/users/{}", user["id"].as_str().expect("an id"))
}

fn change(site: &Site, user: &Value, body: Value) -> Value {
    let reply = site.call(&Request::patch(path(user)).json(body));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

#[test]
fn a_user_is_created_shown_and_changed() {
    on_both_databases(|site| {
        let grants = json!([{ "scopes": ["ledger:read", "ledger:write"], "ledgers": ["main"] }]);
        let body = json!({ "name": "Ada Lovelace", "email": "Ada@Example.COM", "grants": grants });
        let created = site.post("/v1/users", &body);
        assert_eq!(created.status, 201, "{created:?}");
        let ada = created.json();
        assert_eq!(created.header("location"), Some(&*path(&ada)));
        assert_eq!((&ada["name"], &ada["email"]), (&json!("Ada Lovelace"), &json!("Ada@example.com")));
        assert_eq!((&ada["state"], &ada["grants"]), (&json!("active"), &grants));
        assert_eq!(ada["created_by"], "key:2USBDPIBEdi3");
        assert_eq!((&ada["email_verified_at"], &ada["password_set_at"]), (&Value::Null, &Value::Null));
        assert_eq!(site.json(&path(&ada)), ada);

        assert_eq!(change(site, &ada, json!({})), ada, "nothing was to be changed");
        assert_eq!(change(site, &ada, json!({ "name": "Ada Lovelace", "email": null })), ada);
        let wanted = json!({
            "name": "Grace Hopper",
            "email": "grace@example.com",
            "state": "disabled",
            "grants": [{ "role": "auditor", "ledgers": "all" }],
        });
        let changed = change(site, &ada, wanted);
        let expected = [
            ("name", json!("Grace Hopper")),
            ("email", json!("grace@example.com")),
            ("state", json!("disabled")),
            ("grants", json!([{ "scopes": ["ledger:read", "audit:read"], "ledgers": "all" }])),
        ];
        let mut shown = ada.clone();
        for (name, value) in expected {
            shown[name] = value;
        }
        assert_eq!(changed, shown);
        assert_eq!(site.json(&path(&ada)), shown);
        assert_eq!(change(site, &ada, json!({ "state": "active" }))["state"], "active");

        let none = site.call(&Request::get("/v1/users/000000000000"));
        assert_eq!(outcome(&none), (404, "user.not_found".to_owned()));
        let none = site.call(&Request::patch("/v1/users/000000000000").json(json!({ "state": "active" })));
        assert_eq!(outcome(&none), (404, "user.not_found".to_owned()));

        let records = site.json("/v1/audit?limit=4");
        let told = |index: usize| {
            let record = &records["items"][index];
            (record["action"].clone(), record["subject"].clone(), record["actor"].clone())
        };
        let id = ada["id"].as_str().unwrap();
        let admin = json!("key:2USBDPIBEdi3");
        let state = json!(format!("{id}: state"));
        assert_eq!(told(0), (json!("user.changed"), state, admin.clone()));
        let all = json!(format!("{id}: name, email, state, grants"));
        assert_eq!(told(1), (json!("user.changed"), all, admin.clone()));
        let invited = json!(format!("{id}: invitation"));
        assert_eq!(told(2), (json!("user.link_mailed"), invited, admin.clone()));
        assert_eq!(told(3), (json!("user.created"), json!(id), admin));
    });
}

#[test]
fn an_address_is_one_users_whatever_its_case() {
    on_both_databases(|site| {
        let ada = user(site, "ada", &everywhere(&["ledger:read"]));
        let grace = user(site, "grace", &everywhere(&["ledger:read"]));
        let taken = (409, "user.email_taken".to_owned());
        let body = json!({ "name": "x", "email": "ADA@example.COM", "grants": everywhere(&["ledger:read"]) });
        assert_eq!(outcome(&site.post("/v1/users", &body)), taken);
        let request = Request::patch(path(&grace)).json(json!({ "email": "Ada@example.com" }));
        assert_eq!(outcome(&site.call(&request)), taken);
        assert_eq!(site.json(&path(&grace)), grace);
        assert_eq!(change(site, &ada, json!({ "email": "ADA@example.com" }))["email"], "ADA@example.com");
        change(site, &ada, json!({ "email": "other@example.com" }));
        assert_eq!(site.post("/v1/users", &body).status, 201);
    });
}

#[test]
fn users_are_listed_newest_first_by_state_and_by_address() {
    on_both_databases(|site| {
        let users = ["a", "b", "c", "d"].map(|name| user(site, name, &everywhere(&["ledger:read"])));
        change(site, &users[1], json!({ "state": "disabled" }));
        let names = |path: &str| {
            let page = site.json(path);
            let items = page["items"].as_array().expect("a list").clone();
            let names: Vec<_> = items.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
            (names.concat(), page["next_cursor"].as_str().map(str::to_owned))
        };
        let (first, cursor) = names("/v1/users?limit=3");
        assert_eq!(first, "dcb");
        let cursor = cursor.expect("there is more");
        assert_eq!(names(&format!("/v1/users?limit=3&cursor={cursor}")), ("a".to_owned(), None));
        let (first, cursor) = names("/v1/users?state=active&limit=2");
        let rest =
            names(&format!("/v1/users?state=active&limit=2&cursor={}", cursor.expect("there is more")));
        assert_eq!((first, rest), ("dc".to_owned(), ("a".to_owned(), None)));
        assert_eq!(names("/v1/users?state=disabled"), ("b".to_owned(), None));
        assert_eq!(names("/v1/users?email=B@example.com"), ("b".to_owned(), None));
        assert_eq!(names("/v1/users?email=b@example.com&state=disabled"), ("b".to_owned(), None));
        for none in ["email=e@example.com", "email=b@example.com&state=active"] {
            assert_eq!(names(&format!("/v1/users?{none}")), (String::new(), None), "{none}");
        }
    });
}

#[test]
fn nobody_changes_a_user_who_has_more_than_they_have() {
    let site = Site::start();
    let own = json!([
        { "scopes": ["users:admin", "ledger:read"], "ledgers": "all" },
        { "scopes": ["ledger:write"], "ledgers": ["eu"] },
    ]);
    let secret = key(&site, &own);
    let admin = user(&site, "admin", &json!([{ "role": "admin", "ledgers": "all" }]));
    let refused = |request: Request, code: &str, scope: &str| {
        let reply = site.call(&request.key(&secret));
        assert_eq!(outcome(&reply), (403, code.to_owned()));
        assert_eq!(reply.json()["scope"], scope);
    };
    // Their own address in the account of somebody who has more would make the account theirs.
    for body in [
        json!({ "email": "mine@example.com" }),
        json!({ "state": "disabled" }),
        json!({ "grants": everywhere(&["ledger:read"]) }),
        json!({ "name": "x" }),
    ] {
        refused(Request::patch(path(&admin)).json(body), "user.exceeds_caller", "ledger:write");
    }
    assert_eq!(site.json(&path(&admin)), admin);
    let new = |grants: &Value| {
        let body = json!({ "name": "new", "email": "new@example.com", "grants": grants });
        Request::post("/v1/users").json(body)
    };
    refused(new(&everywhere(&["ledger:write"])), "user.exceeds_creator", "ledger:write");
    refused(new(&everywhere(&["keys:admin"])), "user.exceeds_creator", "keys:admin");
    let made = site.call(&new(&own).key(&secret));
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let more = json!({ "grants": [{ "role": "writer", "ledgers": ["us"] }] });
    refused(Request::patch(path(&made)).json(more), "user.exceeds_creator", "ledger:write");
    let less = json!({ "grants": everywhere(&["ledger:read"]), "email": "other@example.com" });
    assert_eq!(site.call(&Request::patch(path(&made)).json(less).key(&secret)).status, 200);
    // That they may be looked at is another matter.
    assert_eq!(site.call(&Request::get(path(&admin)).key(&secret)).json(), admin);
}

#[test]
fn what_is_wrong_with_a_user_to_be_is_named() {
    let site = Site::start();
    let good = json!({ "name": "a", "email": "a@example.com", "grants": everywhere(&["ledger:read"]) });
    let existing = user(&site, "existing", &good["grants"]);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, field) in [
        (with("name", json!("")), "name"),
        (with("name", json!("x".repeat(101))), "name"),
        (with("email", json!("a")), "email"),
        (with("email", json!("a b@example.com")), "email"),
        (with("email", json!(format!("{}@example.com", "a".repeat(65)))), "email"),
        (with("grants", json!([])), "grants"),
        (with("grants", json!([{ "role": "root", "ledgers": "all" }])), "grants[0].role"),
        (with("password", json!("correct horse battery staple")), "password"),
    ] {
        for request in [Request::post("/v1/users"), Request::patch(path(&existing))] {
            let reply = site.call(&request.json(body.clone()));
            assert_eq!(outcome(&reply), (400, "request.invalid".to_owned()), "{body}");
            assert_eq!(reply.json()["errors"][0]["field"], field, "{body}");
        }
    }
    let reply = site.call(&Request::patch(path(&existing)).json(json!({ "state": "gone" })));
    assert_eq!(reply.json()["errors"][0]["field"], "state");
    let reply = site.call(&Request::post("/v1/users").header("idempotency-key", "k").json(good));
    assert_eq!(reply.json()["errors"][0]["field"], "Idempotency-Key");
    for (query, field) in [("email=a", "email"), ("state=gone", "state")] {
        let reply = site.call(&Request::get(format!("/v1/users?{query}")).key(ADMIN_KEY));
        assert_eq!(reply.json()["errors"][0]["field"], field);
    }
    assert_eq!(site.json(&path(&existing)), existing);
}
