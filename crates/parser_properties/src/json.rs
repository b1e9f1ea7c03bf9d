//! JSON: what the reader of bodies takes, others take as well, and read the same in it.

use app_base::http::fields::FieldErrors;
use app_base::http::json::{FromJson, Value, read_body};
use serde_json::{Map, Number, Value as Json};

/// How deep a value is looked into. Others stop at 128.
const DEPTH_MAX: usize = 100;
/// The most items of a list.
const ITEMS_MAX: usize = 1000;

pub(crate) fn json(input: &[u8]) {
    let mut errors = FieldErrors::default();
    let ours = read_body::<Whole>(input, &mut errors);
    assert!(ours.is_some() || !errors.is_empty(), "what is refused is told of");
    let theirs = serde_json::from_slice::<Json>(input);
    match (ours.filter(|_| errors.is_empty()), theirs) {
        (Some(Whole { value: Some(ours), .. }), Ok(theirs)) => assert_eq!(ours, theirs),
        // Nothing here turns a number into one of the machine's before it is asked for.
        (Some(Whole { value, has_their_names }), Err(error)) => {
            let known = ["number out of range", "recursion limit exceeded"];
            let known = known.iter().any(|known| error.to_string().starts_with(known));
            assert!((known || has_their_names) && value.is_none(), "{error}");
        }
        (None, Ok(theirs)) => assert!(has_long_list(&theirs), "{:?}", errors.as_slice()),
        (Some(Whole { value: None, .. }), Ok(_)) | (None, Err(_)) => {}
    }
}

fn has_long_list(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.len() > ITEMS_MAX || items.iter().any(has_long_list),
        Json::Object(members) => members.values().any(has_long_list),
        _ => false,
    }
}

/// How names begin by which `serde_json` passes numbers and texts on. It takes them for that wherever they stand.
const THEIR_NAMES: &str = "$serde_json::private::";

/// A value with all that is in it; none where it is too deep, has a number that is no number of the machine's, or a name of
/// `serde_json`'s own.
struct Whole {
    value: Option<Json>,
    has_their_names: bool,
}

impl FromJson for Whole {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut has_their_names = false;
        let value = whole(value, 0, &mut has_their_names, errors);
        Some(Self { value, has_their_names })
    }
}

fn whole(
    value: Value<'_>,
    depth: usize,
    has_their_names: &mut bool,
    errors: &mut FieldErrors,
) -> Option<Json> {
    if depth == DEPTH_MAX {
        return None;
    }
    if value.is_null() {
        return Some(Json::Null);
    }
    if value.is_string() {
        return value.string(errors).map(|text| Json::String(text.into_owned()));
    }
    if let Some(number) = value.number() {
        return serde_json::from_str::<Number>(number).ok().map(Json::Number);
    }
    if value.is_object() {
        let mut members = Some(Map::new());
        value.members(errors, |name, value, errors| {
            let member = whole(value, depth + 1, has_their_names, errors);
            let is_theirs = name.starts_with(THEIR_NAMES);
            *has_their_names |= is_theirs;
            match (&mut members, member.filter(|_| !is_theirs)) {
                (Some(members), Some(member)) => _ = members.insert(name.to_owned(), member),
                _ => members = None,
            }
        })?;
        return members.map(Json::Object);
    }
    let mut no_errors = FieldErrors::default();
    if let Some(truth) = value.boolean(&mut no_errors) {
        return Some(Json::Bool(truth));
    }
    let mut items = Some(Vec::new());
    let count = value.items(ITEMS_MAX, errors, |value, errors| {
        let item = whole(value, depth + 1, has_their_names, errors);
        match (&mut items, item) {
            (Some(items), Some(item)) => items.push(item),
            _ => items = None,
        }
    })?;
    assert!(items.as_ref().is_none_or(|items| items.len() == count));
    items.map(Json::Array)
}
