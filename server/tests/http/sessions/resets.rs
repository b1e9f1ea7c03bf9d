//! Asking for another password: whoever asks learns nothing, and cannot have somebody flooded with mails.

use std::net::TcpListener;

use serde_json::json;

use super::lab::{on_both, own};
use super::mailed_links::ask;
use crate::harness::{Reply, Request, wait_until};
use crate::site::Site;

fn alike(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let headers = reply.headers().filter(|(name, _)| !["x-request-id", "date"].contains(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (reply.status, headers, reply.body.clone())
}

#[test]
fn whether_there_is_a_user_of_an_address_is_not_to_be_told() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let (known, unknown) = (ask(lab, "ada@example.com"), ask(lab, "bob@example.com"));
        assert_eq!(known.status, 202);
        assert_eq!(alike(&known), alike(&unknown));
        lab.mails("password_reset", 1);
    });
}

#[test]
fn who_asks_again_and_again_gets_the_same_reply_and_few_mails() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        lab.user("bob@example.com", "ledger:read@main");
        let replies: Vec<_> = (0..12).map(|_| alike(&ask(lab, "ada@example.com"))).collect();
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
        // Requests are looked at in turn: by when another's is answered, hers were.
        assert_eq!(ask(lab, "bob@example.com").status, 202);
        wait_until("the mail to the other", || {
            lab.sent("password_reset").iter().any(|mail| mail.contains("To: bob@example.com"))
        });
        let hers = lab.sent("password_reset").iter().filter(|mail| mail.contains("To: ada@")).count();
        assert!((1..=5).contains(&hers), "{hers} mails");
    });
}

#[test]
fn a_page_of_somebody_else_has_no_mail_sent() {
    on_both(1, |lab| {
        lab.user("ada@example.com", "ledger:read@main");
        let body = json!({ "email": "ada@example.com" });
        let request = Request::post("/v1/password-resets").json(body).without_key();
        assert_eq!(lab.call(&request.header("sec-fetch-site", "cross-site")).status, 403);
        let key = own(Request::post("/v1/password-resets")).header("idempotency-key", "k");
        assert_eq!(lab.call(&key.json(json!({ "email": "ada@example.com" }))).status, 400);
        assert!(lab.sent("password_reset").is_empty());
    });
}

#[test]
fn a_service_without_mails_says_so_whoever_is_asked_about() {
    let site = Site::start_with(&[("PX_MAIL__TRANSPORT", "off")]);
    let request = own(Request::post("/v1/password-resets")).json(json!({ "email": "ada@example.com" }));
    let reply = site.call(&request);
    assert_eq!((reply.status, reply.code().as_str()), (409, "mail.off"));
}

#[test]
fn where_the_mail_server_is_down_users_come_all_the_same_and_mails_that_have_no_room_are_refused() {
    let port =
        TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("an address").port();
    let site = Site::start_with(&[
        ("PX_MAIL__TRANSPORT", "smtp"),
        ("PX_MAIL__SMTP_HOST", "127.0.0.1"),
        ("PX_MAIL__SMTP_PORT", &port.to_string()),
        ("PX_MAIL__SMTP_TLS", "off"),
        ("PX_MAIL__WAITING_MAX", "1"),
    ]);
    let body = json!({ "name": "Ada", "email": "ada@example.com", "grants": [{ "role": "reader", "ledgers": "all" }] });
    let created = site.call(&Request::post("/v1/users").json(body));
    assert_eq!(created.status, 201, "{created:?}");
    wait_until("another attempt to be put off", || site.logged().contains("a mail is tried again"));
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    let refused = site.call(&Request::post(format!("/v1/users/{id}/email-verifications")));
    assert_eq!((refused.status, refused.code().as_str()), (503, "service.overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let asked = own(Request::post("/v1/password-resets")).json(json!({ "email": "ada@example.com" }));
    assert_eq!(site.call(&asked).status, 202);
    wait_until("that it is not mailed to be noted", || {
        site.logged().contains("a link for another password was not mailed")
    });
    assert!(!site.logged().contains("ada@example.com"));
}
