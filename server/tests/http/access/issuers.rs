//! Tokens of another issuer: taken as configured, refused when anything about them or about the issuer is not as it
//! should be.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::issuer_server::{IssuerKey, IssuerServer};
use super::{outcome, with};
use crate::harness::{Reply, Request, wait_until};
use crate::site::{Site, all_at_once};

fn trusting(issuer: &IssuerServer) -> Site {
    Site::start_with(&[("PX_AUTHENTICATION__OIDC", &issuer.setting())])
}

/// Claims that do, with some of them changed.
fn claims(issuer: &IssuerServer, change: &Value) -> Value {
    let mut claims = json!({
        "iss": issuer.name(),
        "sub": "248289761001",
        "aud": ["others", "florin"],
        "exp": 32_503_680_000_i64,
        "nbf": 1_700_000_000,
        "groups": ["finance", "staff"],
    });
    for (name, value) in change.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}

fn whoami(site: &Site, token: &str) -> Reply {
    site.call(&Request::get("/v1/principal").key(token))
}

fn detail(reply: &Reply) -> String {
    assert_eq!(outcome(reply), (401, "authentication.invalid".to_owned()), "{reply:?}");
    reply.json()["detail"].as_str().expect("a detail").to_owned()
}

#[test]
fn tokens_of_a_trusted_issuer_grant_what_is_configured() {
    let issuer = IssuerServer::start();
    let keys = [IssuerKey::rsa("r"), IssuerKey::p256("p"), IssuerKey::ed25519("e", 1)];
    issuer.publish(&keys.each_ref());
    let site = trusting(&issuer);
    for key in &keys {
        let own = whoami(&site, &key.token(&claims(&issuer, &json!({})))).json();
        assert_eq!((&own["kind"], &own["id"]), (&json!("external"), &json!("248289761001")), "{own}");
        assert_eq!(own["name"], issuer.name());
        assert_eq!(own["grants"], json!([{ "scopes": ["ledger:read"], "ledgers": ["main"] }]));
    }
    let reader = keys[0].token(&claims(&issuer, &json!({})));
    assert_eq!(with(&site, Request::get("/v1/ledgers/main"), &reader).0, 200);
    assert_eq!(with(&site, Request::get("/v1/audit"), &reader), (403, "authorization.denied".to_owned()));
    let auditor = keys[1].token(&claims(&issuer, &json!({ "groups": "auditors" })));
    let trail = site.call(&Request::get("/v1/audit").key(&auditor)).json().to_string();
    assert!(trail.contains(&format!("external:{} 248289761001", issuer.name())), "{trail}");
}

#[test]
fn an_issuer_of_a_private_network_is_asked_over_tls_where_its_authority_is_named() {
    let (issuer, certificate) = IssuerServer::start_with_tls();
    let (_, another) = IssuerServer::start_with_tls();
    let key = IssuerKey::ed25519("e", 1);
    issuer.publish(&[&key]);
    let token = key.token(&claims(&issuer, &json!({})));
    let folder = tempfile::tempdir().expect("a folder");
    let trusting = |name: &str, certificate: &rcgen::Certificate| {
        let file = folder.path().join(name);
        std::fs::write(&file, certificate.pem()).expect("it is written");
        let file = file.to_str().expect("the name is UTF-8");
        Site::start_with(&[("PX_AUTHENTICATION__OIDC", &issuer.setting()), ("SSL_CERT_FILE", file)])
    };
    assert_eq!(whoami(&trusting("its.pem", &certificate), &token).status, 200);
    let site = trusting("another.pem", &another);
    assert_eq!(outcome(&whoami(&site, &token)), (503, "service.unavailable".to_owned()));
    wait_until("the log", || site.logged().contains("invalid peer certificate"));
}

#[test]
fn a_token_of_a_trusted_issuer_that_does_not_do_is_refused() {
    let issuer = IssuerServer::start();
    let keys = [IssuerKey::rsa("r"), IssuerKey::p256("p"), IssuerKey::ed25519("e", 1)];
    issuer.publish(&keys.each_ref());
    let site = trusting(&issuer);
    let [rsa, p256, ed25519] = &keys;
    let good = claims(&issuer, &json!({}));
    assert_eq!(whoami(&site, &rsa.token(&good)).status, 200);
    let malformed = "The token is malformed, or does not say what every token has to.";
    for (change, wanted) in [
        (json!({ "aud": "others" }), "The token is for another audience."),
        (json!({ "exp": 1_700_000_001 }), "The token has expired."),
        (json!({ "nbf": 32_503_670_000_i64 }), "The token is not valid yet."),
        (json!({ "groups": ["staff"] }), "The token is good, and nothing in it leads to a right here."),
        (json!({ "groups": null }), "The token is good, and nothing in it leads to a right here."),
        (json!({ "sub": "a\nb" }), malformed),
        (json!({ "sub": "a".repeat(256) }), malformed),
        (json!({ "sub": null }), malformed),
        // Of whom nobody is trusted but this service itself, whose keys are others.
        (json!({ "iss": "https://id.example.org" }), "The token is of a kind that is not taken."),
    ] {
        assert_eq!(detail(&whoami(&site, &p256.token(&claims(&issuer, &change)))), wanted, "{change}");
    }
    let signature = "The token's signature is wrong.";
    let unknown = "The token is signed with a key that is not known.";
    let algorithm = "The token is signed in a way that is not taken.";
    for (token, wanted) in [
        (IssuerKey::ed25519("e", 2).token(&good), signature),
        (ed25519.token_as("EdDSA", "p", &good), unknown),
        (ed25519.token_as("ES256", "e", &good), signature),
        (rsa.token_as("RS256", "e", &good), signature),
        (rsa.token_as("PS256", "r", &good), algorithm),
        (rsa.token_as("HS256", "r", &good), algorithm),
        (rsa.token_as("none", "r", &good), algorithm),
        (rsa.token_as("RS256", "nobody's", &good), unknown),
    ] {
        assert_eq!(detail(&whoami(&site, &token)), wanted, "{token}");
    }
}

#[test]
fn keys_of_an_issuer_change_and_outlast_its_absence() {
    let issuer = IssuerServer::start();
    let (first, second) = (IssuerKey::ed25519("first", 1), IssuerKey::p256("second"));
    issuer.publish(&[&first]);
    let site = trusting(&issuer);
    let good = claims(&issuer, &json!({}));
    assert_eq!(whoami(&site, &first.token(&good)).status, 200);
    issuer.publish(&[&first, &second]);
    // It is not asked again within a few seconds.
    wait_until("the new key to be found", || whoami(&site, &second.token(&good)).status == 200);
    issuer.answer_discovery(500, String::new());
    let stranger = IssuerKey::ed25519("third", 3);
    assert_eq!(
        detail(&whoami(&site, &stranger.token(&good))),
        "The token is signed with a key that is not known."
    );
    for key in [&first, &second] {
        assert_eq!(whoami(&site, &key.token(&good)).status, 200);
    }
}

/// One after the other they would wait for half a minute, each in the place of a request that could be answered.
#[test]
fn whoever_waits_for_an_issuer_that_never_answers_waits_with_the_others() {
    let issuer = IssuerServer::start_silent();
    let key = IssuerKey::ed25519("e", 1);
    let site = trusting(&issuer);
    let request = || Request::get("/v1/principal").key(key.token(&claims(&issuer, &json!({}))));
    let began = Instant::now();
    for reply in all_at_once(&site, (0..6).map(|_| request()).collect()) {
        assert_eq!(outcome(&reply), (503, "service.unavailable".to_owned()), "{reply:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn an_issuer_that_answers_badly_opens_nothing_until_it_answers_well() {
    let key = IssuerKey::ed25519("e", 1);
    let unavailable = (503, "service.unavailable".to_owned());
    let other = json!({ "issuer": "https://id.example.org", "jwks_uri": "https://id.example.org/keys" });
    let elsewhere = |issuer: &IssuerServer| {
        let discovery = json!({ "issuer": issuer.name(), "jwks_uri": "http://id.example.org/keys" });
        issuer.answer_discovery(200, discovery.to_string());
    };
    let breaks: [&dyn Fn(&IssuerServer); 7] = [
        &|issuer| issuer.answer_discovery(404, String::new()),
        &|issuer| issuer.answer_discovery(302, String::new()),
        &|issuer| issuer.answer_discovery(200, "hello".to_owned()),
        &|issuer| issuer.answer_discovery(200, other.to_string()),
        &elsewhere,
        &|issuer| issuer.answer_keys(200, "[]".to_owned()),
        &|issuer| issuer.answer_keys(200, " ".repeat(300 * 1024)),
    ];
    for (number, breaks) in breaks.into_iter().enumerate() {
        let issuer = IssuerServer::start();
        issuer.publish(&[&key]);
        breaks(&issuer);
        let site = trusting(&issuer);
        let token = key.token(&claims(&issuer, &json!({})));
        let reply = whoami(&site, &token);
        assert_eq!(outcome(&reply), unavailable, "{number}");
        assert!(!reply.body.contains("127.0.0.1") && !reply.body.contains("issuer"), "{reply:?}");
        // What the service has itself is there all the same.
        assert_eq!(site.get("/v1/principal").status, 200);
    }
    let issuer = IssuerServer::start();
    issuer.publish(&[&key]);
    issuer.answer_discovery(500, String::new());
    let site = trusting(&issuer);
    let token = key.token(&claims(&issuer, &json!({})));
    assert_eq!(outcome(&whoami(&site, &token)), unavailable);
    let discovery = json!({ "issuer": issuer.name(), "jwks_uri": format!("{}/keys", issuer.name()) });
    issuer.answer_discovery(200, discovery.to_string());
    wait_until("the issuer to be asked again", || whoami(&site, &token).status == 200);
}
