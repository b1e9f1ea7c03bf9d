//! Rules about what the code generator wrote: the code, and what it says of the graph.

use std::collections::BTreeMap;

use crate::none_of;
use crate::tree::read;

#[test]
fn no_error_leaves_with_the_frameworks_own_reply() {
    let mut found = Vec::new();
    for path in ["server_sdk/src/lib.rs", "examples/loyalty/loyalty_server_sdk/src/lib.rs"] {
        found.extend(own_replies(&read(path)).into_iter().map(|reply| format!("{path}: {reply}")));
    }
    none_of(
        &found,
        "every error is problem+json: import ours after pavex's, since the last handler of an error type wins silently",
    );
    let generated = "let a = app::refuse(&error);\nlet b = pavex::request::path::errors::PathError::into_response(&error);\n";
    let found = own_replies(generated);
    assert!(found.len() == 1 && found[0].starts_with("line 2: let b"), "{found:?}");
}

fn own_replies(code: &str) -> Vec<String> {
    let found = code.lines().enumerate().filter(|(_, line)| line.contains("Error::into_response("));
    let found = found.filter(|(_, line)| line.contains("pavex::"));
    found.map(|(index, line)| format!("line {}: {}", index + 1, line.trim())).collect()
}

#[test]
fn no_error_is_left_to_the_handler_of_what_nobody_foresaw() {
    none_of(
        &unforeseen(&read("server_sdk/blueprint.dot")),
        "an error of a route has a handler of its own, which gives it a code: what has none is answered with 500",
    );
    let graph = "digraph \"GET /a - 3\" {\n    4 [ label = \"4| app_base::http::fallback::unforeseen(&pavex::Error) -> pavex::Response\"]\n}\n";
    assert_eq!(unforeseen(graph), ["GET /a"]);
}

fn unforeseen(diagnostics: &str) -> Vec<String> {
    let calls = calls(diagnostics).into_iter();
    calls.filter(|(_, call)| call.contains("::unforeseen(")).map(|(route, _)| route.to_owned()).collect()
}

#[test]
fn every_route_goes_through_the_same_middlewares_in_the_same_order() {
    none_of(
        &strangers(&read("server_sdk/blueprint.dot")),
        "limits, logs and metrics count every request: name middlewares before the routes, at the root",
    );
    let wrap = |name: &str| {
        format!("    0 [ label = \"0| app::{name}(pavex::middleware::Next<x>) -> pavex::Response\"]\n")
    };
    let graph = |route: &str, names: &[&str]| {
        let graphs = names.iter().map(|name| format!("digraph \"{route} - 1\" {{\n{}}}\n", wrap(name)));
        graphs.collect::<Vec<_>>().concat()
    };
    let graphs = graph("* *", &["a", "b"]) + &graph("GET /a", &["a", "b"]) + &graph("GET /b", &["b"]);
    assert_eq!(strangers(&graphs), ["GET /b: app::b"]);
}

/// Routes with other middlewares than what answers where there is no route.
fn strangers(diagnostics: &str) -> Vec<String> {
    let mut wraps: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (route, call) in calls(diagnostics) {
        let through = wraps.entry(route).or_default();
        let Some((function, inputs)) = call.split_once('(') else { continue };
        if inputs.starts_with("pavex::middleware::Next<") && !function.starts_with("pavex::") {
            through.push(function);
        }
    }
    let wanted = wraps.get("* *").cloned().unwrap_or_default();
    assert!(!wanted.is_empty(), "the fallback has middlewares around it");
    let others = wraps.into_iter().filter(|(_, through)| *through != wanted);
    others.map(|(route, through)| format!("{route}: {}", through.join(", "))).collect()
}

/// All calls of all routes, from the compiler's diagnostics.
fn calls(diagnostics: &str) -> Vec<(&str, &str)> {
    let mut route = "";
    let mut found = Vec::new();
    for line in diagnostics.lines() {
        if let Some(title) = line.strip_prefix("digraph ") {
            route = title.trim_matches(['"', ' ', '{']).rsplit_once(" - ").map_or("", |(route, _)| route);
        } else if let Some((_, label)) = line.split_once("| ").filter(|_| !route.is_empty()) {
            found.push((route, label));
        }
    }
    found
}
