//! Requests that a page of somebody else's has a browser send, with the cookie that it sends by itself.

use serde_json::json;

use super::lab::{Lab, PASSWORD, on_both};
use crate::harness::Request;

/// What browsers, and programs, say of where a request comes from, and whether that will do.
const CASES: [(&[(&str, &str)], bool); 15] = [
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "none")], true),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://nobody")], false),
    (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], true),
    (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
    (&[("sec-fetch-site", "")], false),
    (&[("origin", "https://nobody")], true),
    (&[("origin", "https://nobody:443")], true),
    (&[("origin", "http://nobody")], false),
    (&[("origin", "https://nobody.evil.example")], false),
    (&[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")], false),
    (&[("origin", "null")], false),
    (&[], false),
];

fn with(request: Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request.without_key(), |request, (name, value)| request.header(name, value))
}

fn with_cookie(request: Request, cookie: &str) -> Request {
    request.header("cookie", format!("__Host-florin_session={cookie}"))
}

fn outcome(lab: &Lab, request: &Request) -> (u16, String) {
    let reply = lab.call(request);
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

#[test]
fn a_request_that_changes_something_has_to_come_from_a_page_of_the_service() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "keys:admin,users:admin,ledgers:create@*");
        let session = lab.signed_in("ada@example.com");
        let user = json!({ "password": PASSWORD, "email": "ada@example.com" });
        for (headers, is_own) in CASES {
            let refused = (403, "csrf.refused".to_owned());
            for request in [
                Request::post("/v1/ledgers").json("{}"),
                Request::new("PUT", "/v1/principal/password").json("{}"),
                Request::patch("/v1/users/000000000000").json("{}"),
                Request::delete("/v1/keys/000000000000"),
            ] {
                let outcome = outcome(lab, &with_cookie(with(request.clone(), headers), &session));
                assert_eq!(outcome == refused, !is_own, "{headers:?} {request:?}: {outcome:?}");
            }
            // Reading may come about anyhow: what is read, a page of somebody else's does not get to see.
            let read = with_cookie(with(Request::get("/v1/principal"), headers), &session);
            assert_eq!(outcome(lab, &read).0, 200, "{headers:?}");
            // Who signs in has no cookie yet, and must not be signed in as somebody else.
            let signs_in = with(Request::post("/v1/sessions"), headers).json(&user);
            assert_eq!(outcome(lab, &signs_in) == refused, !is_own, "{headers:?}");
        }
        let trail = lab.trail();
        let forged =
            |route: &str| trail.iter().any(|event| event.subject == format!("{route}: csrf.refused"));
        assert!(forged("POST /v1/sessions") && forged("POST /v1/ledgers"));
    });
}

#[test]
fn a_key_needs_no_page_and_gets_nothing_by_a_cookie() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledgers:create@*");
        let session = lab.signed_in("ada@example.com");
        let key = lab.run(async {
            let text = engine::access::random_key().unwrap();
            lab.engine().ensure_admin_key(&text, "a").await.unwrap();
            text
        });
        let request = Request::post("/v1/ledgers").json(r#"{"name":"a"}"#).key(key.expose());
        let request = request.header("sec-fetch-site", "cross-site");
        assert_eq!(outcome(lab, &with_cookie(request, &session)).0, 201);
        let is_creation = |event: &identity::AuditEvent| event.action == identity::Action::LedgerCreated;
        let created = lab.trail().into_iter().rfind(is_creation).unwrap();
        assert_eq!(created.actor, identity::Actor::Key(key.id()));
    });
}

#[test]
fn pages_of_other_origins_read_nothing_with_a_cookie() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let session = lab.signed_in("ada@example.com");
        let request = Request::get("/v1/principal").header("origin", "https://evil.example").without_key();
        let reply = lab.call(&with_cookie(request, &session));
        for header in ["access-control-allow-origin", "access-control-allow-credentials"] {
            assert_eq!(reply.header(header), None);
        }
    });
}
