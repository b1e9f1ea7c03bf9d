//! Signing in, and what a session opens.

use identity::{Action, Actor};
use serde_json::json;

use super::lab::{Lab, PASSWORD, cookie, on_both, own, sign_in, with_session};
use crate::harness::Request;

fn principal(lab: &Lab, cookie: &str) -> (u16, String) {
    let reply = lab.call(&with_session(Request::get("/v1/principal"), cookie));
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

#[test]
fn who_signs_in_gets_a_cookie_that_opens_what_they_may() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let request = sign_in("ADA@Example.com", PASSWORD).header("user-agent", "Mozilla/5.0 (X11)");
        let reply = lab.call(&request.header("x-forwarded-for", "192.0.2.7"));
        assert_eq!(reply.status, 201, "{reply:?}");
        let value = cookie(&reply);
        assert_eq!(
            reply.header("set-cookie").unwrap(),
            format!("__Host-florin_session={value}; Path=/; Secure; HttpOnly; SameSite=Strict")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(!reply.body.contains(&value), "it is in the cookie and nowhere else");
        let session = reply.json();
        let id = session["id"].as_str().unwrap();
        assert_eq!(reply.header("location"), Some(&*format!("/v1/sessions/{id}")));
        assert_eq!(session["user"], user.id.as_str());
        assert_eq!((&session["current"], &session["state"]), (&json!(true), &json!("active")));
        assert_eq!(
            (&session["address"], &session["user_agent"]),
            (&json!("192.0.2.7"), &json!("Mozilla/5.0 (X11)"))
        );
        assert_eq!(session["expires_at"], "2023-11-15T10:13:20.000000Z");

        let who = lab.call(&with_session(Request::get("/v1/principal"), &value)).json();
        assert_eq!((&who["kind"], &who["id"]), (&json!("user"), &json!(user.id.as_str())));
        assert_eq!(who["grants"], json!([{ "scopes": ["ledger:read"], "ledgers": ["main"] }]));
        assert_eq!(who["expires_at"], session["expires_at"]);
        let keys = lab.call(&with_session(Request::get("/v1/keys"), &value));
        assert_eq!((keys.status, &*keys.code()), (403, "authorization.denied"));

        let started = lab.trail().into_iter().find(|event| event.action == Action::SessionStarted).unwrap();
        assert_eq!((started.actor, &*started.subject), (Actor::User(user.id), id));
        assert_eq!(started.address, Some([192, 0, 2, 7].into()));
    });
}

#[test]
fn who_was_refused_stands_in_the_trail_without_what_they_typed() {
    on_both(1, |lab| {
        let disabled = lab.user("bob@example.com", "ledger:read@*");
        lab.disable(&disabled.id);
        for email in ["nobody@example.com", "bob@example.com"] {
            assert_eq!(lab.call(&sign_in(email, PASSWORD)).code(), "sign_in.refused");
        }
        let trail = lab.trail();
        let tried: Vec<_> = trail.iter().filter(|event| event.action == Action::Refused).collect();
        assert!(tried.iter().all(|event| event.actor == Actor::Unknown && event.address.is_some()));
        // Whose address it is stands there, and no address of mail does.
        let subjects: Vec<&str> = tried.iter().map(|event| &*event.subject).collect();
        assert!(subjects.contains(&"POST /v1/sessions: sign_in.refused"), "{subjects:?}");
        assert!(subjects.contains(&&*format!("POST /v1/sessions: sign_in.refused, user:{}", disabled.id)));
        assert!(!subjects.iter().any(|subject| subject.contains('@')), "{subjects:?}");
    });
}

#[test]
fn signing_in_again_starts_another_session_and_ends_the_one_that_came_along() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let (first, other) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        let again =
            sign_in("ada@example.com", PASSWORD).header("cookie", format!("__Host-florin_session={first}"));
        let third = cookie(&lab.call(&again));
        assert!(third != first && third[..12] != first[..12]);
        assert_eq!(principal(lab, &first), (401, "authentication.invalid".to_owned()));
        assert_eq!((principal(lab, &other).0, principal(lab, &third).0), (200, 200));
        // An id without its secret ends nobody's session.
        let forged = format!("{}_{}", &third[..12], "0".repeat(43));
        let with_forged = sign_in("ada@example.com", PASSWORD);
        assert_eq!(
            lab.call(&with_forged.header("cookie", format!("__Host-florin_session={forged}"))).status,
            201
        );
        assert_eq!(principal(lab, &forged), (401, "authentication.invalid".to_owned()));
        assert_eq!(principal(lab, &third).0, 200);
    });
}

#[test]
fn a_cookie_that_is_none_is_refused_and_keeps_nobody_from_signing_in() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let good = lab.signed_in("ada@example.com");
        for bad in ["", "x", &good[1..], &format!("{good}; __Host-florin_session={good}")] {
            assert_eq!(principal(lab, bad), (401, "authentication.invalid".to_owned()), "{bad}");
            let request = sign_in("ada@example.com", PASSWORD);
            let reply = lab.call(&request.header("cookie", format!("__Host-florin_session={bad}")));
            assert_eq!(reply.status, 201, "{bad}: {reply:?}");
        }
        // Another cookie is none of our business.
        let reply =
            lab.call(&own(Request::get("/v1/principal")).header("cookie", format!("florin_session={good}")));
        assert_eq!((reply.status, &*reply.code()), (401, "authentication.required"));
        // The header counts before the cookie, good or bad.
        let reply = lab.call(&with_session(Request::get("/v1/principal"), &good).key("florin_x"));
        assert_eq!((reply.status, &*reply.code()), (401, "authentication.invalid"));
    });
}

#[test]
fn what_signs_in_is_bounded_and_taken_once() {
    on_both(1, |lab| {
        for (body, field) in [
            (json!({ "password": "a" }), "email"),
            (json!({ "email": "a@b" }), "password"),
            (json!({ "email": "a", "password": "a" }), "email"),
            (json!({ "email": "a@b", "password": "" }), "password"),
            (json!({ "email": "a@b", "password": "a".repeat(1025) }), "password"),
            (json!({ "email": "a@b", "password": 1 }), "password"),
            (json!({ "email": "a@b", "password": "a", "remember": true }), "remember"),
        ] {
            let reply = lab.call(&own(Request::post("/v1/sessions")).json(&body));
            assert_eq!((reply.status, &*reply.code()), (400, "request.invalid"), "{body}");
            assert_eq!(reply.json()["errors"][0]["field"], field, "{body}");
        }
        let reply = lab.call(&sign_in("a@b", "a").header("idempotency-key", "once"));
        assert_eq!(reply.json()["errors"][0]["field"], "Idempotency-Key", "{reply:?}");
    });
}
