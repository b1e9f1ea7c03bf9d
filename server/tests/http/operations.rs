//! The description of the API against this suite: what is described is tried. What is not would be listed
//! here, and the lists are empty.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::calls::{CALLS, Call, LATEST};
use crate::contract::{operation_of, operations};
use crate::harness::{ADMIN_KEY, Request};
use crate::site::{Site, TRANSACTIONS, posting};

/// A call of each operation that goes well, in this order, with its status. That reply and request are as
/// described is what every call of a site checks.
#[expect(clippy::too_many_lines, reason = "it is one list")]
fn calls() -> Vec<Call> {
    let get = |path: &str| (Request::get(path), 200);
    let transaction = json!({
        "postings": [posting("world", "users:1", "USD/2", 5)],
        "reference": "order-1",
        "effective_at": "2026-01-31T12:00:00Z",
        "metadata": { "order": "1" },
    });
    let scheduled = json!({
        "transaction": {
            "postings": [posting("users:1", "rent", "USD/2", 5)],
            "metadata": { "order": "1" },
            "expect": [{ "account": "users:1", "asset": "USD/2", "available": { "at_least": "0" } }],
        },
        "rule": { "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1", "starts_at": "2999-01-31T12:00:00Z", "time_zone": "Europe/Berlin" },
        "metadata": { "contract": "7" },
    });
    let hold = json!({
        "postings": [posting("users:1", "shops:7", "USD/2", 4)],
        "expires_at": "2999-01-31T12:00:00Z",
        "reference": "checkout-1",
        "metadata": { "order": "2" },
    });
    let capture = json!({ "postings": [posting("users:1", "shops:7", "USD/2", 1)], "reference": "part-1" });
    let reversal = json!({ "postings": [posting("users:1", "world", "USD/2", 1)], "force": true });
    let mut dry_run = transaction.clone();
    dry_run["dry_run"] = json!(true);
    let all = "account=users:&source=world&destination=users:1&asset=USD/2&reference=order-1&metadata[order]=1\
               &amount[at_least]=1&amount[at_most]=9000\
               &from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00%2B01:00&clock=effective&order=asc&limit=7";
    let moment = "at=2026-06-01T00:00:00Z&clock=effective";
    let mut calls = vec![
        (
            Request::post("/v1/ledgers").json(json!({ "name": "loyalty", "metadata": { "team": "growth" } })),
            201,
        ),
        get("/v1/ledgers?limit=7"),
        get("/v1/ledgers/loyalty"),
        (Request::post(TRANSACTIONS).header("idempotency-key", "k").json(dry_run), 200),
        (Request::post(TRANSACTIONS).header("idempotency-key", "k").json(transaction), 201),
        (
            Request::post("/oauth/token")
                .without_key()
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!(
                    "grant_type=client_credentials&client_id={}&client_secret={ADMIN_KEY}",
                    &ADMIN_KEY[7..19]
                )),
            200,
        ),
        get("/.well-known/jwks.json"),
        get("/.well-known/oauth-authorization-server"),
        get(&format!("{TRANSACTIONS}/0")),
        get(&format!("{TRANSACTIONS}?{all}")),
        (
            Request::patch("/v1/ledgers/main/accounts/users:1")
                .header("idempotency-key", "p")
                .json(json!({ "policy": { "floor": { "USD/2": "-5" } }, "metadata": { "tier": "gold" } })),
            200,
        ),
        (Request::post("/v1/ledgers/main/holds").header("idempotency-key", "h").json(hold), 201),
        (
            Request::post("/v1/ledgers/main/holds/2/captures").header("idempotency-key", "c").json(capture),
            201,
        ),
        (Request::post("/v1/ledgers/main/holds/2/void").header("idempotency-key", "v"), 200),
        get("/v1/ledgers/main/holds/2"),
        get("/v1/ledgers/main/holds?state=voided&account=shops:7&limit=7"),
        (
            Request::post(format!("{TRANSACTIONS}/0/reversals"))
                .header("idempotency-key", "r")
                .json(reversal),
            201,
        ),
        (
            Request::patch(format!("{TRANSACTIONS}/0"))
                .header("idempotency-key", "t")
                .json(json!({ "metadata": { "invoice": "77", "note": null } })),
            200,
        ),
        get(&format!("{TRANSACTIONS}/0/changes?limit=7")),
        get("/v1/ledgers/main/accounts/users:1/changes?limit=7"),
        get("/v1/ledgers/main/accounts/users:1/changes?at=2026-06-01T00:00:00Z"),
        get(&format!("/v1/ledgers/main/accounts/users:1/entries?{moment}")),
        get(&format!("/v1/ledgers/main/accounts/users:1/statement?{moment}")),
        get(&format!("/v1/ledgers/main/accounts/users:1?{moment}")),
        get(&format!("/v1/ledgers/main/accounts?{moment}")),
        get(&format!("/v1/ledgers/main/balances?{moment}")),
        get(&format!("{TRANSACTIONS}?{moment}")),
        get("/v1/ledgers/main/accounts?prefix=users&asset=USD/2&metadata[tier]=gold&limit=7"),
        get("/v1/ledgers/main/accounts/users:1"),
        get(
            "/v1/ledgers/main/accounts/users:1/entries?asset=USD/2&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&clock=effective&limit=7",
        ),
        get(
            "/v1/ledgers/main/accounts/users:1/statement?asset=USD/2&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&clock=effective&format=json",
        ),
        get("/v1/ledgers/main/balances?prefix=users:&depth=2&limit=7"),
        get("/v1/ledgers/main/log?limit=7"),
        get("/v1/ledgers/main/log?after=0"),
        get("/v1/ledgers/main/export?format=csv"),
        (Request::post("/v1/ledgers/main/schedules").header("idempotency-key", "s").json(scheduled), 201),
        get("/v1/ledgers/main/schedules?state=active&limit=7"),
        get("/v1/ledgers/main/schedules/0"),
        get("/v1/ledgers/main/schedules/0/runs?limit=7"),
        (Request::post("/v1/ledgers/main/schedules/0/pause").header("idempotency-key", "sp"), 200),
        (Request::post("/v1/ledgers/main/schedules/0/resume").header("idempotency-key", "sr"), 200),
        (Request::post("/v1/ledgers/main/schedules/0/cancel").header("idempotency-key", "sc"), 200),
        (
            Request::post("/v1/ledgers/main/batches?first_line=7")
                .header("idempotency-key", "lines")
                .header("content-type", "application/x-ndjson")
                .body(r#"{"type": "account", "account": "users:1", "metadata": {"tier": "silver"}}"#),
            200,
        ),
        (
            Request::post("/v1/ledgers/main/batches").header("idempotency-key", "batch").json(json!({
                "mode": "atomic",
                "commands": [
                    { "type": "transaction", "postings": [posting("world", "users:1", "USD/2", 5)] },
                    { "type": "hold", "postings": [posting("users:1", "shops:1", "USD/2", 5)] },
                    { "type": "account", "account": "users:1", "metadata": { "tier": "gold" } },
                ],
            })),
            200,
        ),
        (
            Request::post("/v1/keys").json(json!({
                "name": "billing",
                "grants": [
                    { "scopes": ["ledger:read", "ledger:write"], "ledgers": ["main"] },
                    { "role": "auditor", "ledgers": "all" },
                ],
                "expires_at": "2999-01-31T12:00:00Z",
            })),
            201,
        ),
        get("/v1/keys?limit=7"),
        get("/v1/keys/2USBDPIBEdi3"),
        get("/v1/principal"),
        (
            Request::post("/v1/users").json(json!({
                "name": "Ada Lovelace",
                "email": "ada@example.com",
                "grants": [{ "role": "writer", "ledgers": ["main"] }],
            })),
            201,
        ),
        get("/v1/users?state=active&email=ada@example.com&limit=7"),
        get(&format!("/v1/users/{LATEST}")),
        (
            Request::patch(format!("/v1/users/{LATEST}")).header("idempotency-key", "u").json(json!({
                "name": "Countess of Lovelace",
                "email": "countess@example.com",
                "state": "disabled",
                "grants": [{ "role": "reader", "ledgers": "all" }],
            })),
            200,
        ),
        // Who comes with a key has no session; in sessions/ these go well.
        (
            Request::post("/v1/sessions")
                .header("sec-fetch-site", "same-origin")
                .json(json!({ "email": "nobody@example.com", "password": "a" })),
            401,
        ),
        (Request::get("/v1/sessions?limit=7"), 403),
        (Request::delete("/v1/sessions"), 403),
        (Request::delete("/v1/sessions/000000000000"), 403),
        (
            Request::new("PUT", "/v1/principal/password")
                .json(json!({ "current_password": "a", "new_password": "b" })),
            403,
        ),
        (Request::delete(format!("/v1/users/{LATEST}/sessions")), 200),
        // In sessions/ these go well too.
        (
            Request::post("/v1/password-resets")
                .header("sec-fetch-site", "same-origin")
                .json(json!({ "email": "nobody@example.com" })),
            202,
        ),
        (
            Request::post("/v1/password-resets/complete")
                .header("sec-fetch-site", "same-origin")
                .json(json!({ "token": "0".repeat(43), "new_password": "a horse of another colour" })),
            410,
        ),
        (
            Request::post("/v1/email-verifications/complete")
                .header("sec-fetch-site", "same-origin")
                .json(json!({ "token": "0".repeat(43) })),
            410,
        ),
        (Request::post("/v1/email-verifications"), 403),
        (Request::post("/v1/users/000000000000/email-verifications"), 404),
        (Request::post("/v1/principal/totp").json(json!({ "password": "a" })), 403),
        (Request::post("/v1/principal/totp/confirm").json(json!({ "code": "287082" })), 403),
        (Request::delete("/v1/principal/totp").json(json!({ "code": "287082" })), 403),
        (Request::delete("/v1/users/000000000000/totp"), 404),
        get("/set-password"),
        get("/verify-email"),
        get("/account/assets/account.css"),
        get("/v1/audit?actor=operator&action=key.created&subject=2USBDPIBEdi3&from=2000-01-01T00:00:00Z\
             &to=2999-01-01T00:00:00Z&limit=7"),
        get("/health/live"),
        get("/health/ready"),
        get("/version"),
        get("/metrics"),
        get("/openapi.json"),
        get("/docs"),
        get("/docs/errors"),
        get("/docs/assets/icon.svg"),
    ];
    calls.extend(CALLS.iter().flat_map(|calls| calls()));
    // The key with which the tests come; last, therefore.
    calls.push((Request::delete("/v1/keys/2USBDPIBEdi3").header("idempotency-key", "d"), 200));
    calls
}

#[test]
fn every_operation_goes_well_as_described() {
    let site = Site::start_with(&[("PX_AUTHENTICATION__ISSUER", "https://ledger.example.org")]);
    let mut latest = LATEST.to_owned();
    for (mut request, status) in calls() {
        request.path = request.path.replace(LATEST, &latest);
        let reply = site.call(&request);
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
        if status == 201
            && let Some(id) = reply.json()["id"].as_str()
        {
            latest = id.to_owned();
        }
    }
}

#[test]
fn operations_that_nobody_calls() {
    let called: Vec<_> =
        calls().iter().filter_map(|(request, _)| Some(operation_of(request)?.id())).collect();
    let untried: Vec<_> = operations().map(|(_, it)| it.id()).filter(|id| !called.contains(id)).collect();
    assert_snapshot!(untried.join("\n"), @"");
}

#[test]
fn parameters_that_nobody_uses() {
    let calls = calls();
    let mut unused = Vec::new();
    for (_, operation) in operations() {
        let used: Vec<_> = calls
            .iter()
            .filter(|(request, _)| operation_of(request).is_some_and(|its| its.id() == operation.id()))
            .filter_map(|(request, _)| request.path.split_once('?'))
            .flat_map(|(_, query)| query.split('&'))
            .filter_map(|pair| pair.split(['=', '[']).next())
            .collect();
        let names = operation.parameters("query");
        // Cursors are nothing that could be known in advance; every list is walked with them elsewhere.
        unused.extend(
            names.filter(|name| *name != "cursor" && !used.contains(name)).map(|name| (operation.id(), name)),
        );
    }
    let unused: Vec<_> = unused.iter().map(|(id, name)| format!("{id} {name}")).collect();
    assert_snapshot!(unused.join("\n"), @"");
}

#[test]
fn codes_that_nobody_provokes() {
    let description: Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("the description is JSON");
    let codes = &description["components"]["schemas"]["Problem"]["properties"]["code"]["examples"];
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let suite = ["door", "http"].map(|folder| sources(&tests.join(folder))).concat();
    let codes = codes.as_array().expect("a list of all codes").iter().map(|code| code.as_str().unwrap());
    let unprovoked: Vec<_> = codes.filter(|code| !suite.contains(&format!("\"{code}\""))).collect();
    assert_snapshot!(unprovoked.join("\n"), @"");
}

/// The text of every source file in a folder.
fn sources(folder: &Path) -> String {
    let paths = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text = |path: std::path::PathBuf| match path.extension() {
        None => sources(&path),
        Some(extension) if extension == "rs" => std::fs::read_to_string(path).expect("a source file"),
        Some(_) => String::new(),
    };
    paths.map(text).collect()
}
