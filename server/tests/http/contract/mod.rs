//! What `docs/openapi.json` promises, held against every request and every reply of this suite.

mod schema;

use std::sync::LazyLock;

use serde_json::{Map, Value};

use self::schema::{Checker, Side};
use crate::harness::{Reply, Request};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("the description is JSON")
});

/// The one operation whose refusals have the form that a standard gives them (RFC 6749, 5.2), and with which status.
const OF_RFC_6749: (&str, [u16; 2]) = ("create_token", [400, 401]);

/// An operation of the description.
pub(crate) struct Operation {
    /// Its path, with parameters in braces.
    pub(crate) template: &'static str,
    described: &'static Value,
}

impl Operation {
    pub(crate) fn id(&self) -> &'static str {
        self.described["operationId"].as_str().expect("every operation has a name")
    }

    /// What it takes to be let in.
    pub(crate) fn security(&self) -> &'static Value {
        &self.described["security"]
    }

    /// What it may answer with, by status.
    pub(crate) fn responses(&self) -> &'static Value {
        &self.described["responses"]
    }

    /// Names the parameters in a place: `path` or `query`.
    pub(crate) fn parameters(&self, place: &str) -> impl Iterator<Item = &'static str> {
        let parameters = self.described["parameters"].as_array().into_iter().flatten();
        parameters.filter(move |it| it["in"] == place).map(|it| it["name"].as_str().expect("a name"))
    }
}

/// Lists all operations.
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, Operation)> {
    let paths = DOCUMENT["paths"].as_object().expect("there are paths");
    paths.iter().flat_map(|(template, methods)| {
        let methods = methods.as_object().expect("a path has methods");
        methods.iter().map(|(method, described)| (method.as_str(), Operation { template, described }))
    })
}

/// Finds the operation that a request is for.
pub(crate) fn operation_of(request: &Request) -> Option<Operation> {
    let method = if request.method == "HEAD" { "GET" } else { request.method }.to_ascii_lowercase();
    let (path, _) = request.path.split_once('?').unwrap_or((&request.path, ""));
    operations()
        .find(|(its, operation)| *its == method && leads_to(operation.template, path))
        .map(|(_, it)| it)
}

fn leads_to(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(wanted, found)| wanted == found || wanted.starts_with('{') && !found.is_empty())
}

/// Fails where a request and its reply are not as the description says.
pub(crate) fn check(request: &Request, reply: &Reply) {
    let mut faults = Vec::new();
    if reply.header("x-request-id").is_none_or(str::is_empty) {
        faults.push("there is no X-Request-Id".to_owned());
    }
    let head = request.method == "HEAD";
    let operation = operation_of(request);
    if reply.status >= 400 && !head && !operation.as_ref().is_some_and(|it| is_of_rfc_6749(it, reply)) {
        problem(reply, &mut faults);
    }
    match operation {
        Some(operation) => {
            response(&operation, head, reply, &mut faults);
            if reply.status < 400 {
                accepted(&operation, request, &mut faults);
            }
        }
        None if reply.status == 404 || reply.status == 405 => {
            let known =
                operations().any(|(_, it)| leads_to(it.template, request.path.split('?').next().unwrap()));
            if known != (reply.status == 405) || known != reply.header("allow").is_some() {
                faults.push("a path that exists is 405 with Allow, any other is 404".to_owned());
            }
        }
        None => faults.push("no operation of the description answers like this".to_owned()),
    }
    assert!(
        faults.is_empty(),
        "{} {}: {faults:#?}\n{reply:#?}\n\
         What is promised stands in docs/openapi.json: `UPDATE_DOCS=1 cargo test -p app --test documents`",
        request.method,
        request.path
    );
}

/// Says in what a reply is not as every problem is.
pub(crate) fn fault_of_problem(reply: &Reply) -> Option<String> {
    let mut faults = Vec::new();
    if reply.header("x-request-id").is_none_or(str::is_empty) {
        faults.push("there is no X-Request-Id".to_owned());
    }
    problem(reply, &mut faults);
    (!faults.is_empty()).then(|| format!("{faults:?} {reply:?}"))
}

/// What every problem has (RFC 9457, and what the service adds).
fn problem(reply: &Reply, faults: &mut Vec<String>) {
    if reply.header("content-type") != Some("application/problem+json") {
        faults.push("it is no problem+json".to_owned());
        return;
    }
    let problem = reply.json();
    let code = problem["code"].as_str().unwrap_or_default();
    if problem["status"] != reply.status {
        faults.push("the status in the body is another one".to_owned());
    }
    if problem["type"] != format!("/docs/errors#{code}") {
        faults.push("the type does not lead to the code".to_owned());
    }
    if problem["request_id"].as_str() != reply.header("x-request-id") {
        faults.push("the request id in the body is another one".to_owned());
    }
    let comes_again = matches!(reply.status, 429 | 503);
    if comes_again != reply.header("retry-after").is_some() && code != "idempotency.in_progress" {
        faults.push("Retry-After comes with 429 and 503".to_owned());
    }
    check_schema(&DOCUMENT["components"]["schemas"]["Problem"], &problem, Side::Reply, "problem", faults);
}

/// Says whether a refusal has another form than problems have, and may have it.
fn is_of_rfc_6749(operation: &Operation, reply: &Reply) -> bool {
    let (id, statuses) = OF_RFC_6749;
    operation.id() == id
        && statuses.contains(&reply.status)
        && reply.header("content-type") == Some("application/json")
}

fn response(operation: &Operation, head: bool, reply: &Reply, faults: &mut Vec<String>) {
    let id = operation.id();
    let Some(described) = operation.described["responses"].get(reply.status.to_string()) else {
        faults.push(format!("{id} does not describe {}", reply.status));
        return;
    };
    if head {
        return;
    }
    if reply.status >= 400 && !is_of_rfc_6749(operation, reply) {
        let description = described["description"].as_str().unwrap_or_default();
        if !description.contains(&format!("`{}`", reply.code())) {
            faults.push(format!("{id} does not describe {}", reply.code()));
        }
    }
    let Some(content) = described["content"].as_object() else {
        if !reply.bytes.is_empty() {
            faults.push(format!("{id} describes no body"));
        }
        return;
    };
    let media_type = reply.header("content-type").unwrap_or_default();
    match content.get(media_type) {
        None => faults.push(format!("{id} does not describe {media_type:?}")),
        Some(media) if media_type.ends_with("json") && media["schema"]["type"] != "string" => {
            check_schema(&media["schema"], &reply.json(), Side::Reply, "reply", faults);
        }
        Some(_) => {}
    }
}

/// What was accepted is described: callers who go by the description may send it.
fn accepted(operation: &Operation, request: &Request, faults: &mut Vec<String>) {
    let content = &operation.described["requestBody"]["content"];
    let described = &content["application/json"]["schema"];
    let lines = request.sent_lines() && content["application/x-ndjson"].is_object();
    match (described.is_object() && !lines, request.sent_json().filter(|_| !lines)) {
        (true, Some(body)) => check_schema(described, &body, Side::Request, "body", faults),
        (true, None) => faults.push("a body is described, and none was sent".to_owned()),
        (false, Some(_)) => faults.push("no body is described, and one was sent".to_owned()),
        (false, None) => {}
    }
    let parameters = operation.described["parameters"].as_array().cloned().unwrap_or_default();
    for (name, value) in query(&request.path) {
        let (parameter, member) = match name.split_once('[') {
            Some((family, key)) => (family.to_owned(), Some(key.trim_end_matches(']').to_owned())),
            None => (name, None),
        };
        let found = parameters.iter().find(|it| it["in"] == "query" && it["name"] == *parameter);
        let Some(found) = found else {
            faults.push(format!("the parameter {parameter} is not described"));
            continue;
        };
        let value = match member {
            Some(key) => Value::Object(Map::from_iter([(key, Value::from(value))])),
            // A number on its way as text.
            None => value.parse::<u64>().map_or(Value::from(value.clone()), Value::from),
        };
        let is_text = check_quietly(&found["schema"], &value);
        let as_text =
            value.as_u64().is_some_and(|number| check_quietly(&found["schema"], &number.to_string().into()));
        if !is_text && !as_text {
            faults.push(format!("the parameter {parameter} is described in another way than {value}"));
        }
    }
}

/// The parameters of a query, decoded as far as this suite encodes them.
fn query(path: &str) -> Vec<(String, String)> {
    let decode =
        |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace("%20", " ").replace("%2B", "+");
    let pairs =
        path.split_once('?').map_or("", |(_, query)| query).split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decode(n), decode(v)))
        .collect()
}

fn check_quietly(schema: &Value, value: &Value) -> bool {
    let mut faults = Vec::new();
    check_schema(schema, value, Side::Request, "", &mut faults);
    faults.is_empty()
}

fn check_schema(schema: &Value, value: &Value, side: Side, place: &str, faults: &mut Vec<String>) {
    let mut checker = Checker { document: &DOCUMENT, side, faults: Vec::new() };
    checker.check(schema, value, place);
    faults.append(&mut checker.faults);
}
