//! The description of the API is true: the compiler of the graph saw the same routes, with the same inputs
//! and the same replies.
//!
//! What the compiler saw is in `server_sdk/blueprint.dot`, which it writes when it generates the server.

use std::collections::{BTreeMap, BTreeSet};

use app_base::api::{Method, Operation};
use identity::Need;

use crate::read;

/// A handler as the compiler saw it.
#[derive(Debug, PartialEq, Eq)]
struct Handler {
    name: String,
    /// The right that it asks for, if any.
    right: Option<String>,
    /// The input that is read from the request, if any.
    input: Option<String>,
    /// What it returns when all goes well.
    output: String,
}

#[test]
fn every_route_is_described_as_the_compiler_saw_it() {
    let mut seen = handlers(&read("server_sdk/blueprint.dot"));
    for operation in app::operations() {
        let route = format!("{} {}", operation.method.name(), operation.path);
        let handler = seen.remove(&route).unwrap_or_else(|| {
            panic!(
                "the compiler saw no {route}: `cargo px build` generates the server from the routes there are"
            )
        });
        assert_eq!(handler, described(&operation), "{route}");
    }
    assert!(
        seen.is_empty(),
        "{:?} are not described: list them in `operations.rs` of their feature",
        seen.keys().collect::<Vec<_>>()
    );
}

/// The routes that anybody may ask for. There is a reason for each: probes and scrapers have no keys, what the API
/// looks like and by which keys tokens are checked is no secret, and who asks for a token says who they are in the
/// request itself, as who signs in does; whoever asks for a mailed link or follows one has nothing else.
const OPEN_TO_ANYBODY: [&str; 18] = [
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /account/assets/{file}",
    "GET /docs",
    "GET /docs/assets/{file}",
    "GET /docs/errors",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /openapi.json",
    "GET /set-password",
    "GET /verify-email",
    "GET /version",
    "POST /oauth/token",
    "POST /v1/email-verifications/complete",
    "POST /v1/password-resets",
    "POST /v1/password-resets/complete",
    "POST /v1/sessions",
];

#[test]
fn every_other_route_asks_for_a_right_before_it_reads_anything() {
    let seen = handlers(&read("server_sdk/blueprint.dot"));
    let open = seen.iter().filter(|(_, handler)| handler.right.is_none()).map(|(route, _)| route.as_str());
    let open: BTreeSet<&str> = open.collect();
    let named = BTreeSet::from(OPEN_TO_ANYBODY);
    assert!(
        open.is_subset(&named),
        "{:?} ask for no right: their handlers take `Granted<…>` first, with a right of crates/app_base/src/http/principal.rs, or are \
         named in OPEN_TO_ANYBODY with the reason",
        open.difference(&named).collect::<Vec<_>>()
    );
    assert!(
        named.is_subset(&open),
        "{:?} ask for a right: not OPEN_TO_ANYBODY",
        named.difference(&open).collect::<Vec<_>>()
    );
    // The compiler has them run in the order in which the handler names them.
    for (handler, source) in rust_functions(&read("server_sdk/src/lib.rs")) {
        let gate = source.find("::Granted::check(").or_else(|| source.find("::Visitor::arrive("));
        let reads = ["::Read::extract(", "::Write::extract(", "::WriteMany::extract("];
        if let (Some(gate), Some(read)) = (gate, reads.iter().find_map(|read| source.find(read))) {
            assert!(gate < read, "{handler}");
        }
    }
}

#[test]
fn whatever_is_about_a_ledger_asks_for_a_right_on_that_ledger() {
    for operation in app::operations() {
        let on_ledger = operation
            .right
            .is_some_and(|right| matches!(right.parts, Need::OnLedger(_) | Need::OnLedgerEither(..)));
        assert_eq!(on_ledger, operation.path.contains("/{ledger}"), "{}", operation.path);
    }
}

#[test]
fn whatever_is_read_as_json_has_a_tag() {
    for operation in app::operations().iter().filter(|operation| operation.path.starts_with("/v1/")) {
        let output = operation.output.map(|output| short(output.name));
        let is_tagged = output.as_ref().is_some_and(|output| output.starts_with("Tagged<"));
        assert_eq!(is_tagged, operation.method == Method::Get && output.is_some(), "{}", operation.id);
    }
}

/// The functions of a source file, each with its text.
fn rust_functions(source: &str) -> Vec<(&str, &str)> {
    source.split("async fn ").skip(1).map(|text| (text.split('(').next().unwrap_or_default(), text)).collect()
}

#[test]
fn no_reply_of_the_framework_itself_leaves_the_service() {
    let generated = read("server_sdk/src/lib.rs");
    for own in ["Error::into_response(", "Error::to_response(", "default_fallback("] {
        let line = generated.lines().find(|line| line.contains("pavex::") && line.contains(own));
        assert_eq!(line, None);
    }
}

fn described(operation: &Operation) -> Handler {
    Handler {
        name: operation.id.to_owned(),
        right: operation.right.map(|right| short(right.name)),
        input: operation.input.map(|input| short(input.name)),
        output: operation.output.map_or("Response".to_owned(), |output| short(output.name)),
    }
}

/// Reads the handler of every route out of the compiler's diagnostics: graphs named
/// `"METHOD /path - stage"`, one of which calls the handler. The others call what stands around it.
fn handlers(diagnostics: &str) -> BTreeMap<String, Handler> {
    let mut calls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut graph = None;
    for line in diagnostics.lines() {
        if let Some(title) = line.strip_prefix("digraph \"").and_then(|rest| rest.strip_suffix("\" {")) {
            let (route, _stage) = title.rsplit_once(" - ").expect("a graph is named after its stage");
            graph = Some(route);
        } else if line.starts_with('}') {
            graph = None;
        } else if let (Some(route), Some(call)) = (graph, call(line)) {
            calls.entry(route).or_default().push(call);
        }
    }
    calls
        .into_iter()
        // What answers where there is no route is no operation.
        .filter(|(route, _)| !route.starts_with('*'))
        .map(|(route, calls)| {
            let handler = calls.iter().find_map(|call| handler(call, route));
            (route.to_owned(), handler.unwrap_or_else(|| panic!("{route} has no handler in {calls:#?}")))
        })
        .collect()
}

/// Returns what a node of a graph computes.
fn call(line: &str) -> Option<&str> {
    let label = line.split_once("[ label = \"")?.1.strip_suffix("\"]")?;
    Some(label.split_once("| ")?.1)
}

/// Reads `path::to::handler(inputs) -> output`, where that is what the node computes: a function named
/// after one of the route's operations.
fn handler(call: &str, route: &str) -> Option<Handler> {
    let (function, rest) = call.split_once('(')?;
    let (inputs, output) = rest.rsplit_once(") -> ")?;
    let name = function.rsplit("::").next()?;
    let known = app::operations();
    let operation = known.iter().find(|operation| operation.id == name)?;
    assert_eq!(route, format!("{} {}", operation.method.name(), operation.path), "{name}");
    let inputs: Vec<String> = split(inputs).into_iter().map(short).collect();
    let granted = |input: &String| Some(input.strip_prefix("Granted<")?.strip_suffix('>')?.to_owned());
    let right = inputs.iter().find_map(granted);
    let input = inputs
        .into_iter()
        .find(|input| ["Read<", "Write<", "WriteMany<"].iter().any(|extractor| input.starts_with(extractor)));
    let output = short(output);
    let output = match output.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>')) {
        Some(arguments) => split(arguments)[0].to_owned(),
        None => output,
    };
    Some(Handler { name: name.to_owned(), right, input, output })
}

/// Splits a list of types at its own commas.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

/// Leaves out the paths of a type's names: the compiler knows types by where they can be named, Rust by
/// where they are defined.
fn short(name: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    for character in name.chars() {
        match character {
            ':' => word.clear(),
            character if character.is_alphanumeric() || character == '_' => word.push(character),
            other => {
                short.push_str(&std::mem::take(&mut word));
                if other != ' ' {
                    short.push(other);
                }
            }
        }
    }
    short + &word
}

#[test]
fn names_are_compared_without_their_paths() {
    let name = "app_base::http::input::Read<(app_base::http::path::InLedger, app::log::ListLogQuery)>";
    assert_eq!(short(name), "Read<(InLedger,ListLogQuery)>");
}

#[test]
fn types_have_names_of_their_own() {
    let mut full_names: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for operation in app::operations() {
        let names = [operation.input.map(|input| input.name), operation.output.map(|output| output.name)];
        for name in names.into_iter().flatten() {
            let parts = name.split(['<', '>', '(', ')', ',', ' ']).filter(|part| !part.is_empty());
            for part in parts {
                full_names.entry(short(part)).or_default().insert(part);
            }
        }
    }
    for (short, full) in full_names {
        assert_eq!(full.len(), 1, "{short} may be any of {full:?}");
    }
}
