//! Every route with every kind of credentials. A route that is not in the table fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::rows::{SCOPES, TABLE};
use super::tokens::token;
use super::{everywhere, issued, key, outcome};
use crate::contract::operations;
use crate::harness::{ADMIN_KEY, Request, wait_until};
use crate::site::Site;

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing: anybody may ask.
    Nothing,
    /// A good key or session, whatever it allows.
    AnyKey,
    /// A session, whatever it allows.
    Session,
    /// One of these scopes for the ledger in the path.
    OnLedger(&'static [&'static str]),
    /// A scope for some ledger.
    Somewhere(&'static str),
    /// A scope for all ledgers.
    Overall(&'static str),
}

use Takes::{AnyKey, Nothing, OnLedger, Overall, Session, Somewhere};

/// A request for an operation: one that its handler would look at, and mostly refuse.
pub(crate) fn request(method: &str, template: &str) -> Request {
    let filled = [
        ("{ledger}", "main"),
        ("keys/{id}", "keys/000000000000"),
        ("users/{id}", "users/000000000000"),
        ("/v1/sessions/{id}", "/v1/sessions/000000000000"),
        ("{id}", "0"),
        ("{address}", "a"),
    ];
    let path = filled.iter().fold(template.to_owned(), |path, (name, value)| path.replace(name, value));
    let path =
        path.replace("account/assets/{file}", "account/assets/account.css").replace("{file}", "docs.css");
    match method {
        "get" => Request::get(path),
        "post" if path.ends_with("/email-verifications") => Request::post(path),
        "post" => Request::post(path).json("{}"),
        "patch" => Request::patch(path).json("{}"),
        "put" => Request::new("PUT", path).json("{}"),
        "delete" => Request::delete(path),
        other => panic!("{other}"),
    }
}

#[test]
fn every_scope_is_listed() {
    let described: Value =
        serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("the description is JSON");
    let described =
        described["components"]["schemas"]["Scope"]["enum"].as_array().expect("all scopes").clone();
    assert_eq!(SCOPES.iter().map(|(scope, _)| json!(scope)).collect::<Vec<_>>(), described);
}

#[test]
fn every_route_is_in_the_table_as_the_description_has_it() {
    let listed: BTreeSet<&str> = TABLE.iter().map(|(id, _)| *id).collect();
    let described: BTreeSet<&str> = operations().map(|(_, operation)| operation.id()).collect();
    assert_eq!(listed, described);
    for (_, operation) in operations() {
        let (id, takes) = TABLE.iter().find(|(id, _)| *id == operation.id()).expect("it is listed");
        let schemes = |scopes: &[&str]| {
            let ways = ["apiKey", "oauth2", "session"].into_iter();
            ways.flat_map(|scheme| scopes.iter().map(move |scope| json!({ scheme: [scope] }))).collect()
        };
        let wanted: Value = match takes {
            Nothing => json!([]),
            AnyKey => json!([{ "apiKey": [] }, { "oauth2": [] }, { "session": [] }]),
            Session => json!([{ "session": [] }]),
            OnLedger(scopes) => schemes(scopes),
            Somewhere(scope) | Overall(scope) => schemes(&[scope]),
        };
        assert_eq!(operation.security(), &wanted, "{id}");
    }
}

/// A time a moment from now, by the service's own clock.
fn soon(site: &Site) -> String {
    let (_, id) = issued(site, &json!({ "name": "clock", "grants": everywhere(&["ledger:read"]) }));
    let now = site.json(&format!("/v1/keys/{id}"))["created_at"].as_str().expect("a time").to_owned();
    // Where that would be in another minute, the next attempt may be.
    let second: u32 = now[17..19].parse().expect("seconds");
    if second < 58 { format!("{}{:02}{}", &now[..17], second + 2, &now[19..]) } else { soon(site) }
}

/// The keys of the table.
struct Keys {
    unknown: String,
    expired: String,
    revoked: String,
    /// May do all that is about single ledgers, to another one.
    elsewhere: String,
    /// A token of the revoked key, and one whose signature was changed.
    revoked_token: String,
    forged_token: String,
    /// A token of the key that is for another ledger.
    elsewhere_token: String,
}

fn keys(site: &Site) -> Keys {
    let grants = everywhere(&SCOPES.iter().map(|(scope, _)| *scope).collect::<Vec<_>>());
    let about_ledgers: Vec<_> = SCOPES.iter().filter(|(_, about)| *about).map(|(scope, _)| *scope).collect();
    let expires_at = soon(site);
    let expired = issued(site, &json!({ "name": "expired", "grants": grants, "expires_at": expires_at }));
    let (revoked, id) = issued(site, &json!({ "name": "revoked", "grants": grants }));
    let revoked_token = token(site, &revoked, None);
    assert_eq!(site.call(&Request::delete(format!("/v1/keys/{id}"))).status, 200);
    let good = token(site, ADMIN_KEY, None);
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let forged_token = format!("{signed}.{}", "A".repeat(86));
    wait_until("the key to expire", || {
        site.call(&Request::get("/v1/principal").key(&expired.0)).status == 401
    });
    let elsewhere = key(site, &json!([{ "scopes": about_ledgers, "ledgers": ["other"] }]));
    Keys {
        unknown: "florin_2USBDPIBEdi4_28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ3PHIAW".to_owned(),
        expired: expired.0,
        revoked,
        revoked_token,
        forged_token,
        elsewhere_token: token(site, &elsewhere, None),
        elsewhere,
    }
}

/// Says whether the request got past the gate, however it fared behind it.
pub(crate) fn is_let_through((status, code): &(u16, String)) -> bool {
    !matches!(status, 401 | 403) && code != "ledger.not_found"
}

#[test]
fn every_route_answers_every_kind_of_credentials_as_the_table_says() {
    let site = Site::start();
    let keys = keys(&site);
    for (method, operation) in operations() {
        let (id, takes) = TABLE.iter().find(|(id, _)| *id == operation.id()).expect("it is listed");
        let send = |key: Option<&str>| {
            // Who signs in has to show where they do.
            let request = request(method, operation.template).header("sec-fetch-site", "same-origin");
            outcome(&site.call(&match key {
                Some(key) => request.key(key),
                None => request.without_key(),
            }))
        };
        let refused = |status: u16, code: &str| (status, code.to_owned());
        let bad = [
            ("no credentials", None, "authentication.required"),
            ("a malformed key", Some("florin_x"), "authentication.invalid"),
            ("an unknown key", Some(&*keys.unknown), "authentication.invalid"),
            ("an expired key", Some(&*keys.expired), "authentication.invalid"),
            ("a revoked key", Some(&*keys.revoked), "authentication.invalid"),
            ("a token of a revoked key", Some(&*keys.revoked_token), "authentication.invalid"),
            ("a forged token", Some(&*keys.forged_token), "authentication.invalid"),
        ];
        for (what, key, code) in bad {
            let answer = send(key);
            match takes {
                Nothing => assert!(is_let_through(&answer), "{id} with {what}: {answer:?}"),
                _ => assert_eq!(answer, refused(401, code), "{id} with {what}"),
            }
        }
        let elsewhere = send(Some(&keys.elsewhere));
        match takes {
            Session => assert_eq!(elsewhere, refused(403, "session.required"), "{id}"),
            Nothing | AnyKey | Somewhere(_) => assert!(is_let_through(&elsewhere), "{id}: {elsewhere:?}"),
            OnLedger(_) => assert_eq!(elsewhere, refused(404, "ledger.not_found"), "{id} elsewhere"),
            Overall(_) => assert_eq!(elsewhere, refused(403, "authorization.denied"), "{id} elsewhere"),
        }
        assert_eq!(send(Some(&keys.elsewhere_token)), elsewhere, "{id} with a token");
        let scopes = match takes {
            Nothing | AnyKey | Session => &[][..],
            OnLedger(scopes) => scopes,
            Somewhere(scope) | Overall(scope) => std::slice::from_ref(scope),
        };
        if !scopes.is_empty() {
            let others: Vec<_> =
                SCOPES.iter().map(|(scope, _)| *scope).filter(|scope| !scopes.contains(scope)).collect();
            let lacking = key(&site, &everywhere(&others));
            let reply = site.call(&request(method, operation.template).key(&lacking));
            assert_eq!(outcome(&reply), refused(403, "authorization.denied"), "{id} with {others:?}");
            assert_eq!(reply.json()["scope"], scopes[0], "{id}");
            let narrow = token(&site, ADMIN_KEY, Some(&others.join(" ")));
            assert_eq!(
                send(Some(&narrow)),
                refused(403, "authorization.denied"),
                "{id} with a token of {others:?}"
            );
        }
        for scope in scopes {
            let right = send(Some(&key(&site, &everywhere(&[scope]))));
            assert!(is_let_through(&right), "{id} with {scope}: {right:?}");
            let right = send(Some(&token(&site, ADMIN_KEY, Some(scope))));
            assert!(is_let_through(&right), "{id} with a token of {scope}: {right:?}");
        }
        let admin = send(Some(ADMIN_KEY));
        assert!(is_let_through(&admin) || *takes == Session, "{id}: {admin:?}");
    }
}
