//! JSON Schema as far as the API's description uses it. A keyword that is not known here fails the test
//! that meets it: nothing goes unchecked in silence.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex_lite::Regex;
use serde_json::Value;

/// How RFC 3339 times look in replies: UTC, with microseconds.
const TIME: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$";

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From the caller, who has some freedom of form.
    Request,
    /// From the service, which says nothing that is not described.
    Reply,
}

/// Holds values against the schemas of a document.
pub(super) struct Checker<'d> {
    pub(super) document: &'d Value,
    pub(super) side: Side,
    /// What does not hold, with its place.
    pub(super) faults: Vec<String>,
}

impl Checker<'_> {
    /// Notes everything in which a value is not as its schema says.
    pub(super) fn check(&mut self, schema: &Value, value: &Value, place: &str) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{place}: no schema: {schema}"));
        for (keyword, wanted) in keywords {
            if !self.holds(keyword, wanted, schema, value, place) {
                self.faults.push(format!("{place}: {keyword} {wanted} does not hold for {value}"));
            }
        }
    }

    fn holds(&mut self, keyword: &str, wanted: &Value, schema: &Value, value: &Value, place: &str) -> bool {
        let text = value.as_str();
        let characters = || text.map_or(0, |text| text.chars().count() as u64);
        let length = value.as_array().map(|list| list.len() as u64);
        let members = value.as_object().map(|members| members.len() as u64);
        match keyword {
            "description" | "writeOnly" | "examples" | "default" | "title" => true,
            "$ref" => {
                let pointer = wanted.as_str().and_then(|reference| reference.strip_prefix('#')).unwrap();
                let document = self.document;
                self.check(document.pointer(pointer).expect("a reference leads somewhere"), value, place);
                true
            }
            "anyOf" | "oneOf" => {
                let choices = wanted.as_array().unwrap().iter();
                let fitting = choices.filter(|choice| self.fits(choice, value, place)).count();
                if keyword == "oneOf" { fitting == 1 } else { fitting > 0 }
            }
            "type" => match wanted {
                Value::Array(choices) => choices.iter().any(|it| is_of_type(it.as_str().unwrap(), value)),
                only => is_of_type(only.as_str().unwrap(), value),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "const" => wanted == value,
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minLength" => text.is_none() || characters() >= wanted.as_u64().unwrap(),
            "maxLength" => text.is_none() || characters() <= wanted.as_u64().unwrap(),
            "minItems" => length.is_none_or(|length| length >= wanted.as_u64().unwrap()),
            "maxItems" => length.is_none_or(|length| length <= wanted.as_u64().unwrap()),
            "maxProperties" => members.is_none_or(|members| members <= wanted.as_u64().unwrap()),
            "pattern" => text.is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "format" => text.is_none_or(|text| self.is_of_format(wanted.as_str().unwrap(), text)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(wanted, item, &format!("{place}[{index}]"));
                }
                true
            }
            "required" => {
                let missing = |name: &Value| value.is_object() && value.get(name.as_str().unwrap()).is_none();
                !wanted.as_array().unwrap().iter().any(missing)
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    match wanted.get(name) {
                        Some(schema) => self.check(schema, member, &format!("{place}.{name}")),
                        None if schema.get("additionalProperties").is_some() => {}
                        None => self.faults.push(format!("{place}.{name} is not described")),
                    }
                }
                true
            }
            "additionalProperties" => {
                let named =
                    |name: &str| schema.pointer("/properties").is_some_and(|own| own.get(name).is_some());
                for (name, member) in value.as_object().into_iter().flatten().filter(|(name, _)| !named(name))
                {
                    let place = format!("{place}.{name}");
                    match wanted {
                        Value::Bool(allowed) if *allowed => {}
                        Value::Bool(_) => self.faults.push(format!("{place} is not allowed")),
                        schema => self.check(schema, member, &place),
                    }
                }
                true
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(|members| members.keys()) {
                    self.check(wanted, &Value::from(name.as_str()), &format!("the name of {place}.{name}"));
                }
                true
            }
            other => panic!("{place}: the keyword {other} is not known here"),
        }
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) -> bool {
        let mut other = Checker { document: self.document, side: self.side, faults: Vec::new() };
        other.check(schema, value, place);
        other.faults.is_empty()
    }

    fn is_of_format(&self, format: &str, text: &str) -> bool {
        match (format, self.side) {
            ("date-time", Side::Reply) => matches(TIME, text),
            ("email", _) => self.side == Side::Request || identity::Email::parse(text).is_ok(),
            ("uri-reference", _) => text.starts_with('/'),
            // What callers may write is the service's own business to judge.
            ("date-time", Side::Request) | ("password" | "uint" | "uint8" | "uint16" | "uint64", _) => true,
            (other, _) => panic!("the format {other} is not known here"),
        }
    }
}

fn is_of_type(wanted: &str, value: &Value) -> bool {
    match wanted {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        // Those beyond 64 bits arrive here as fractions.
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("there is no type {other}"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || Regex::new(pattern).expect("a pattern that is understood");
    compiled.entry(pattern.to_owned()).or_insert_with(compile).is_match(text)
}

#[test]
fn what_is_not_described_is_noticed() {
    let document = serde_json::json!({ "schemas": {
        "Point": {
            "type": "object",
            "properties": { "x": { "type": "integer", "minimum": 0 }, "at": { "type": "string", "format": "date-time" } },
            "required": ["x"],
        },
    } });
    let faults = |value: Value| {
        let mut checker = Checker { document: &document, side: Side::Reply, faults: Vec::new() };
        checker.check(&serde_json::json!({ "$ref": "#/schemas/Point" }), &value, "point");
        checker.faults.len()
    };
    assert_eq!(faults(serde_json::json!({ "x": 1, "at": "2026-01-31T12:00:00.000000Z" })), 0);
    for value in [
        serde_json::json!([]),
        serde_json::json!({}),
        serde_json::json!({ "x": -1 }),
        serde_json::json!({ "x": "1" }),
        serde_json::json!({ "x": 1.5 }),
        serde_json::json!({ "x": 1, "y": 1 }),
        serde_json::json!({ "x": 1, "at": "2026-01-31T12:00:00Z" }),
    ] {
        assert_eq!(faults(value.clone()), 1, "{value}");
    }
}
