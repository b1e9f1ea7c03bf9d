//! Reads metadata: whole and as changes in bodies, as filters in queries.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::{Metadata, MetadataError, MetadataPatch};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::fields::{FieldErrors, Shown};
use super::json::{FromJson, Value};
use super::query::QueryReader;

/// How many metadata filters a query may have.
pub const METADATA_FILTERS_MAX: usize = 16;

const BAD_KEY: &str = "has a key that is not 1 to 64 bytes without control characters";
const BAD_VALUE: &str = "must be at most 1024 bytes without NUL";

impl FromJson for Metadata {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let map = read_map(value, errors, false)?;
        let map = map.into_iter().filter_map(|(key, text)| Some((key, text?))).collect();
        Self::new(map).map_err(|error| refuse(value, &error, errors)).ok()
    }
}

impl FromJson for MetadataPatch {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let map = read_map(value, errors, true)?;
        Self::new(map).map_err(|error| refuse(value, &error, errors)).ok()
    }
}

/// Reads an object of texts, or of texts and nulls. `None` only if it added to `errors`.
fn read_map(
    value: Value<'_>,
    errors: &mut FieldErrors,
    takes_null: bool,
) -> Option<BTreeMap<String, Option<String>>> {
    let mut map = BTreeMap::new();
    let mut wrong = false;
    value.members(errors, |key, member, errors| {
        if map.len() > Metadata::MAX_KEYS {
            // It is too large already; how much is beyond does not matter.
            return;
        }
        let text = if takes_null && member.is_null() { Some(None) } else { member.string(errors).map(Some) };
        let Some(text) = text else {
            wrong = true;
            return;
        };
        if !Metadata::is_key(key) {
            member.refuse(errors, BAD_KEY);
            wrong = true;
        } else if !text.as_deref().is_none_or(Metadata::is_value) {
            member.refuse(errors, BAD_VALUE);
            wrong = true;
        } else if map.insert(key.to_owned(), text.map(Cow::into_owned)).is_some() {
            member.refuse(errors, "is given more than once");
            wrong = true;
        }
    })?;
    // One that is too large is refused as such.
    (!wrong || map.len() > Metadata::MAX_KEYS).then_some(map)
}

fn refuse(value: Value<'_>, error: &MetadataError, errors: &mut FieldErrors) {
    let message = match error {
        MetadataError::TooManyKeys => "has more than 64 keys",
        MetadataError::BadKey(_) => BAD_KEY,
        MetadataError::BadValue(_) => BAD_VALUE,
    };
    value.refuse(errors, message);
}

/// The schema of a change of metadata in requests. Has no values: requests are read into [`MetadataPatch`].
pub enum MetadataPatchInput {}

impl JsonSchema for MetadataPatchInput {
    fn schema_name() -> Cow<'static, str> {
        "MetadataPatch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A new value by key; null removes the key, and keys that are not given stay as they are. In \
                            the end there are at most 64, within the bounds of metadata.",
            "type": "object",
            "maxProperties": 64,
            "propertyNames": { "minLength": 1, "maxLength": 64, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$" },
            "additionalProperties": { "type": ["string", "null"], "maxLength": 1024, "pattern": r"^[^\u0000]*$" },
            "examples": [{ "tier": "gold", "note": null }]
        })
    }
}

/// Takes the filters `metadata[key]=value`.
pub fn take_metadata_filters(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Vec<(String, String)> {
    let filters = query.family("metadata", "metadata[key]", errors);
    if filters.len() > METADATA_FILTERS_MAX {
        errors.add("metadata", format!("is filtered by more than {METADATA_FILTERS_MAX} keys"));
    }
    for (key, value) in &filters {
        if !Metadata::is_key(key) {
            errors.add(format_args!("metadata[{}]", Shown(key)), BAD_KEY);
        } else if !Metadata::is_value(value) {
            errors.add(format_args!("metadata[{}]", Shown(key)), BAD_VALUE);
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;
    use crate::http::query::{FromQuery, read_query};

    fn read(json: &str) -> Result<Metadata, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(json.as_bytes(), &mut errors) {
            Some(metadata) if errors.is_empty() => Ok(metadata),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    fn object(keys: usize) -> String {
        let members: Vec<_> = (0..keys).map(|n| format!("\"k{n}\": \"\"")).collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn text_by_key_is_metadata() {
        let metadata = read(r#"{"order": "1001", "note": "Gr\u00fc\u00dfe", "empty": ""}"#).unwrap();
        assert_eq!(metadata.get("note"), Some("Grüße"));
        assert_eq!(metadata.as_map().len(), 3);
        assert!(read("{}").unwrap().is_empty());
        assert!(read(&object(64)).is_ok());
    }

    #[test]
    fn every_breach_is_named() {
        let long = "v".repeat(1025);
        for (json, fields) in [
            ("[]".to_owned(), &["body"][..]),
            (r#"{"a": 1, "b": null, "c": {}, "d": "ok"}"#.to_owned(), &["a", "b", "c"]),
            (r#"{"a": "1", "a": "2"}"#.to_owned(), &["a"]),
            (r#"{"a": "\u0000", "": "x", "t\t": "x"}"#.to_owned(), &["a", "", "t\t"]),
            (r#"{"a": "\ud800"}"#.to_owned(), &["a"]),
            (r#"{"\ud800": "a"}"#.to_owned(), &["body"]),
            (format!(r#"{{"a": "{long}"}}"#), &["a"]),
            (object(65), &["body"]),
            (object(5000), &["body"]),
        ] {
            assert_eq!(read(&json).unwrap_err(), fields, "{json}");
        }
    }

    #[test]
    fn a_change_of_metadata_sets_and_removes_within_the_same_bounds() {
        let read = |json: &str| -> Result<MetadataPatch, Vec<String>> {
            let mut errors = FieldErrors::default();
            match read_body(json.as_bytes(), &mut errors) {
                Some(patch) if errors.is_empty() => Ok(patch),
                _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
            }
        };
        let patch = read(r#"{"a": "1", "b": null, "c": ""}"#).unwrap();
        let values: Vec<_> = patch.as_map().iter().map(|(key, value)| (&**key, value.as_deref())).collect();
        assert_eq!(values, [("a", Some("1")), ("b", None), ("c", Some(""))]);
        assert!(read("{}").unwrap().as_map().is_empty());
        assert!(read(&object(64)).is_ok());
        for (json, fields) in [
            ("null".to_owned(), &["body"][..]),
            (r#"{"a": 1, "b": {}, "c": null}"#.to_owned(), &["a", "b"]),
            (r#"{"a": null, "a": "2"}"#.to_owned(), &["a"]),
            (r#"{"": null, "t\t": "x", "a": "\u0000"}"#.to_owned(), &["", "t\t", "a"]),
            (object(65), &["body"]),
        ] {
            assert_eq!(read(&json).unwrap_err(), fields, "{json}");
        }
    }

    struct Filters {}

    impl FromQuery for Filters {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            take_metadata_filters(query, errors);
            Self {}
        }
    }

    #[test]
    fn filters_have_the_bounds_of_metadata() {
        let many = (0..17).map(|n| format!("metadata[{n}]=x")).collect::<Vec<_>>().join("&");
        for (query, field) in [
            ("metadata[]=a", "metadata[]"),
            ("metadata[a%00]=a", "metadata[a\0]"),
            ("metadata[a]=%00", "metadata[a]"),
            (&many, "metadata"),
        ] {
            let mut errors = FieldErrors::default();
            let Filters {} = read_query("/", Some(query), &mut errors);
            assert_eq!(errors.as_slice()[0].field, field);
        }
    }
}
