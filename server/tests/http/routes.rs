//! Paths and methods: what has no route, and what each route answers besides its own method.

use insta::assert_snapshot;
use serde_json::json;

use crate::contract::operations;
use crate::harness::Request;
use crate::reads::{path, seeded};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

#[test]
fn a_path_without_a_route_is_not_found() {
    let site = Site::start();
    assert_snapshot!(shown(&site.get("/v1/ledger")), @r#"
    404
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#route.not_found",
      "title": "No such route",
      "status": 404,
      "code": "route.not_found",
      "request_id": "[id]"
    }
    "#);
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/favicon.ico",
        "/v1/ledgers/main/transactions/0/",
        "/docs/",
        "/docs/assets/none.js",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let reply = site.call(&Request::new(method, path));
            assert!(
                matches!((reply.status, &*reply.code()), (404, "route.not_found") | (405, _)),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let site = Site::start();
    assert_snapshot!(shown(&site.call(&Request::new("DELETE", TRANSACTIONS))), @r#"
    405
    allow: GET, HEAD, POST
    content-type: application/problem+json
    x-request-id: [id]

    {
      "type": "/docs/errors#route.method_not_allowed",
      "title": "Method not allowed",
      "status": 405,
      "code": "route.method_not_allowed",
      "detail": "This path takes GET, HEAD, POST.",
      "request_id": "[id]"
    }
    "#);
}

#[test]
fn every_path_refuses_the_methods_that_it_does_not_take_and_names_those_that_it_does() {
    let site = seeded();
    let mut paths: Vec<_> = operations().map(|(_, operation)| path(&operation)).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let takes = |method: &str| {
            operations()
                .any(|(its, operation)| its == method.to_ascii_lowercase() && self::path(&operation) == path)
        };
        let mut allowed: Vec<_> =
            ["DELETE", "GET", "PATCH", "POST", "PUT"].into_iter().filter(|it| takes(it)).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
            allowed.sort_unstable();
        }
        for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "BREW"] {
            if allowed.contains(&method) {
                continue;
            }
            let reply = site.call(&Request::new(method, &path));
            assert_eq!(reply.status, 405, "{method} {path}");
            assert_eq!(reply.header("allow"), Some(&*allowed.join(", ")), "{method} {path}");
        }
    }
}

#[test]
fn whatever_answers_get_answers_head_with_the_same_head() {
    let site = seeded();
    for (_, operation) in operations().filter(|(method, _)| *method == "get") {
        let path = path(&operation);
        let (get, head) = (site.get(&path), site.call(&Request::new("HEAD", &path)));
        // Who comes with a key has no session whose user's sessions could be listed.
        // And nobody is there as a user.
        let status = match &*path {
            "/v1/sessions" => 403,
            // And the service was not told under which address it is reached.
            "/v1/users/000000000000" | "/.well-known/oauth-authorization-server" => 404,
            _ => 200,
        };
        assert_eq!((get.status, head.status), (status, status), "{path}");
        // Metrics are longer each time that somebody asks.
        for name in ["content-type", "content-length", "etag", "cache-control", "content-encoding", "vary"] {
            if !(path == "/metrics" && name == "content-length") {
                assert_eq!(get.header(name), head.header(name), "{path} {name}");
            }
        }
        assert!(head.header("x-request-id").is_some() && head.bytes.is_empty(), "{path}");
    }
    // The connection is still in step after all that.
    assert_eq!(site.entries(), 2);
}

#[test]
fn a_head_of_what_is_not_there_says_so_without_a_body() {
    let site = Site::start();
    for path in ["/v1/ledgers/other", "/v2", "/v1/ledgers?limit=0"] {
        let (get, head) = (site.get(path), site.call(&Request::new("HEAD", path)));
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-type"), Some("application/problem+json"), "{path}");
        assert!(head.bytes.is_empty());
    }
}

#[test]
fn a_request_in_absolute_form_is_for_the_same_route() {
    let site = Site::start();
    let reply = site.connect().call(&Request::get("http://florin.example/v1/ledgers/main"));
    assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("main")));
    let body = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let created =
        site.connect().call(&Request::post(format!("http://florin.example{TRANSACTIONS}")).json(body));
    assert_eq!(created.header("location"), Some("/v1/ledgers/main/transactions/0"));
}
