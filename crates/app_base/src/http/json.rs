//! Reads JSON bodies: one pass, exact numbers, and every error at once.
//!
//! Derived deserialisers stop at the first error, and a generic tree loses integers beyond 64 bits, so
//! requests are read here by hand, over slices of the body that are only looked into where they are
//! wanted. The depth of the input never becomes depth of the stack: what nobody asked for is skipped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{FieldErrors, Place};
use super::text::FromText;

/// A type that a JSON value can be read as.
pub trait FromJson: Sized {
    /// Whether a request may leave out a body of this type, which is then read as an object without members.
    const MAY_BE_LEFT_OUT: bool = false;

    /// Reads the value. Adds everything that is wrong with it to `errors`; `None` only if it added some,
    /// and even `Some` only counts as long as `errors` has nothing on this value.
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self>;
}

/// Reads a whole body. The result only counts as long as `errors` is empty.
pub fn read_body<T: FromJson>(bytes: &[u8], errors: &mut FieldErrors) -> Option<T> {
    if bytes.is_empty() {
        errors.add(Place::Body, "is empty; it must be a JSON object");
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            errors.add(Place::Body, format!("is not UTF-8 from byte {} on", error.valid_up_to()));
            return None;
        }
    };
    // This finds every error of syntax in the whole body, so that the slices within need no checks.
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => T::from_json(Value { text: raw.get(), place: Place::Body, hidden: &[] }, errors),
        Err(error) => {
            errors.add(Place::Body, format!("is not JSON: {error}"));
            None
        }
    }
}

/// A JSON value in a body: well-formed, but not looked into yet.
#[derive(Clone, Copy, Debug)]
pub struct Value<'v> {
    text: &'v str,
    place: Place<'v>,
    /// Members that somebody else reads.
    hidden: &'v [&'v str],
}

impl<'v> Value<'v> {
    /// Returns the same object without some of its members, which somebody else reads.
    #[must_use]
    pub fn without(self, hidden: &'v [&'v str]) -> Self {
        Self { hidden, ..self }
    }

    /// Adds an error about this value.
    pub fn refuse(&self, errors: &mut FieldErrors, message: impl Into<Cow<'static, str>>) {
        errors.add(self.place, message);
    }

    /// Adds an error about a member of this object.
    pub fn refuse_member(&self, name: &str, message: impl Into<Cow<'static, str>>, errors: &mut FieldErrors) {
        errors.add(Place::Member(&self.place, name), message);
    }

    /// Says whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text == "null"
    }

    /// Says whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        self.text.starts_with('"')
    }

    /// Says whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// Returns the text of a number exactly as it was sent; `None` where it is no number.
    #[must_use]
    pub fn number(&self) -> Option<&'v str> {
        matches!(self.text.as_bytes().first(), Some(b'-' | b'0'..=b'9')).then_some(self.text)
    }

    /// Reads a string.
    pub fn string(&self, errors: &mut FieldErrors) -> Option<Cow<'v, str>> {
        if !self.is_string() {
            self.refuse(errors, self.instead_of("a string"));
            return None;
        }
        let inside = &self.text[1..self.text.len() - 1];
        if !inside.as_bytes().contains(&b'\\') {
            return Some(Cow::Borrowed(inside));
        }
        if let Ok(text) = serde_json::from_str(self.text) {
            Some(Cow::Owned(text))
        } else {
            // The syntax was checked, so this is what is left: half of a surrogate pair.
            self.refuse(errors, "holds an escape that stands for no character");
            None
        }
    }

    /// Reads a string as something that has a text form.
    pub fn parse<T: FromText>(&self, errors: &mut FieldErrors) -> Option<T> {
        let text = self.string(errors)?;
        T::from_text(&text).map_err(|message| self.refuse(errors, message)).ok()
    }

    /// Reads `true` or `false`.
    pub fn boolean(&self, errors: &mut FieldErrors) -> Option<bool> {
        match self.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.refuse(errors, self.instead_of("true or false"));
                None
            }
        }
    }

    /// Reads an object, handing each member to `each` in the order in which they stand, repeated ones
    /// too. `None` where it is no object.
    pub fn members(
        &self,
        errors: &mut FieldErrors,
        each: impl FnMut(&str, Value<'_>, &mut FieldErrors),
    ) -> Option<()> {
        if !self.is_object() {
            self.refuse(errors, self.instead_of("an object"));
            return None;
        }
        let visitor = Members { place: &self.place, hidden: self.hidden, errors: &mut *errors, each };
        if serde_json::Deserializer::from_str(self.text).deserialize_map(visitor).is_ok() {
            return Some(());
        }
        self.refuse(errors, "has a name with an escape that stands for no character");
        None
    }

    /// Reads a list of at most `max` items, handing each to `each` in order, and returns how many there
    /// are. `None` where it is no list or too long; what is beyond `max` is not looked at.
    pub fn items(
        &self,
        max: usize,
        errors: &mut FieldErrors,
        each: impl FnMut(Value<'_>, &mut FieldErrors),
    ) -> Option<usize> {
        if !self.text.starts_with('[') {
            self.refuse(errors, self.instead_of("a list"));
            return None;
        }
        let visitor = Items { place: &self.place, max, errors: &mut *errors, each };
        let read = serde_json::Deserializer::from_str(self.text).deserialize_seq(visitor);
        // The syntax was checked and items are not looked into, so that reading cannot fail.
        let count = read.unwrap_or_default();
        if count > max {
            self.refuse(errors, format!("has {count} items; there may be at most {max}"));
            return None;
        }
        Some(count)
    }

    /// Says what would have to stand here, and what does.
    #[must_use]
    pub fn instead_of(&self, wanted: &str) -> String {
        let found = match self.text.as_bytes().first() {
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't') => "true",
            Some(b'f') => "false",
            Some(b'n') => "null",
            _ => "a number",
        };
        format!("must be {wanted}, not {found}")
    }
}

struct Members<'p, E> {
    place: &'p Place<'p>,
    hidden: &'p [&'p str],
    errors: &'p mut FieldErrors,
    each: E,
}

impl<'de, E: FnMut(&str, Value<'_>, &mut FieldErrors)> Visitor<'de> for Members<'_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let raw: &RawValue = map.next_value()?;
            if self.hidden.contains(&&*name) {
                continue;
            }
            let place = Place::Member(self.place, &name);
            (self.each)(&name, Value { text: raw.get(), place, hidden: &[] }, self.errors);
        }
        Ok(())
    }
}

struct Items<'p, E> {
    place: &'p Place<'p>,
    max: usize,
    errors: &'p mut FieldErrors,
    each: E,
}

impl<'de, E: FnMut(Value<'_>, &mut FieldErrors)> Visitor<'de> for Items<'_, E> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(raw) = list.next_element::<&RawValue>()? {
            if count < self.max {
                let place = Place::Item(self.place, count);
                (self.each)(Value { text: raw.get(), place, hidden: &[] }, self.errors);
            }
            count += 1;
        }
        Ok(count)
    }
}

/// A member's name, borrowed from the body where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// A member of an object that is being read, by whether it came and what it held.
#[derive(Debug)]
pub struct Slot<T> {
    came: bool,
    value: Option<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { came: false, value: None }
    }
}

impl<T: FromJson> Slot<T> {
    /// Reads a member that must have a value.
    pub fn read(&mut self, value: Value<'_>, errors: &mut FieldErrors) {
        if self.comes_first(value, errors) {
            self.value = T::from_json(value, errors);
        }
    }

    /// Reads a member that may be left out; `null` is the same as that.
    pub fn read_optional(&mut self, value: Value<'_>, errors: &mut FieldErrors) {
        if self.comes_first(value, errors) && !value.is_null() {
            self.value = T::from_json(value, errors);
        }
    }

    fn comes_first(&mut self, value: Value<'_>, errors: &mut FieldErrors) -> bool {
        if self.came {
            value.refuse(errors, "is given more than once");
        }
        !std::mem::replace(&mut self.came, true)
    }

    /// Returns the value of a member of `object` that must be there.
    pub fn required(self, object: Value<'_>, name: &str, errors: &mut FieldErrors) -> Option<T> {
        if !self.came {
            object.refuse_member(name, "is required", errors);
        }
        self.value
    }

    /// Returns the value of a member that may be left out.
    pub fn optional(self) -> Option<T> {
        self.value
    }
}

/// Refuses a member that the object does not know, naming those that it does.
pub fn refuse_unknown(value: Value<'_>, known: &[&str], errors: &mut FieldErrors) {
    value.refuse(errors, format!("is unknown; known here: {}", known.join(", ")));
}

impl FromJson for bool {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.boolean(errors)
    }
}

#[cfg(test)]
mod tests;
