//! Second factors: how they come, what signing in takes then, and how they go.

use std::time::Duration;

use identity::{Action, Actor, AuditEvent, TotpSecret, UserId};
use serde_json::{Value, json};

use super::lab::{Lab, PASSWORD, on_both, own, sign_in, with_session};
use crate::harness::{Reply, Request};

fn outcome(reply: &Reply) -> (u16, String) {
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Base 32 back into a secret.
fn secret(text: &str) -> TotpSecret {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0_u64, 0, Vec::new());
    for character in text.bytes() {
        let five = digits.iter().position(|digit| *digit == character).expect("base 32");
        bits = bits << 5 | five as u64;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255).unwrap());
        }
    }
    TotpSecret::from_bytes(bytes.try_into().expect("20 bytes"))
}

fn now(lab: &Lab) -> i64 {
    lab.engine().now().micros() / 1_000_000
}

fn with_code(email: &str, password: &str, code: &str) -> Request {
    own(Request::post("/v1/sessions")).json(json!({ "email": email, "password": password, "code": code }))
}

fn try_code(lab: &Lab, code: &str) -> (u16, String) {
    outcome(&lab.call(&with_code("ada@example.com", PASSWORD, code)))
}

fn begin(lab: &Lab, cookie: &str, password: &str) -> Reply {
    let request = Request::post("/v1/principal/totp").json(json!({ "password": password }));
    lab.call(&with_session(request, cookie))
}

/// Gives a user who is signed in a second factor, and returns its secret and recovery codes.
pub(super) fn enrol(lab: &Lab, cookie: &str) -> (TotpSecret, Vec<String>) {
    let enrolled = begin(lab, cookie, PASSWORD);
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(enrolled.header("cache-control"), Some("no-store"));
    let body = enrolled.json();
    let text = body["secret"].as_str().unwrap();
    assert!(body["uri"].as_str().unwrap().starts_with("otpauth://totp/Florin:"));
    let secret = secret(text);
    let confirm = |code: &str| {
        let request = Request::post("/v1/principal/totp/confirm").json(json!({ "code": code }));
        lab.call(&with_session(request, cookie))
    };
    let code = secret.code_at(now(lab));
    let wrong = if code.as_str() == "000000" { "000001" } else { "000000" };
    assert_eq!(outcome(&confirm(wrong)), refused(403, "second_factor.wrong"));
    let confirmed = confirm(&code);
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let codes = confirmed.json()["recovery_codes"].as_array().unwrap().clone();
    (secret, codes.iter().map(|code: &Value| code.as_str().unwrap().to_owned()).collect())
}

#[test]
fn signing_in_takes_a_code_once_a_second_factor_is_confirmed_and_each_code_once() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        // One that is not confirmed counts for nothing.
        begin(lab, &cookie, PASSWORD);
        lab.signed_in("ada@example.com");
        let (secret, codes) = enrol(lab, &cookie);
        assert_eq!(codes.len(), 10);
        lab.mails("second_factor_changed", 1);

        let without = lab.call(&sign_in("ada@example.com", PASSWORD));
        assert_eq!(outcome(&without), refused(401, "second_factor.required"));
        // The code with which it was confirmed is used up.
        let spent = secret.code_at(now(lab)).to_string();
        assert_eq!(try_code(lab, &spent), refused(401, "second_factor.refused"));
        lab.pass(Duration::from_secs(30));
        let code = secret.code_at(now(lab)).to_string();
        assert_eq!(try_code(lab, &code).0, 201);
        assert_eq!(try_code(lab, &code), refused(401, "second_factor.refused"));
        assert_eq!(outcome(&begin(lab, &cookie, PASSWORD)), refused(409, "second_factor.exists"));

        let trail = lab.trail();
        assert!(
            trail
                .iter()
                .any(|event| event.action == Action::SecondFactorAdded && event.subject == user.id.as_str())
        );
        let refusals = trail.iter().filter(|event| event.action == Action::Refused);
        assert!(
            refusals.into_iter().any(|event| event.subject.contains("second_factor.refused")),
            "{trail:?}"
        );
    });
}

#[test]
fn of_many_who_come_with_one_code_at_once_one_gets_in() {
    on_both(2, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let (secret, codes) = enrol(lab, &cookie);
        lab.pass(Duration::from_mins(1));
        for code in [secret.code_at(now(lab)).to_string(), codes[0].clone()] {
            let request = |at: usize| {
                with_code("ada@example.com", PASSWORD, &code)
                    .header("x-forwarded-for", format!("192.0.{at}.7"))
            };
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let request = &request;
                let calls: Vec<_> =
                    (0..4).map(|at| scope.spawn(move || lab.call_on(at % 2, &request(at)).status)).collect();
                calls.into_iter().map(|call| call.join().expect("a reply")).collect()
            });
            assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        }
    });
}

#[test]
fn a_recovery_code_does_once_what_a_code_does() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let (_, codes) = enrol(lab, &cookie);
        assert_eq!(try_code(lab, &codes[3].to_lowercase().replace('-', " ")).0, 201);
        assert_eq!(try_code(lab, &codes[3]), refused(401, "second_factor.refused"));
        assert_eq!(try_code(lab, &codes[4]).0, 201);
        let used = lab.trail().into_iter().filter(|event| event.action == Action::RecoveryCodeUsed).count();
        assert_eq!(used, 2);
    });
}

#[test]
fn who_lacks_the_password_learns_nothing_of_the_second_factor() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let (secret, codes) = enrol(lab, &cookie);
        lab.pass(Duration::from_secs(30));
        let code = secret.code_at(now(lab)).to_string();
        let bodies: Vec<_> = [
            with_code("ada@example.com", "wrong", &code),
            sign_in("ada@example.com", "wrong"),
            with_code("nobody@example.com", "wrong", &codes[0]),
        ]
        .iter()
        .map(|request| lab.call(request))
        .map(|reply| (outcome(&reply), reply.body.replace(reply.header("x-request-id").unwrap(), "ID")))
        .collect();
        assert_eq!(bodies[0].0, refused(401, "sign_in.refused"));
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        // Nothing was used up by that.
        assert_eq!(try_code(lab, &code).0, 201);
    });
}

#[test]
fn wrong_codes_are_throttled_as_wrong_passwords_are() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        enrol(lab, &cookie);
        let wrong = "A4DQ-OBYH-A4DQ-OBYH-A4DQ-OBYH";
        let outcomes: Vec<_> = (0..6).map(|_| try_code(lab, wrong)).collect();
        assert_eq!(outcomes[0], refused(401, "second_factor.refused"));
        assert!(outcomes.contains(&refused(429, "sign_in.throttled")), "{outcomes:?}");
    });
}

#[test]
fn a_second_factor_goes_for_a_password_or_a_code_or_by_who_administers_users() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let remove = |body: Value| {
            outcome(&lab.call(&with_session(Request::delete("/v1/principal/totp").json(body), &cookie)))
        };
        assert_eq!(remove(json!({ "password": PASSWORD })), refused(404, "second_factor.not_found"));
        let (_, codes) = enrol(lab, &cookie);
        assert_eq!(remove(json!({})).0, 400);
        assert_eq!(remove(json!({ "password": "wrong" })), refused(403, "second_factor.wrong"));
        assert_eq!(remove(json!({ "password": PASSWORD })).0, 200);
        lab.signed_in("ada@example.com");
        // The recovery codes went with it.
        let (_, others) = enrol(lab, &cookie);
        assert_eq!(remove(json!({ "code": codes[0] })), refused(403, "second_factor.wrong"));
        assert_eq!(remove(json!({ "code": others[0] })).0, 200);

        enrol(lab, &cookie);
        lab.user("admin@example.com", "ledger:read,users:admin@*");
        lab.user("lesser@example.com", "users:admin@*");
        let path = format!("/v1/users/{}/totp", user.id);
        let by = |email: &str| {
            let cookie = lab.signed_in(email);
            outcome(&lab.call(&with_session(Request::delete(&path), &cookie)))
        };
        assert_eq!(by("lesser@example.com"), refused(403, "second_factor.exceeds_caller"));
        assert_eq!(by("admin@example.com").0, 200);
        assert_eq!(by("admin@example.com"), refused(404, "second_factor.not_found"));
        lab.signed_in("ada@example.com");
        lab.mails("second_factor_changed", 6);
    });
}

#[test]
fn a_session_alone_begins_no_second_factor() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let outcomes: Vec<_> = (0..6).map(|_| outcome(&begin(lab, &cookie, "wrong"))).collect();
        assert_eq!(outcomes[0], refused(403, "second_factor.wrong"));
        assert!(outcomes.contains(&refused(429, "second_factor.throttled")), "{outcomes:?}");
        let trail = lab.trail();
        for code in ["second_factor.wrong", "second_factor.throttled"] {
            let is_it = |event: &AuditEvent| {
                event.action == Action::Refused
                    && event.actor == Actor::User(user.id.clone())
                    && event.subject == format!("POST /v1/principal/totp: {code}")
            };
            assert!(trail.iter().any(is_it), "{code}: {trail:?}");
        }
    });
}

#[test]
fn a_session_alone_tries_no_codes_to_confirm_a_second_factor() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        assert_eq!(begin(lab, &cookie, PASSWORD).status, 200);
        let wrong = || {
            let request = Request::post("/v1/principal/totp/confirm").json(json!({ "code": "000000" }));
            outcome(&lab.call(&with_session(request, &cookie)))
        };
        let outcomes: Vec<_> = (0..12).map(|_| wrong()).collect();
        assert_eq!(outcomes[0], refused(403, "second_factor.wrong"));
        assert_eq!(outcomes[11], refused(429, "second_factor.throttled"), "{outcomes:?}");
        // They count as wrong passwords do.
        let signs_in = lab.call(&sign_in("ada@example.com", PASSWORD));
        assert_eq!(outcome(&signs_in), refused(429, "sign_in.throttled"));
        let trail = lab.trail();
        for code in ["second_factor.wrong", "second_factor.throttled"] {
            let is_it = |event: &AuditEvent| {
                event.action == Action::Refused
                    && event.actor == Actor::User(user.id.clone())
                    && event.subject == format!("POST /v1/principal/totp/confirm: {code}")
            };
            assert!(trail.iter().any(is_it), "{code}: {trail:?}");
        }
    });
}

#[test]
fn sessions_end_where_a_second_factor_comes_or_is_lost() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let (own, other) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        let status = |cookie: &str| lab.call(&with_session(Request::get("/v1/principal"), cookie)).status;
        assert_eq!((status(&own), status(&other)), (200, 200));
        enrol(lab, &own);
        assert_eq!((status(&own), status(&other)), (200, 401));

        let admin = lab.user("admin@example.com", "ledger:read,users:admin@*");
        let cookie = lab.signed_in("admin@example.com");
        enrol(lab, &cookie);
        let remove = |of: &UserId| {
            outcome(&lab.call(&with_session(Request::delete(format!("/v1/users/{of}/totp")), &cookie)))
        };
        assert_eq!(remove(&admin.id), refused(409, "second_factor.own"));
        assert_eq!(remove(&user.id).0, 200);
        assert_eq!((status(&own), status(&cookie)), (401, 200));
    });
}
