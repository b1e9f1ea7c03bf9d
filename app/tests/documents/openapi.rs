//! `docs/openapi.json` is the description that the service gives of itself.

use std::collections::BTreeSet;

use app_base::api::{Api, document};
use app_base::http::door::REQUEST_METHODS;
use serde_json::Value;

use crate::is_fresh;

#[test]
fn the_description_is_the_one_in_the_repository() {
    let document = document(&Api::florin(app::operations));
    is_fresh("docs/openapi.json", &format!("{document:#}\n"));
}

#[test]
fn the_description_is_the_same_each_time() {
    assert_eq!(
        document(&Api::florin(app::operations)).to_string(),
        document(&Api::florin(app::operations)).to_string()
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document(&Api::florin(app::operations));
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (group, members) in document["components"].as_object().unwrap() {
        for name in members.as_object().unwrap().keys() {
            let reference = format!("#/components/{group}/{name}");
            assert!(references.contains(&reference), "nothing refers to {reference}");
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            // Schemes of security are referred to by name.
            for scheme in members.get("security").and_then(Value::as_array).into_iter().flatten() {
                let names = scheme.as_object().into_iter().flat_map(|scheme| scheme.keys());
                references.extend(names.map(|name| format!("#/components/securitySchemes/{name}")));
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn every_parameter_of_a_path_is_described_and_no_other() {
    let document = document(&Api::florin(app::operations));
    for operation in app::operations() {
        let method = operation.method.name().to_ascii_lowercase();
        let described = &document["paths"][operation.path][method];
        let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
        let described: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let in_path: Vec<&str> = operation
            .path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, in_path, "{}", operation.path);
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let operations = app::operations();
    let names: BTreeSet<&str> = operations.iter().map(|operation| operation.id).collect();
    assert_eq!(names.len(), operations.len());
}

/// What a schema can say of it, clients need not find out by being refused.
#[test]
fn bounds_of_metadata_and_of_changes_are_described() {
    let document = document(&Api::florin(app::operations));
    let schemas = &document["components"]["schemas"];
    for metadata in ["Metadata", "MetadataPatch"] {
        let keys = &schemas[metadata]["propertyNames"];
        assert_eq!(keys["pattern"], r"^[^\u0000-\u001f\u007f-\u009f]+$", "{metadata}: no control characters");
        let values = &schemas[metadata]["additionalProperties"];
        assert_eq!(values["pattern"], r"^[^\u0000]*$", "{metadata}: no NUL");
    }
    let ways = schemas["ChangeAccountRequest"]["anyOf"].as_array().expect("it has to have one of them");
    assert_eq!(ways.iter().map(|way| &way["required"][0]).collect::<Vec<_>>(), ["metadata", "policy"]);
}

#[test]
fn every_method_of_the_api_is_allowed_across_origins() {
    let allowed: Vec<_> = REQUEST_METHODS.split(", ").collect();
    for operation in app::operations() {
        assert!(allowed.contains(&operation.method.name()), "{}", operation.id);
    }
}
