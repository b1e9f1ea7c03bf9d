//! Replies as snapshots show them: all that they say, but for what is another each time.

use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::Reply;

/// Headers that belong to the connection rather than to the reply, and the tag of its bytes, which `tags` looks at.
const LEFT_OUT: [&str; 3] = ["content-length", "date", "etag"];

/// What replies have that do not say otherwise; `tests/door` holds that they do.
const COMMON: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("vary", "accept-encoding"),
    ("x-content-type-options", "nosniff"),
];

/// Writes the status, the headers and the body of a reply.
pub(crate) fn shown(reply: &Reply) -> String {
    let mut text = format!("{}\n", reply.status);
    let mut headers: Vec<(String, &str)> =
        reply.headers().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    headers.sort();
    for (name, value) in headers {
        let value = if name == "x-request-id" { "[id]" } else { value };
        if !LEFT_OUT.contains(&name.as_str()) && !COMMON.contains(&(&name, value)) {
            writeln!(text, "{name}: {value}").expect("a string takes everything");
        }
    }
    let is_json = reply.header("content-type").is_some_and(|kind| kind.ends_with("json"));
    if is_json && !reply.bytes.is_empty() {
        let mut body = reply.json();
        settle(&mut body);
        write!(text, "\n{body:#}").expect("a string takes everything");
    }
    text
}

/// Replaces what is another each time. A time that the test chose stays.
pub(crate) fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("effective_at") == members.get("recorded_at")
                && members.contains_key("recorded_at")
            {
                members.insert("effective_at".into(), "[now]".into());
            }
            for (name, member) in members {
                match name.as_str() {
                    "recorded_at" | "created_at" | "updated_at" => *member = "[now]".into(),
                    "request_id" => *member = "[id]".into(),
                    "next_cursor" if member.is_string() => *member = "[cursor]".into(),
                    _ => settle(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}
