//! Access tokens: given for keys, narrowed, refused when anything about them is not as it should be.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::{Purpose, ServiceSecret};
use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tokens::{AccessClaims, SigningKey};

use super::rotation::tokens_outlive_a_rotation_on_every_replica_and_no_revocation;
use super::{everywhere, issued, key, outcome, with};
use crate::harness::{ADMIN_KEY, Reply, Request, SECRET, run, wait_until};
use crate::site::{Site, TRANSACTIONS, posting};

const FORM: &str = "application/x-www-form-urlencoded";

/// Asks for a token, with this in the form.
fn ask(site: &Site, form: &str) -> Reply {
    site.call(&Request::post("/oauth/token").without_key().header("content-type", FORM).body(form))
}

/// The form with which a key asks for a token.
fn form(key: &str, more: &str) -> String {
    format!("grant_type=client_credentials&client_id={}&client_secret={key}{more}", &key[7..19])
}

/// Gives a token for a key.
pub(super) fn token(site: &Site, key: &str, scope: Option<&str>) -> String {
    let scope = scope.map_or(String::new(), |scope| format!("&scope={}", scope.replace(' ', "+")));
    let reply = ask(site, &form(key, &scope));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["access_token"].as_str().expect("a token").to_owned()
}

fn error(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_token_allows_what_its_key_does_of_its_scopes() {
    let site = Site::start();
    let writer = key(&site, &json!([{ "role": "writer", "ledgers": ["main"] }]));
    let reply = ask(&site, &form(&writer, ""));
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let given = reply.json();
    assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert_eq!(given["scope"], "ledger:read ledger:write");

    let reader = token(&site, &writer, Some("ledger:read"));
    let own = site.call(&Request::get("/v1/principal").key(&reader)).json();
    assert_eq!((&own["kind"], &own["id"]), (&json!("key"), &json!(&writer[7..19])));
    assert_eq!(own["grants"], json!([{ "scopes": ["ledger:read"], "ledgers": ["main"] }]));
    assert!(own["expires_at"].is_string());
    let post =
        || Request::post(TRANSACTIONS).json(json!({ "postings": [posting("world", "a", "USD/2", 5)] }));
    assert_eq!(with(&site, post(), &reader), (403, "authorization.denied".to_owned()));
    assert_eq!(with(&site, Request::get("/v1/ledgers/main"), &reader).0, 200);
    assert_eq!(with(&site, Request::get("/v1/ledgers/other"), &reader), (404, "ledger.not_found".to_owned()));
    let all = token(&site, &writer, Some("ledger:write ledger:read"));
    assert_eq!(with(&site, post(), &all).0, 201);

    let id = &writer[7..19];
    let basic = STANDARD.encode(format!("{id}:{writer}"));
    let request = Request::post("/oauth/token")
        .header("authorization", format!("Basic {basic}"))
        .header("content-type", FORM)
        .body("grant_type=client_credentials");
    assert_eq!(site.call(&request).status, 200);
}

#[test]
fn what_is_wrong_with_a_request_for_a_token_is_named_as_the_standard_has_it() {
    let site = Site::start();
    let reader = key(&site, &everywhere(&["ledger:read"]));
    let (revoked, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    assert_eq!(site.call(&Request::delete(format!("/v1/keys/{id}"))).status, 200);
    let unknown = identity::KeyText::from_random([9; 9], &[9; 32]);
    let another = identity::KeyText::from_random([7; 9], &[8; 32]);
    let name = &reader[7..19];
    for (form, status, wanted) in [
        (String::new(), 400, "invalid_request"),
        (form(&reader, "&grant_type=client_credentials"), 400, "invalid_request"),
        (form(&reader, "&scope=%zz"), 400, "invalid_request"),
        (form(&reader, "").replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (form(&reader, "").replace("client_credentials", ""), 400, "invalid_request"),
        ("grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (format!("grant_type=client_credentials&client_id={name}"), 401, "invalid_client"),
        (format!("grant_type=client_credentials&client_secret={reader}"), 401, "invalid_client"),
        (form(&reader, "").replace(name, "000000000000"), 401, "invalid_client"),
        (form(&revoked, ""), 401, "invalid_client"),
        (form(unknown.expose(), ""), 401, "invalid_client"),
        (form(another.expose(), ""), 401, "invalid_client"),
        // Who asks comes before what for.
        (form(unknown.expose(), "&scope=nothing"), 401, "invalid_client"),
        (form(&reader, "&scope=nothing"), 400, "invalid_scope"),
        (form(&reader, "&scope=ledger:read++ledger:read"), 400, "invalid_scope"),
        (form(&reader, "&scope=ledger:read+ledger:write"), 400, "invalid_scope"),
        (form(&reader, "&scope=keys:admin"), 400, "invalid_scope"),
    ] {
        let reply = ask(&site, &form);
        assert_eq!(error(&reply), (status, wanted.to_owned()), "{form}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401, "{form}");
        assert!(reply.json()["error_description"].is_string());
    }
    let basic = STANDARD.encode(format!("{name}:{reader}"));
    let with_header = |form: &str, header: &str| {
        let request = Request::post("/oauth/token").header("content-type", FORM).body(form);
        error(&site.call(&request.header("authorization", header)))
    };
    let both = with_header(&form(&reader, ""), &format!("Basic {basic}"));
    assert_eq!(both, (400, "invalid_request".to_owned()));
    let grant = "grant_type=client_credentials";
    for header in [&format!("Bearer {reader}"), "Basic !", &format!("Basic {}", STANDARD.encode(&reader))] {
        assert_eq!(with_header(grant, header), (401, "invalid_client".to_owned()), "{header}");
    }
    let json = Request::post("/oauth/token").without_key().json("{}");
    assert_eq!(error(&site.call(&json)), (400, "invalid_request".to_owned()));
    let large = ask(&site, &format!("x={}", "a".repeat(9000)));
    assert_eq!(outcome(&large), (413, "request.too_large".to_owned()));
    let refused = site.json("/v1/audit?limit=1000").to_string();
    assert!(refused.contains("POST /oauth/token: invalid_client"), "{refused}");
}

/// The key that the service signs with, from its database.
fn signing_key(site: &Site) -> SigningKey {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let file = format!("sqlite://{}", site.folder().join("data/florin.db").display());
    let row = runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&file).await.expect("the database");
        sqlx::query("SELECT name, sealed FROM signing_keys").fetch_one(&mut connection).await.expect("a key")
    });
    let (name, sealed): (String, Vec<u8>) = (row.get(0), row.get(1));
    let opener = ServiceSecret::parse(SECRET).expect("the secret").sealer(Purpose::SigningKeys);
    let seed = opener.open(name.as_bytes(), &sealed).expect("it is sealed with the secret");
    SigningKey::from_seed(name, &seed.as_slice().try_into().expect("32 bytes")).expect("a key")
}

/// What a token claims.
fn claimed(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn refusal(site: &Site, token: &str) -> String {
    let reply = site.call(&Request::get("/v1/principal").key(token));
    if reply.status == 200 {
        return String::new();
    }
    assert_eq!(outcome(&reply), (401, "authentication.invalid".to_owned()), "{token}");
    assert!(reply.header("www-authenticate").expect("a challenge").contains("invalid_token"));
    reply.json()["detail"].as_str().expect("a detail").to_owned()
}

#[test]
fn a_token_with_any_other_claim_than_those_of_this_service_is_refused() {
    let site = Site::start();
    let reader = key(&site, &everywhere(&["ledger:read"]));
    let good = claimed(&token(&site, &reader, None));
    let id = &reader[7..19];
    assert_eq!((&good["iss"], &good["aud"]), (&json!("florin"), &json!("florin")));
    assert_eq!((&good["sub"], &good["client_id"]), (&json!(id), &json!(id)));
    let issued_s = good["iat"].as_i64().expect("a time");
    assert_eq!(good["exp"], issued_s + 300);
    assert_eq!(good["jti"].as_str().expect("a name").len(), 12);
    let signing = signing_key(&site);
    let right = AccessClaims {
        issuer: "florin",
        subject: id,
        audience: "florin",
        client_id: id,
        issued_s,
        expires_s: issued_s + 300,
        id: "j",
        scope: "ledger:read",
    };
    assert_eq!(refusal(&site, &signing.sign(&right)), "");
    for (claims, detail) in [
        (
            AccessClaims { issuer: "https://florin", ..right.clone() },
            "The token is from an issuer that is not trusted.",
        ),
        (AccessClaims { audience: "another", ..right.clone() }, "The token is for another audience."),
        (AccessClaims { expires_s: issued_s - 10, ..right.clone() }, "The token has expired."),
        (AccessClaims { issued_s: issued_s + 200, ..right.clone() }, "The token is not valid yet."),
        (
            AccessClaims { client_id: "000000000000", ..right.clone() },
            "The token is malformed, or does not say what every token has to.",
        ),
        (
            AccessClaims { scope: "", ..right.clone() },
            "The token is malformed, or does not say what every token has to.",
        ),
        (
            AccessClaims { scope: "nothing", ..right.clone() },
            "The token is malformed, or does not say what every token has to.",
        ),
        (
            AccessClaims { client_id: "000000000000", subject: "000000000000", ..right.clone() },
            "There is no such key.",
        ),
    ] {
        assert_eq!(refusal(&site, &signing.sign(&claims)), detail, "{claims:?}");
    }
    // What a token says that its key does not have, it does not get.
    let more = signing.sign(&AccessClaims { scope: "ledger:read keys:admin", ..right.clone() });
    assert_eq!(with(&site, Request::get("/v1/keys"), &more), (403, "authorization.denied".to_owned()));
    // Another key of the same name, and the right key under another name.
    let named = |name: &str, seed: [u8; 32]| {
        SigningKey::from_seed(name.to_owned(), &seed).expect("a key").sign(&right)
    };
    assert_eq!(refusal(&site, &named(signing.name(), [1; 32])), "The token's signature is wrong.");
    assert_eq!(
        refusal(&site, &named("000000000000", [1; 32])),
        "The token is signed with a key that is not known."
    );
}

#[test]
fn a_token_that_was_tampered_with_is_refused() {
    let site = Site::start();
    let good = token(&site, ADMIN_KEY, Some("ledger:read"));
    let parts: Vec<&str> = good.split('.').collect();
    let decoded = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, payload) = (decoded(parts[0]), decoded(parts[1]));
    let with_header = |header: &str| format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1], parts[2]);
    let signature = "The token's signature is wrong.";
    let algorithm = "The token is signed in a way that is not taken.";
    let kind = "The token is of a kind that is not taken.";
    let malformed = "The token is malformed, or does not say what every token has to.";
    let public = URL_SAFE_NO_PAD.encode([1; 32]);
    for (tampered, detail) in [
        (
            format!(
                "{}.{}.{}",
                parts[0],
                URL_SAFE_NO_PAD.encode(payload.replace("ledger:read", "keys:admin")),
                parts[2]
            ),
            signature,
        ),
        (format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([0; 64])), signature),
        (format!("{}.{}.", parts[0], parts[1]), signature),
        (with_header(&header.replace("\"typ\"", "\"ty\":1,\"typ\"")), signature),
        (with_header(&header.replace("EdDSA", "none")), algorithm),
        (with_header(&header.replace("EdDSA", "HS256")), algorithm),
        (with_header(&header.replace("EdDSA", "RS256")), algorithm),
        (with_header(&header.replace("EdDSA", "ES256")), algorithm),
        (with_header(&header.replace("at+jwt", "JWT")), kind),
        (
            with_header(&header.replace(
                '{',
                &format!("{{\"jwk\":{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{public}\"}},"),
            )),
            kind,
        ),
        (with_header(&header.replace('{', "{\"jku\":\"https://example.org/keys\",")), kind),
        (with_header(&header.replace('{', "{\"crit\":[\"exp\"],")), kind),
        (format!("{}.{}.{}", parts[0], "e30", "AAAA"), signature),
        ("e30.e30.AAAA".to_owned(), malformed),
        ("..".to_owned(), malformed),
    ] {
        assert_eq!(refusal(&site, &tampered), detail, "{tampered}");
    }
    assert_eq!(refusal(&site, &good), "");
}

#[test]
fn a_token_ends_with_its_key_and_by_itself() {
    let site = Site::start_with(&[("PX_AUTHENTICATION__ACCESS_TOKEN_MS", "1000")]);
    let short = token(&site, ADMIN_KEY, None);
    assert_eq!(refusal(&site, &short), "");
    wait_until("the token to expire", || refusal(&site, &short) == "The token has expired.");

    let site = Site::start();
    let (secret, id) = issued(&site, &json!({ "name": "a", "grants": everywhere(&["ledger:read"]) }));
    let given = token(&site, &secret, None);
    assert_eq!(refusal(&site, &given), "");
    assert_eq!(site.call(&Request::delete(format!("/v1/keys/{id}"))).status, 200);
    assert_eq!(refusal(&site, &given), "The key was revoked.");
    assert_eq!(error(&ask(&site, &form(&secret, ""))), (401, "invalid_client".to_owned()));
    // Nobody has the token, or the key, who was not given it: it is known whose attempts these were.
    let trail = site.json("/v1/audit?limit=1000");
    for subject in ["GET /v1/principal: authentication.invalid", "POST /oauth/token: invalid_client"] {
        let record = trail["items"].as_array().expect("a list").iter().find(|it| it["subject"] == subject);
        assert_eq!(record.expect("it is there")["actor"], format!("key:{id}"), "{subject}");
    }
}

#[test]
fn what_others_need_to_check_tokens_is_published() {
    let site = Site::start();
    assert_eq!(
        outcome(&site.get("/.well-known/oauth-authorization-server")),
        (404, "issuer.not_configured".to_owned())
    );
    assert_eq!(site.json("/.well-known/jwks.json"), json!({ "keys": [] }));

    let site = Site::start_with(&[("PX_AUTHENTICATION__ISSUER", "https://ledger.example.org")]);
    let given = token(&site, ADMIN_KEY, None);
    assert_eq!(claimed(&given)["iss"], "https://ledger.example.org");
    let reply = site.call(&Request::get("/.well-known/jwks.json").without_key());
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    let keys = tokens::KeySet::parse(reply.body.as_bytes()).expect("a set of keys");
    let read = tokens::Compact::parse(&given).expect("a token");
    assert!(read.verified(&[tokens::Algorithm::EdDsa], &keys).is_ok());
    let metadata = site.json("/.well-known/oauth-authorization-server");
    assert_eq!(metadata["token_endpoint"], "https://ledger.example.org/oauth/token");
    assert_eq!(metadata["jwks_uri"], "https://ledger.example.org/.well-known/jwks.json");
}

#[test]
fn tokens_outlive_a_rotation_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    tokens_outlive_a_rotation_on_every_replica_and_no_revocation(folder.path(), &[]);
}

#[test]
fn a_signing_key_of_another_secret_is_told_to_operators_only() {
    let site = Site::start();
    token(&site, ADMIN_KEY, None);
    let folder = site.folder().to_owned();
    let secret = ServiceSecret::from_random(&[9; 32]);
    let settings = [("PX_AUTHENTICATION__SECRET", secret.expose())];
    let other = crate::harness::Service::start(&folder, &settings);
    let request =
        Request::post("/oauth/token").without_key().header("content-type", FORM).body(form(ADMIN_KEY, ""));
    let reply = other.connect().call(&request);
    assert_eq!(outcome(&reply), (500, "internal.error".to_owned()));
    wait_until("the log", || other.logged().contains("was sealed with another secret"));
    // One that asks nobody who they are, and keeps no secret, keeps no keys either.
    let off = [
        ("PX_AUTHENTICATION__MODE", "off"),
        ("PX_AUTHENTICATION__SECRET", ""),
        ("PX_AUTHENTICATION__CREATE_SECRET_IN", ""),
    ];
    let open = crate::harness::Service::start(&folder, &off);
    let kids = |reply: &Reply| reply.json()["keys"].as_array().expect("a list").len();
    for _ in 0..2 {
        assert_eq!(open.connect().call(&request).status, 200);
        assert_eq!(kids(&open.get("/.well-known/jwks.json")), 1);
    }
    assert_eq!(kids(&site.get("/.well-known/jwks.json")), 1);
    assert_eq!(site.call(&request).status, 200);
    let ended = run(&folder, &off, &["admin", "rotate-signing-key"]);
    assert!(ended.code() == Some(1) && ended.stderr.contains("there is no secret"), "{ended:?}");
    // A new key mends it.
    let ended = run(&folder, &settings, &["admin", "rotate-signing-key", "--revoke-earlier"]);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    wait_until("a new key", || other.connect().call(&request).status == 200);
}
