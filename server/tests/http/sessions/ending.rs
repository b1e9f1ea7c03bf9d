//! How sessions end: by their users, by others, by time, and everywhere.

use std::time::Duration;

use identity::{Action, UserId};
use serde_json::{Value, json};

use super::lab::{Lab, PASSWORD, cookie, on_both, sign_in, with_session};
use crate::harness::{Reply, Request, wait_until};

fn is_open(lab: &Lab, cookie: &str) -> bool {
    is_open_on(lab, 0, cookie)
}

fn is_open_on(lab: &Lab, replica: usize, cookie: &str) -> bool {
    let reply = lab.call_on(replica, &with_session(Request::get("/v1/principal"), cookie));
    match reply.status {
        200 => true,
        401 => false,
        _ => panic!("{reply:?}"),
    }
}

fn list(lab: &Lab, cookie: &str, query: &str) -> Value {
    let reply = lab.call(&with_session(Request::get(format!("/v1/sessions{query}")), cookie));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn id(cookie: &str) -> &str {
    &cookie[..12]
}

fn change_password(lab: &Lab, cookie: &str, current: &str, new: &str) -> Reply {
    let body = json!({ "current_password": current, "new_password": new });
    lab.call(&with_session(Request::new("PUT", "/v1/principal/password"), cookie).json(body))
}

fn acts(lab: &Lab, action: Action) -> Vec<String> {
    lab.trail().into_iter().filter(|event| event.action == action).map(|event| event.subject).collect()
}

#[test]
fn who_signs_out_is_out_and_has_no_cookie_left() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let (left, stays) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        let reply = lab.call(&with_session(Request::delete("/v1/sessions"), &left));
        assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("revoked")));
        assert_eq!(
            reply.header("set-cookie"),
            Some("__Host-florin_session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict")
        );
        assert!(!is_open(lab, &left) && is_open(lab, &stays));
        assert_eq!(acts(lab, Action::SessionEnded), [id(&left)]);
    });
}

#[test]
fn one_sees_and_ends_ones_own_sessions_and_nobody_elses() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        lab.user("bob@example.com", "ledger:read@*");
        let mine: Vec<String> = (0..3).map(|_| lab.signed_in("ada@example.com")).collect();
        let others = lab.signed_in("bob@example.com");
        let all = list(lab, &mine[1], "");
        let ids: Vec<&str> =
            all["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [id(&mine[2]), id(&mine[1]), id(&mine[0])]);
        let current: Vec<bool> =
            all["items"].as_array().unwrap().iter().map(|item| item["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, true, false]);
        let page = list(lab, &mine[1], "?limit=2");
        let next = page["next_cursor"].as_str().unwrap();
        let rest = list(lab, &mine[1], &format!("?limit=2&cursor={next}"));
        assert_eq!(
            (rest["items"][0]["id"].as_str(), rest["items"].as_array().unwrap().len()),
            (Some(id(&mine[0])), 1)
        );

        let end =
            |which: &str| lab.call(&with_session(Request::delete(format!("/v1/sessions/{which}")), &mine[1]));
        for _ in 0..2 {
            let ended = end(id(&mine[0]));
            assert_eq!((ended.status, &ended.json()["state"]), (200, &json!("revoked")));
        }
        for unknown in [id(&others), "000000000000"] {
            assert_eq!((end(unknown).status, &*end(unknown).code()), (404, "session.not_found"));
        }
        assert_eq!(
            [&mine[0], &mine[1], &mine[2], &others].map(|one| is_open(lab, one)),
            [false, true, true, true]
        );
        assert_eq!(acts(lab, Action::SessionRevoked), [id(&mine[0])]);
        // Who has a key has no session.
        let key = lab.run(async {
            let text = engine::access::random_key().unwrap();
            lab.engine().ensure_admin_key(&text, "a").await.unwrap();
            text
        });
        for request in [Request::get("/v1/sessions"), Request::delete("/v1/sessions")] {
            let reply = lab.call(&request.key(key.expose()));
            assert_eq!((reply.status, &*reply.code()), (403, "session.required"));
        }
    });
}

#[test]
fn who_administers_users_ends_all_sessions_of_one() {
    on_both(1, |lab| {
        let ada = lab.user("ada@example.com", "ledger:read@*");
        lab.user("bob@example.com", "users:admin@*");
        let hers = [lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com")];
        let admin = lab.signed_in("bob@example.com");
        let path = format!("/v1/users/{}/sessions", ada.id);
        let reply = lab.call(&with_session(Request::delete(&path), &hers[0]));
        assert_eq!((reply.status, &*reply.code()), (403, "authorization.denied"));
        for ended in [2, 0] {
            let reply = lab.call(&with_session(Request::delete(&path), &admin));
            assert_eq!((reply.status, reply.json()), (200, json!({ "ended": ended })));
        }
        assert_eq!([&hers[0], &hers[1], &admin].map(|one| is_open(lab, one)), [false, false, true]);
        assert_eq!(acts(lab, Action::SessionsRevoked), [ada.id.as_str()]);
    });
}

fn set_state(lab: &Lab, admin: &str, user: &UserId, state: &str) {
    let request = Request::patch(format!("/v1/users/{user}")).json(json!({ "state": state }));
    let reply = lab.call(&with_session(request, admin));
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[test]
fn the_sessions_of_a_user_who_is_disabled_end_for_good() {
    on_both(1, |lab| {
        let ada = lab.user("ada@example.com", "ledger:read@*");
        let bob = lab.user("bob@example.com", "users:admin,ledger:read@*");
        let (hers, admin) = (lab.signed_in("ada@example.com"), lab.signed_in("bob@example.com"));
        set_state(lab, &admin, &ada.id, "disabled");
        assert!(!is_open(lab, &hers));
        set_state(lab, &admin, &ada.id, "active");
        assert!(!is_open(lab, &hers));
        let again = lab.signed_in("ada@example.com");
        // Nobody ends their own that way.
        let own = Request::patch(format!("/v1/users/{}", bob.id)).json(json!({ "state": "disabled" }));
        let reply = lab.call(&with_session(own, &admin));
        assert_eq!((reply.status, &*reply.code()), (409, "user.own_access"));
        assert!(is_open(lab, &again) && is_open(lab, &admin));
    });
}

#[test]
fn another_password_ends_all_sessions_and_starts_one_for_who_changed_it() {
    const NEW: &str = "marble otter 47 quilt lagoon";
    on_both(1, |lab| {
        let ada = lab.user("ada@example.com", "ledger:read@*");
        let (here, elsewhere) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        let wrong = change_password(lab, &here, "not it at all", NEW);
        assert_eq!((wrong.status, &*wrong.code()), (403, "password.wrong"));
        let short = change_password(lab, &here, PASSWORD, "short");
        assert_eq!(short.json()["errors"][0]["field"], "new_password", "{short:?}");
        assert!(is_open(lab, &here) && is_open(lab, &elsewhere));
        lab.pass(Duration::from_secs(1));
        let reply = change_password(lab, &here, PASSWORD, NEW);
        assert_eq!(reply.status, 200, "{reply:?}");
        let now = cookie(&reply);
        assert_eq!([&here, &elsewhere, &now].map(|one| is_open(lab, one)), [false, false, true]);
        assert_eq!(lab.call(&sign_in("ada@example.com", PASSWORD)).status, 401);
        assert_eq!(lab.call(&sign_in("ada@example.com", NEW)).status, 201);
        assert_eq!(acts(lab, Action::SessionsRevoked), [ada.id.as_str()]);
        let states: Vec<_> = list(lab, &now, "")["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["state"].clone())
            .collect();
        assert_eq!(states, ["active", "active", "revoked", "revoked"]);
    });
}

#[test]
fn a_session_that_nobody_uses_is_over_in_half_an_hour_and_any_in_twelve_hours() {
    const MINUTE: Duration = Duration::from_mins(1);
    on_both(2, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let (idle, used) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        for _ in 0..35 {
            lab.pass(MINUTE);
            // Signing in has what is known of her sessions forgotten, so that they are looked up again.
            lab.signed_in("ada@example.com");
            assert!(is_open(lab, &used));
        }
        assert!(!is_open(lab, &idle) && !is_open_on(lab, 1, &idle));
        // What is used on one replica is not over on the other.
        assert!(is_open_on(lab, 1, &used));
        let listed = list(lab, &used, "");
        let shown = |cookie: &str| {
            let mut items = listed["items"].as_array().unwrap().iter();
            items.find(|item| item["id"] == id(cookie)).unwrap().clone()
        };
        assert_eq!((&shown(&used)["state"], &shown(&idle)["state"]), (&json!("active"), &json!("expired")));
        assert_ne!(shown(&used)["last_seen_at"], shown(&used)["created_at"]);
        assert_eq!(shown(&idle)["last_seen_at"], shown(&idle)["created_at"]);
        lab.pass(MINUTE * (12 * 60 - 35));
        assert!(!is_open(lab, &used));
        // They are shown for a while, and then they go.
        let now = lab.signed_in("ada@example.com");
        assert_eq!(list(lab, &now, "")["items"].as_array().unwrap().len(), 38);
        lab.pass(Duration::from_hours(30 * 24) - Duration::from_secs(1));
        assert_eq!(lab.run(lab.engine().remove_old_sessions()).unwrap(), 0);
        lab.pass(Duration::from_secs(2));
        assert_eq!(lab.run(lab.engine().remove_old_sessions()).unwrap(), 2);
    });
}

#[test]
fn what_ends_on_one_replica_ends_on_the_others_within_seconds() {
    on_both(2, |lab| {
        lab.user("ada@example.com", "ledger:read@*");
        let session = lab.signed_in("ada@example.com");
        assert!(is_open_on(lab, 1, &session));
        let began = std::time::Instant::now();
        assert_eq!(lab.call(&with_session(Request::delete("/v1/sessions"), &session)).status, 200);
        assert!(!is_open(lab, &session));
        wait_until("the other replica to notice", || !is_open_on(lab, 1, &session));
        // Two seconds, and what a busy machine takes for a request.
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    });
}
