//! Puts the document together: `OpenAPI` 3.1.1, <https://spec.openapis.org/oas/v3.1.1.html>.

use std::collections::BTreeMap;

use identity::{Need, Scope};
use serde_json::{Map, Value, json};

use super::operation::{OutputParts, TypeUse};
use super::schemas::{Direction, Schemas};
use super::{Api, Operation, problems};
use crate::http::cookie::SESSION_COOKIE;
use crate::http::fields::FieldError;
use crate::http::problem::ProblemType;

pub(super) const DESCRIPTION: &str = "\
A double-entry ledger for money in motion. It posts money exactly once and proves every balance.

* Amounts are strings of decimal digits in minor units; integers are accepted too.
* Times are RFC 3339, in UTC with microseconds.
* Writes that list an `Idempotency-Key` take one: sent again with the same key and body, they happen once and get the \
same reply.
* What went wrong comes as `application/problem+json` (RFC 9457) with a stable `code`, explained in \
[the list of errors](/docs/errors).
* Every reply has an `X-Request-Id`, under which operators find the request.
* Lists come in pages: `next_cursor` of one is `cursor` of the next.
* Whatever is read has an `ETag`. Sent again with it in `If-None-Match`, a request gets 304 and no body where the reply \
would be the same. Replies are written anew for that, so it saves transfer rather than work.
* Whatever answers GET answers HEAD.";

/// Returns the document that describes an API. The same API gives the same document.
///
/// # Panics
/// When the operations contradict each other: two with one method and path, two schemas of one name.
#[must_use]
pub fn document(api: &Api) -> Value {
    let operations = api.operations();
    let tags = api.groups();
    let mut schemas = Schemas::default();
    schemas.reference::<FieldError>(Direction::Reply);
    let mut paths = Map::new();
    for operation in &operations {
        assert!(tags.iter().any(|(tag, _)| *tag == operation.tag), "{} is in no group", operation.id);
        let described = describe(operation, &mut schemas);
        let method = operation.method.name().to_ascii_lowercase();
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        assert!(path.get(&method).is_none(), "{method} {} is there twice", operation.path);
        path[method] = described;
    }
    let kinds = super::problem_types(&operations);
    let examples = problems::examples(operations.iter().flat_map(Operation::all_problems));
    let mut components = schemas.into_components();
    components.insert("Problem".into(), problems::schema(&kinds));
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": api.title,
            "version": api.version,
            "summary": api.summary,
            "description": api.description,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" }
        },
        "servers": [{ "url": "/" }],
        "tags": tags
            .iter()
            .map(|(name, description)| json!({ "name": name, "description": description }))
            .collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components,
            "examples": examples,
            "parameters": { "IdempotencyKey": idempotency_key(), "IfNoneMatch": if_none_match() },
            "headers": headers(),
            "securitySchemes": security_schemes()
        }
    })
}

/// Where these headers are described.
const IDEMPOTENCY_KEY: &str = "#/components/parameters/IdempotencyKey";
const IF_NONE_MATCH: &str = "#/components/parameters/IfNoneMatch";

fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut described = Map::new();
    described.insert("operationId".into(), operation.id.into());
    described.insert("summary".into(), operation.summary.into());
    described.insert("tags".into(), json!([operation.tag]));
    let description = [operation.description.to_owned(), needed(operation)];
    let description =
        description.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    if !description.is_empty() {
        described.insert("description".into(), description.into());
    }
    described.insert("security".into(), security(operation));
    let mut parameters = Vec::new();
    if let Some(input) = operation.input {
        let input = (input.parts)(schemas);
        parameters = input.parameters;
        if operation.without_idempotency_key {
            parameters.retain(|parameter| parameter["$ref"] != IDEMPOTENCY_KEY);
        }
        if let Some(body) = input.body {
            let mut content = json!({ "application/json": { "schema": body } });
            if let Some(lines) = input.lines {
                content[lines] = json!({ "schema": { "type": "string" } });
            }
            described.insert("requestBody".into(), json!({ "required": true, "content": content }));
        }
    }
    if is_tagged(operation) {
        parameters.push(json!({ "$ref": IF_NONE_MATCH }));
    }
    if !parameters.is_empty() {
        described.insert("parameters".into(), parameters.into());
    }
    if let Some(form) = operation.form {
        let content = json!({ "application/x-www-form-urlencoded": { "schema": form(schemas) } });
        described.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    described.insert("responses".into(), responses(operation, schemas));
    Value::Object(described)
}

/// Says whether replies have a tag by which callers can ask for them again only if they changed.
fn is_tagged(operation: &Operation) -> bool {
    let described = |output: TypeUse<OutputParts>| (output.parts)(&mut Schemas::default());
    operation.cached || operation.output.is_some_and(|output| described(output).headers.contains(&"ETag"))
}

/// Says in words what right it takes.
fn needed(operation: &Operation) -> String {
    let Some(right) = operation.right else { return String::new() };
    let scopes: Vec<String> = right.parts.scopes().into_iter().map(|scope| format!("`{scope}`")).collect();
    match right.parts {
        Need::Known => "Takes any good key or session.".to_owned(),
        Need::SignedIn => "Takes a session.".to_owned(),
        Need::OnLedger(_) => format!("Takes {} for the ledger.", scopes[0]),
        Need::OnLedgerEither(..) => {
            format!("Takes {} for the ledger, as the request wants.", scopes.join(" or "))
        }
        Need::Somewhere(_) => format!("Takes {} for any ledger.", scopes[0]),
        Need::Overall(_) => format!("Takes {} for all ledgers.", scopes[0]),
    }
}

/// The ways to be let in: one for each scope that will do, none where anybody may ask.
fn security(operation: &Operation) -> Value {
    let Some(right) = operation.right else { return json!([]) };
    let schemes = ["apiKey", "oauth2", "session"];
    match right.parts {
        Need::SignedIn => json!([{ "session": [] }]),
        Need::Known => schemes.into_iter().map(|scheme| json!({ scheme: [] })).collect(),
        _ => {
            let scopes = right.parts.scopes();
            let ways = schemes.into_iter().flat_map(|scheme| scopes.iter().map(move |scope| (scheme, scope)));
            ways.map(|(scheme, scope)| json!({ scheme: [scope.name()] })).collect()
        }
    }
}

/// The scheme by which callers say who they are.
fn security_schemes() -> Value {
    let scopes: Vec<String> =
        Scope::ALL.iter().map(|scope| format!("* `{scope}`: {}", scope.meaning())).collect();
    json!({
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "florin_…",
            "description": format!(
                "An API key, as `Authorization: Bearer florin_…`. What it lets its bearer do are scopes, for all \
                 ledgers or for some:\n\n{}",
                scopes.join("\n")
            )
        },
        "oauth2": {
            "type": "oauth2",
            "description": "An access token, as `Authorization: Bearer …`: given for an API key at `/oauth/token`, or by an \
                            issuer that the service trusts.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/oauth/token",
                    "scopes": Scope::ALL
                        .iter()
                        .map(|scope| (scope.name().to_owned(), scope.meaning().into()))
                        .collect::<Map<String, Value>>()
                }
            }
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "A session of a user who signed in with `POST /v1/sessions`, and who has the same scopes as \
                            keys. It counts where there is no `Authorization`. But for GET, the request has to come \
                            from a page of the same origin."
        }
    })
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    if let Some(output) = operation.output {
        let output = (output.parts)(schemas);
        let headers = references(output.headers);
        let content = json!({ "application/json": { "schema": output.body } });
        let response = |description: &str, headers: &Value| json!({ "description": description, "headers": headers, "content": content });
        responses.insert(output.status.to_string(), response(output.description, &headers));
        if operation.dry_run {
            let text = "It would have been created: this was a dry run.";
            responses.insert("200".into(), response(text, &references(&["XRequestId"])));
        }
    }
    if !operation.media_types.is_empty() || operation.json.is_some() {
        let media = operation
            .media_types
            .iter()
            .map(|media_type| (String::from(*media_type), json!({ "schema": { "type": "string" } })));
        let json =
            operation.json.map(|schema| ("application/json".into(), json!({ "schema": schema(schemas) })));
        let content: Map<String, Value> = json.into_iter().chain(media).collect();
        let names: &[&str] = if operation.download {
            &["ContentDisposition", "XRequestId"]
        } else if operation.cached {
            &["ETag", "XRequestId"]
        } else {
            &["XRequestId"]
        };
        let headers = references(names);
        let response =
            json!({ "description": "What was asked for.", "headers": headers, "content": content });
        responses.insert("200".into(), response);
    }
    if is_tagged(operation) {
        let description = "The caller has it already: `If-None-Match` names its tag.";
        let headers = references(&["ETag", "XRequestId"]);
        responses.insert("304".into(), json!({ "description": description, "headers": headers }));
    }
    let mut problems: BTreeMap<u16, Vec<&'static ProblemType>> = BTreeMap::new();
    for kind in operation.all_problems() {
        problems.entry(kind.status.as_u16()).or_default().push(kind);
    }
    for (status, kinds) in problems {
        responses.insert(status.to_string(), problems::response(&kinds));
    }
    if let Some((schema, statuses)) = operation.refusal {
        for status in statuses {
            let content = json!({ "application/json": { "schema": schema(schemas) } });
            let headers = references(&["XRequestId"]);
            let description = "It was refused, as `error` says.";
            responses.insert(
                status.to_string(),
                json!({ "description": description, "headers": headers, "content": content }),
            );
        }
    }
    Value::Object(responses)
}

/// The headers of a reply, by the names that they have as components.
fn references(components: &[&str]) -> Value {
    let headers = components.iter().map(|component| {
        let name = match *component {
            "ContentDisposition" => "Content-Disposition",
            "IdempotencyReplayed" => "Idempotency-Replayed",
            "XRequestId" => "X-Request-Id",
            same => same,
        };
        (name.to_owned(), json!({ "$ref": format!("#/components/headers/{component}") }))
    });
    Value::Object(headers.collect())
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "The caller's own name for this request. Sent again with the same key and body, the request \
                        happens once and gets the same reply. Only what happened is kept under a key: a rejected \
                        request is decided anew. So where a request got no answer and its repetition, a moment \
                        later, is rejected, the first one may still be on its way to the database: the rejection is \
                        final when it is repeated a few seconds later. Of requests that change a user, and of those \
                        that delete or end something, no key is kept: sent again, they find it done.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" }
    })
}

fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag` of a reply that the caller has, or several with commas between. Where the reply would \
                        be the same, it is 304 without a body.",
        "schema": { "type": "string", "examples": ["\"8a3c1f6e0b5d47f29c1e6a7d3b8f4e02\""] }
    })
}

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "The tag of this reply, for `If-None-Match`: the same for as long as the reply is.",
            "schema": { "type": "string", "pattern": "^(W/)?\"[0-9a-f]{32}\"$" }
        },
        "XRequestId": {
            "description": "The id of the request, under which operators find it.",
            "schema": { "type": "string" }
        },
        "ContentDisposition": {
            "description": "That the reply is to be saved, and under which name.",
            "schema": { "type": "string" }
        },
        "IdempotencyReplayed": {
            "description": "Says that this reply was given before, to the same request.",
            "schema": { "type": "string", "const": "true" }
        },
        "Location": {
            "description": "The path of what was created.",
            "schema": { "type": "string", "format": "uri-reference" }
        },
        "RateLimit": {
            "description": "How many requests are left (`r`), and after how many seconds all are there again (`t`), for \
                            each limit by its name. On every reply where there are limits.",
            "schema": { "type": "string", "examples": ["\"address\";r=199;t=1"] }
        },
        "RateLimitPolicy": {
            "description": "How many requests (`q`) are allowed in how many seconds (`w`), for each limit by its name.",
            "schema": { "type": "string", "examples": ["\"address\";q=200;w=20"] }
        },
        "SetCookie": {
            "description": "The session, or that it is over.",
            "schema": { "type": "string" }
        },
        "RetryAfter": {
            "description": "After how many seconds to try again.",
            "schema": { "type": "integer", "minimum": 0 }
        }
    })
}
