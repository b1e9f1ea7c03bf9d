//! Mailed links: what they open, once, for a while, and for whom.

use std::time::Duration;

use identity::{Action, Actor};
use serde_json::json;

use super::lab::{Lab, PASSWORD, did, on_both, own, sign_in, token, with_session};
use crate::harness::{Reply, Request};

pub(super) const NEW: &str = "a horse of another colour";

pub(super) fn ask(lab: &Lab, email: &str) -> Reply {
    lab.call(&own(Request::post("/v1/password-resets")).json(json!({ "email": email })))
}

pub(super) fn complete(lab: &Lab, token: &str, password: &str) -> Reply {
    let body = json!({ "token": token, "new_password": password });
    lab.call(&own(Request::post("/v1/password-resets/complete")).json(body))
}

fn verify(lab: &Lab, token: &str) -> Reply {
    lab.call(&own(Request::post("/v1/email-verifications/complete")).json(json!({ "token": token })))
}

fn outcome(reply: &Reply) -> (u16, String) {
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

fn spent() -> (u16, String) {
    (410, "link.spent".to_owned())
}

#[test]
fn a_link_sets_another_password_once_ends_all_sessions_and_verifies_the_address() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        assert_eq!(ask(lab, "ADA@example.com").status, 202);
        let mail = lab.mails("password_reset", 1).remove(0);
        assert!(mail.contains("To: ada@example.com\n"), "{mail}");
        assert!(mail.contains("https://florin.example/set-password#token="), "{mail}");
        let token = token(&mail);

        // What is not taken leaves the link as it was.
        assert_eq!(outcome(&complete(lab, &token, "short")).0, 400);
        let done = complete(lab, &token, NEW);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(done.json(), json!({ "user": user.id.as_str(), "email": "ada@example.com" }));
        assert_eq!(outcome(&complete(lab, &token, NEW)), spent());

        assert_eq!(lab.call(&with_session(Request::get("/v1/principal"), &cookie)).status, 401);
        assert_eq!(lab.call(&sign_in("ada@example.com", PASSWORD)).status, 401);
        assert_eq!(lab.call(&sign_in("ada@example.com", NEW)).status, 201);
        let stored = lab.run(lab.engine().store().users().user(&user.id)).unwrap().unwrap();
        assert!(stored.user.email_verified_at.is_some());
        lab.mails("password_changed", 1);

        let trail = lab.trail();
        let mailed = trail.iter().find(|event| event.action == Action::LinkMailed).unwrap();
        assert_eq!(mailed.subject, format!("{}: password_reset", user.id));
        assert_eq!(mailed.actor, Actor::Unknown);
        let set = trail.iter().rfind(|event| event.action == Action::PasswordSet).unwrap();
        assert_eq!(set.actor, Actor::User(user.id.clone()));
        assert!(!format!("{trail:?}").contains(&token));
    });
}

#[test]
fn a_link_works_for_its_time_and_until_another_of_its_kind_is_mailed() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        ask(lab, "ada@example.com");
        let first = token(&lab.mails("password_reset", 1)[0]);
        ask(lab, "ada@example.com");
        let second = token(&lab.mails("password_reset", 2)[1]);
        assert_eq!(outcome(&complete(lab, &first, NEW)), spent());
        lab.pass(Duration::from_mins(30));
        assert_eq!(outcome(&complete(lab, &second, NEW)), spent());
        ask(lab, "ada@example.com");
        let third = token(&lab.mails("password_reset", 3)[2]);
        lab.pass(Duration::from_secs(30 * 60 - 1));
        assert_eq!(complete(lab, &third, NEW).status, 200);
    });
}

#[test]
fn of_many_who_follow_a_link_at_once_one_gets_through() {
    on_both(2, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        for round in 1..=3 {
            ask(lab, "ada@example.com");
            let token = token(&lab.mails("password_reset", round)[round - 1]);
            let body = json!({ "token": token, "new_password": NEW });
            let request = own(Request::post("/v1/password-resets/complete")).json(body);
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let request = &request;
                let calls: Vec<_> =
                    (0..6).map(|at| scope.spawn(move || lab.call_on(at % 2, request).status)).collect();
                calls.into_iter().map(|call| call.join().expect("a reply")).collect()
            });
            let through = statuses.iter().filter(|status| **status == 200).count();
            assert_eq!(through, 1, "{statuses:?}");
        }
    });
}

#[test]
fn a_link_does_nothing_for_another_purpose_another_address_or_a_disabled_user() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        let cookie = lab.signed_in("ada@example.com");
        let asked = lab.call(&with_session(Request::post("/v1/email-verifications"), &cookie));
        assert_eq!(asked.status, 202, "{asked:?}");
        let link = token(&lab.mails("address_verification", 1)[0]);
        assert_eq!(outcome(&complete(lab, &link, NEW)), spent());
        ask(lab, "ada@example.com");
        let reset = token(&lab.mails("password_reset", 1)[0]);
        assert_eq!(outcome(&verify(lab, &reset)), spent());

        let change = |body| {
            let request = Request::patch(format!("/v1/users/{}", user.id)).json(body);
            let admin = lab.user("admin@example.com", "ledger:read,users:admin@*");
            drop(admin);
            let admin = lab.signed_in("admin@example.com");
            lab.call(&with_session(request, &admin))
        };
        assert_eq!(change(json!({ "email": "countess@example.com" })).status, 200);
        assert_eq!(outcome(&complete(lab, &reset, NEW)), spent());
        assert_eq!(outcome(&verify(lab, &link)), spent());
        assert_eq!(outcome(&verify(lab, &"0".repeat(43))), spent());
    });
}

#[test]
fn a_link_ends_with_another_password_or_address_for_good() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        lab.user("admin@example.com", "ledger:read,users:admin@*");
        let mailed = |count: usize| {
            lab.pass(Duration::from_mins(20));
            ask(lab, "ada@example.com");
            token(&lab.mails("password_reset", count)[count - 1])
        };

        let link = mailed(1);
        let cookie = lab.signed_in("ada@example.com");
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        let changed =
            lab.call(&with_session(Request::new("PUT", "/v1/principal/password").json(body), &cookie));
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(outcome(&complete(lab, &link, NEW)), spent());

        let link = mailed(2);
        lab.run(lab.engine().set_password(&user.id, PASSWORD, did)).expect("an operator sets it");
        assert_eq!(outcome(&complete(lab, &link, NEW)), spent());

        let link = mailed(3);
        let admin = lab.signed_in("admin@example.com");
        lab.call(&with_session(Request::post(format!("/v1/users/{}/email-verifications", user.id)), &admin));
        let verification = token(&lab.mails("address_verification", 1)[0]);
        for email in ["countess@example.com", "ada@example.com"] {
            let change = Request::patch(format!("/v1/users/{}", user.id)).json(json!({ "email": email }));
            assert_eq!(lab.call(&with_session(change, &admin)).status, 200);
        }
        assert_eq!(outcome(&complete(lab, &link, NEW)), spent());
        assert_eq!(outcome(&verify(lab, &verification)), spent());

        let refusals = lab.trail().into_iter().filter(|event| event.action == Action::Refused);
        let subjects: Vec<_> = refusals.map(|event| event.subject).collect();
        assert!(
            subjects.contains(&"POST /v1/password-resets/complete: link.spent".to_owned()),
            "{subjects:?}"
        );
    });
}

#[test]
fn an_address_is_verified_by_its_user_or_on_behalf_of_who_administers_users() {
    on_both(1, |lab| {
        let user = lab.user("ada@example.com", "ledger:read@main");
        lab.user("admin@example.com", "users:admin@*");
        let admin = lab.signed_in("admin@example.com");
        let path = format!("/v1/users/{}/email-verifications", user.id);
        assert_eq!(lab.call(&with_session(Request::post(&path), &admin)).status, 202);
        let link = token(&lab.mails("address_verification", 1)[0]);
        assert_eq!(verify(lab, &link).status, 200);
        assert_eq!(outcome(&verify(lab, &link)), spent());
        let stored = lab.run(lab.engine().store().users().user(&user.id)).unwrap().unwrap();
        assert!(stored.user.email_verified_at.is_some());
        let nobody =
            lab.call(&with_session(Request::post("/v1/users/000000000000/email-verifications"), &admin));
        assert_eq!(outcome(&nobody), (404, "link.user_not_found".to_owned()));
    });
}

#[test]
fn who_is_created_is_invited_and_sets_the_first_password() {
    on_both(1, |lab| {
        lab.user("admin@example.com", "ledger:read,users:admin@*");
        let admin = lab.signed_in("admin@example.com");
        let body = json!({ "name": "Bob", "email": "bob@example.com", "grants": [{ "role": "reader", "ledgers": "all" }] });
        let created = lab.call(&with_session(Request::post("/v1/users").json(body), &admin));
        assert_eq!(created.status, 201, "{created:?}");
        let link = token(&lab.mails("invitation", 1)[0]);
        lab.pass(Duration::from_hours(71));
        assert_eq!(complete(lab, &link, NEW).status, 200);
        assert_eq!(lab.call(&sign_in("bob@example.com", NEW)).status, 201);
        assert_eq!(outcome(&complete(lab, &link, NEW)), spent());
    });
}

#[test]
fn the_pages_that_links_lead_to_run_our_scripts_only() {
    let lab = Lab::alone();
    for path in ["/set-password", "/verify-email"] {
        let page = lab.call(&Request::get(path).without_key());
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        for line in page.body.lines().filter(|line| line.contains("<script")) {
            assert!(line.contains("src=\"account/assets/"), "{line}");
        }
    }
    for file in ["account.css", "account.js", "set_password.js", "verify_email.js"] {
        assert_eq!(lab.call(&Request::get(format!("/account/assets/{file}")).without_key()).status, 200);
    }
    assert_eq!(lab.call(&Request::get("/account/assets/other.js").without_key()).status, 404);
}
