//! The problems of the API: every kind that any operation may end with, each once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Operation;
use crate::http::problem::ProblemType;
use crate::http::problem_types::{METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND};
use crate::http::unrouted::UNROUTED;

/// Returns every kind of problem that the service answers with, by code.
///
/// # Panics
/// When two kinds have one code.
#[must_use]
pub fn problem_types(operations: &[Operation]) -> Vec<&'static ProblemType> {
    let mut all = vec![&ROUTE_NOT_FOUND, &METHOD_NOT_ALLOWED];
    all.extend(UNROUTED);
    all.extend(operations.iter().flat_map(Operation::all_problems));
    all.sort_by_key(|kind| kind.code);
    all.dedup_by(|one, other| std::ptr::eq(*one, *other));
    for pair in all.windows(2) {
        assert_ne!(pair[0].code, pair[1].code, "two kinds of problems have one code");
    }
    all
}

/// The schema of any problem, with the members that some have.
pub(super) fn schema(kinds: &[&'static ProblemType]) -> Value {
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code).collect();
    let mut properties = json!({
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Where the code is explained: a place in this service's documentation.",
            "examples": ["/docs/errors#transaction.insufficient_funds"]
        },
        "title": { "type": "string", "description": "The code in words, the same for each occurrence." },
        "status": { "type": "integer", "description": "The status of the reply." },
        "code": {
            "type": "string",
            "description": "What went wrong. A code never changes its name or its meaning; new ones may come, and say \
                            by their status what kind they are of.",
            "examples": codes
        },
        "detail": { "type": "string", "description": "What is special about this occurrence." },
        "request_id": { "type": "string", "description": "The id of the request, as in the header X-Request-Id." }
    });
    let properties_of = properties.as_object_mut().expect("it was written as one");
    for (name, member) in members(kinds) {
        properties_of.insert(name, member);
    }
    json!({
        "description": "What went wrong (RFC 9457), and what a caller needs to act on it. Members that only some \
                        codes have name those codes.",
        "type": "object",
        "required": ["type", "title", "status", "code", "request_id"],
        "properties": properties
    })
}

/// The members that some kinds have, with what each kind says in it.
fn members(kinds: &[&'static ProblemType]) -> Map<String, Value> {
    let mut members: Map<String, Value> = Map::new();
    for kind in kinds {
        for member in kind.members {
            let says = format!("With `{}`: {}", kind.code, member.meaning);
            let known = members.entry(member.name).or_insert_with(|| schema_of(member.json_type));
            assert_eq!(known["type"], member.json_type, "{} of {}", member.name, kind.code);
            let known = known.as_object_mut().expect("it was written as one");
            let description = match known.get("description").and_then(Value::as_str) {
                Some(said) => format!("{said}\n\n{says}"),
                None => says,
            };
            known.insert("description".into(), description.into());
        }
    }
    members
}

fn schema_of(json_type: &str) -> Value {
    match json_type {
        "array" => json!({ "type": "array", "items": { "$ref": "#/components/schemas/FieldError" } }),
        _ => json!({ "type": json_type }),
    }
}

/// An example of each kind, by code.
pub(super) fn examples(kinds: impl Iterator<Item = &'static ProblemType>) -> Value {
    // One of each: a map keeps the last.
    let examples: BTreeMap<_, _> = kinds
        .map(|kind| {
            let value = json!({
                "type": format!("/docs/errors#{}", kind.code),
                "title": kind.title,
                "status": kind.status.as_u16(),
                "code": kind.code,
                "request_id": "sri_01jq0v6z8gf3mrr9y2m4c5d7ea"
            });
            (kind.code.to_owned(), json!({ "summary": kind.title, "value": value }))
        })
        .collect();
    json!(examples)
}

/// The reply with one status: which problems it may hold, each with an example.
pub(super) fn response(kinds: &[&'static ProblemType]) -> Value {
    let mut description = String::new();
    let mut examples = Map::new();
    for kind in kinds {
        if !description.is_empty() {
            description.push_str("\n\n");
        }
        write!(description, "`{}`: {}", kind.code, kind.meaning).expect("a string takes everything");
        let example = format!("#/components/examples/{}", kind.code);
        examples.insert(kind.code.into(), json!({ "$ref": example }));
    }
    let content = json!({
        "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples
        }
    });
    let mut response = json!({ "description": description, "content": content });
    let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    if kinds.iter().any(|kind| matches!(kind.status.as_u16(), 429 | 503)) {
        response["headers"] = json!({ "Retry-After": reference("RetryAfter") });
    }
    if kinds.iter().any(|kind| kind.status.as_u16() == 429) {
        response["headers"]["RateLimit"] = reference("RateLimit");
        response["headers"]["RateLimit-Policy"] = reference("RateLimitPolicy");
    }
    response
}
