//! Asking for another password: whoever asks learns nothing, and cannot have somebody flooded with mails.

use super::lab::{on_both, own};
use super::mailed_links::ask;
use crate::harness::{Reply, Request};

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
        crate::harness::wait_until("the mail to the other", || {
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
        let body = serde_json::json!({ "email": "ada@example.com" });
        let request = Request::post("/v1/password-resets").json(body).without_key();
        assert_eq!(lab.call(&request.header("sec-fetch-site", "cross-site")).status, 403);
        let key = own(Request::post("/v1/password-resets")).header("idempotency-key", "k");
        assert_eq!(lab.call(&key.json(serde_json::json!({ "email": "ada@example.com" }))).status, 422);
        assert!(lab.sent("password_reset").is_empty());
    });
}
