//! Passwords in requests. No reply and no log ever shows one.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use zeroize::Zeroizing;

use super::fields::FieldErrors;
use super::json::{FromJson, Value};

/// A password as somebody presents it, who need not be right. It shows itself to nobody who does not ask for it by
/// [`expose`](Self::expose), and its memory is wiped when it goes.
pub struct PresentedPassword(Zeroizing<String>);

impl PresentedPassword {
    /// The most bytes: more are no password, and would take time to digest.
    const BYTES_MAX: usize = 1024;

    /// Returns the password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresentedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedPassword(***)")
    }
}

impl FromJson for PresentedPassword {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let text = Zeroizing::new(value.string(errors)?.into_owned());
        if !(1..=Self::BYTES_MAX).contains(&text.len()) {
            value.refuse(errors, "must be 1 to 1024 bytes");
            return None;
        }
        Some(Self(text))
    }
}

/// The schema of a password.
pub struct PasswordSchema;

impl JsonSchema for PasswordSchema {
    fn schema_name() -> Cow<'static, str> {
        "PresentedPassword".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A password: 1 to 1024 bytes.",
            "type": "string",
            "format": "password",
            "minLength": 1,
            "maxLength": 1024,
            "writeOnly": true
        })
    }
}
