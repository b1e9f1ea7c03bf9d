//! The schemas of the document: JSON Schema 2020-12, each type once, by name.

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// Where the document keeps schemas.
const COMPONENTS: &str = "/components/schemas";

/// Which way a value travels: what a field may leave out depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the service.
    Request,
    /// From the service.
    Reply,
}

/// Collects the schemas that operations refer to.
#[derive(Debug)]
pub struct Schemas {
    requests: SchemaGenerator,
    replies: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = COMPONENTS.into();
                // The document names the dialect once for all of them.
                settings.meta_schema = None;
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            replies: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// Returns a reference to a type's schema, which it adds to the collection.
    pub fn reference<T: JsonSchema>(&mut self, direction: Direction) -> Value {
        self.generator(direction).subschema_for::<T>().to_value()
    }

    /// Returns the fields of a type as parameters, in the order in which they are declared.
    ///
    /// # Panics
    /// When the type is no object.
    pub fn parameters<T: JsonSchema>(&mut self, place: &str) -> Vec<Value> {
        let schema = T::json_schema(&mut self.requests);
        let required = names(&schema, "required");
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        assert_eq!(schema.get("type"), Some(&json!("object")), "{}", T::schema_name());
        properties
            .into_iter()
            .map(|(name, schema)| {
                let required = required.contains(&name);
                let family = self.is_object(&schema);
                parameter(place, name, schema, required, family)
            })
            .collect()
    }

    /// Returns all schemas that anything referred to, by name.
    ///
    /// # Panics
    /// When a type has one schema as a request and another as a reply.
    #[must_use]
    pub fn into_components(mut self) -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Value> = self.requests.take_definitions(true).into_iter().collect();
        for (name, schema) in self.replies.take_definitions(true) {
            let other = all.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "{name} has two schemas");
        }
        all
    }

    fn is_object(&self, schema: &Value) -> bool {
        let reference = |schema: &Value| Some(schema.get("$ref")?.as_str()?.rsplit_once('/')?.1.to_owned());
        let choices = schema.get("anyOf").and_then(Value::as_array);
        let named = reference(schema).or_else(|| choices?.iter().find_map(reference));
        let schema = named.and_then(|name| self.requests.definitions().get(&name)).unwrap_or(schema);
        schema.get("type") == Some(&json!("object"))
    }

    fn generator(&mut self, direction: Direction) -> &mut SchemaGenerator {
        match direction {
            Direction::Request => &mut self.requests,
            Direction::Reply => &mut self.replies,
        }
    }
}

fn names(schema: &Schema, member: &str) -> Vec<String> {
    let list = schema.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A field's description is the parameter's. A field that is an object is a family: `metadata[key]=value`.
fn parameter(place: &str, name: String, mut schema: Value, required: bool, family: bool) -> Value {
    let mut parameter = Map::new();
    parameter.insert("name".into(), name.into());
    parameter.insert("in".into(), place.into());
    parameter.insert("required".into(), required.into());
    if let Some(schema) = schema.as_object_mut() {
        if let Some(description) = schema.remove("description") {
            parameter.insert("description".into(), description);
        }
        forget_null(schema);
    }
    if family {
        parameter.insert("style".into(), "deepObject".into());
        parameter.insert("explode".into(), true.into());
        // Documentation fills forms with examples, and no filter is the better start.
        parameter.insert("example".into(), json!({}));
    }
    parameter.insert("schema".into(), schema);
    Value::Object(parameter)
}

/// An optional parameter is left out, never null: what is only there for `Option` goes.
fn forget_null(schema: &mut Map<String, Value>) {
    let null = |schema: &Value| schema == &json!({ "type": "null" }) || schema == "null";
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| !null(kind));
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| !null(choice));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}
