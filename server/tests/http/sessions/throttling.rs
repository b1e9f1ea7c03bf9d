//! Guessing passwords is slow, and keeps nobody out for good. The clock stands still unless it is moved.

use std::time::Duration;

use identity::Action;

use super::lab::{Lab, PASSWORD, on_both, sign_in, with_session};
use crate::harness::{Reply, Request};

fn guess(lab: &Lab, email: &str, from: &str) -> Reply {
    lab.call(&sign_in(email, "a wrong guess").header("x-forwarded-for", from))
}

fn come(lab: &Lab, email: &str, from: &str) -> u16 {
    lab.call(&sign_in(email, PASSWORD).header("x-forwarded-for", from)).status
}

/// Guesses until that is not looked at any more.
fn exhaust(lab: &Lab, email: &str, from: &str) -> (usize, Reply) {
    for guesses in 0..10 {
        let reply = guess(lab, email, from);
        if reply.status == 429 {
            return (guesses, reply);
        }
        assert_eq!(reply.status, 401, "{reply:?}");
    }
    panic!("{email} may be guessed at from {from} as often as one likes");
}

#[test]
fn a_few_guesses_are_looked_at_and_then_one_has_to_wait_whoever_it_is() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let mut said = Vec::new();
        for email in ["ada@example.com", "nobody@example.com"] {
            let (guesses, reply) = exhaust(lab, email, "192.0.2.1");
            assert_eq!((guesses, &*reply.code()), (3, "sign_in.throttled"));
            assert_eq!(reply.header("retry-after"), Some("1"));
            let problem = reply.json();
            said.push((problem["title"].clone(), problem["detail"].clone()));
        }
        assert_eq!(said[0], said[1]);
        // The right password is not looked at either, or it would be found all the same.
        assert_eq!(come(lab, "ada@example.com", "192.0.2.99"), 429);
        // She comes in from elsewhere, and others come in from there.
        assert_eq!(come(lab, "ada@example.com", "198.51.100.1"), 201);
        lab.user("bob@example.com", "ledger:read@*");
        assert_eq!(come(lab, "bob@example.com", "192.0.2.1"), 201);
        // And she from there, once she has waited.
        lab.pass(Duration::from_secs(1));
        assert_eq!(come(lab, "ada@example.com", "192.0.2.1"), 201);
        let throttled = |event: &identity::AuditEvent| {
            event.action == Action::Refused && event.subject == "POST /v1/sessions: sign_in.throttled"
        };
        assert!(lab.trail().iter().any(throttled));
    });
}

#[test]
fn who_is_guessed_at_from_everywhere_comes_in_from_where_they_came_in_before() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        assert_eq!(come(lab, "ada@example.com", "198.51.100.1"), 201);
        let guesses: usize =
            (0..12).map(|number| exhaust(lab, "ada@example.com", &format!("203.0.{number}.1")).0).sum();
        assert_eq!(guesses, 20);
        assert_eq!(come(lab, "ada@example.com", "192.0.2.1"), 429);
        assert_eq!(come(lab, "ada@example.com", "198.51.100.200"), 201);
    });
}

#[test]
fn a_current_password_is_guessed_as_slowly() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let session = lab.signed_in("ada@example.com");
        let statuses: Vec<u16> = (0..4)
            .map(|_| {
                let body =
                    r#"{"current_password":"a wrong guess","new_password":"marble otter 47 quilt lagoon"}"#;
                let request = Request::new("PUT", "/v1/principal/password").json(body);
                lab.call(&with_session(request, &session)).status
            })
            .collect();
        assert_eq!(statuses, [403, 403, 403, 429]);
        assert_eq!(lab.call(&with_session(Request::get("/v1/principal"), &session)).status, 200);
    });
}
