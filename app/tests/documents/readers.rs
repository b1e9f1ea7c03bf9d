//! What is read from a request is what its schema says: no field more, none less, and the same ones
//! required.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};

use app_base::http::fields::FieldErrors;
use app_base::http::json::{FromJson, read_body};
use app_base::http::query::{FromQuery, read_query};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::reads::READS;

/// The name of a member that nobody knows.
const UNKNOWN: &str = "?";

/// Where an object stands in a body, with the members that it may have and those that it must have.
type Objects = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

#[test]
fn what_is_read_is_what_the_schema_says() {
    let read: BTreeSet<&str> = READS.iter().map(|read| read()).collect();
    let taken: BTreeSet<&str> = app::operations()
        .iter()
        .filter_map(|operation| operation.input)
        .map(|input| input.name.trim_end_matches([')', '>']).rsplit_once(", ").expect("a pair").1)
        .collect();
    assert_eq!(read, taken, "every body and every query is tried here");
}

/// Reads a body that has one unknown member in each of its objects and otherwise only what leads to the
/// next object, and compares what the reader says of each object with its schema.
pub(crate) fn body<T: FromJson + JsonSchema>() -> &'static str {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
    let mut wanted = Objects::new();
    let probe = probe(&schema, &schema, "", &mut wanted);
    let mut errors = FieldErrors::default();
    assert!(read_body::<T>(probe.to_string().as_bytes(), &mut errors).is_none() || !errors.is_empty());

    let mut found = Objects::new();
    for error in errors.as_slice() {
        let (place, member) = error.field.rsplit_once('.').unwrap_or(("", &error.field));
        let object = found.entry(place.to_owned()).or_default();
        if let Some(known) = error.message.strip_prefix("is unknown; known here: ") {
            object.0 = known.split(", ").map(str::to_owned).collect();
        } else if error.message == "is required" {
            object.1.insert(member.to_owned());
        }
    }
    assert_eq!(found, wanted, "{}", type_name::<T>());
    type_name::<T>()
}

/// Makes a value that has only objects on the way to other objects, and notes what each may and must have
/// beyond that.
fn probe(root: &Value, schema: &Value, place: &str, objects: &mut Objects) -> Value {
    let schema = resolved(root, schema);
    if schema["type"] == "array" {
        return json!([probe(root, &schema["items"], &format!("{place}[0]"), objects)]);
    }
    assert_eq!(schema["type"], "object", "only objects and lists of objects are probed");
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let mut value = Map::new();
    value.insert(UNKNOWN.into(), json!(0));
    for (name, property) in properties {
        if leads_to_an_object(root, property) {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            value.insert(name.clone(), probe(root, property, &place, objects));
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let missing = required.filter(|name| !value.contains_key(*name)).map(str::to_owned).collect();
    objects.insert(place.to_owned(), (properties.keys().cloned().collect(), missing));
    Value::Object(value)
}

fn leads_to_an_object(root: &Value, schema: &Value) -> bool {
    let schema = resolved(root, schema);
    match schema["type"].as_str() {
        Some("array") => leads_to_an_object(root, &schema["items"]),
        _ => schema["properties"].is_object(),
    }
}

/// Follows a reference, and takes the one choice that is not null.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(choices) = schema["anyOf"].as_array() {
        let mut some = choices.iter().filter(|choice| choice["type"] != "null");
        return match (some.next(), some.next()) {
            (Some(only), None) => resolved(root, only),
            _ => schema,
        };
    }
    match schema["$ref"].as_str() {
        Some(reference) => resolved(root, root.pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// Reads a query with an unknown parameter, and compares what the reader knows with the schema.
pub(crate) fn query<T: FromQuery + JsonSchema>() -> &'static str {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let wanted: BTreeSet<String> = properties
        .into_iter()
        .map(|(name, property)| match resolved(&schema, &property)["type"].as_str() {
            Some("object") => format!("{name}[key]"),
            _ => name,
        })
        .collect();
    let mut errors = FieldErrors::default();
    let _: T = read_query("/", Some("unknown=1"), &mut errors);
    let message = &errors.as_slice()[0].message;
    let known = message.strip_prefix("is unknown; known here: ").unwrap_or_default();
    let found = known.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    assert_eq!(wanted, found, "{}", type_name::<T>());
    type_name::<T>()
}
