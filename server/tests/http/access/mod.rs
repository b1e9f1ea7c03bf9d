//! Who may do what: keys and users as they come and go, and what is asked for with each.

mod bodies;
mod issuer_server;
mod issuers;
mod keys;
mod rotation;
pub(crate) mod table;
mod tokens;
mod trail;
mod users;

use serde_json::{Value, json};

use crate::harness::{Reply, Request};
use crate::site::Site;

/// Creates a key with these grants, and returns its text.
fn key(site: &Site, grants: &Value) -> String {
    issued(site, &json!({ "name": "a key", "grants": grants })).0
}

/// Creates a key, and returns its text and its id.
fn issued(site: &Site, body: &Value) -> (String, String) {
    let reply = site.post("/v1/keys", body);
    assert_eq!(reply.status, 201, "{body}: {reply:?}");
    let issued = reply.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (secret, id) = (text(&issued["secret"]), text(&issued["key"]["id"]));
    assert_eq!(reply.header("location"), Some(&*format!("/v1/keys/{id}")));
    (secret, id)
}

/// Scopes for all ledgers.
fn everywhere(scopes: &[&str]) -> Value {
    json!([{ "scopes": scopes, "ledgers": "all" }])
}

fn outcome(reply: &Reply) -> (u16, String) {
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

/// What a request comes to with a key.
fn with(site: &Site, request: Request, key: &str) -> (u16, String) {
    outcome(&site.call(&request.key(key)))
}
