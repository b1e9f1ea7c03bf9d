//! What stands for users in requests and replies: ids, names, addresses.

use std::borrow::Cow;

use identity::{Email, UserId, UserName, UserState};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::fields::FieldErrors;
use super::json::{FromJson, Value};
use super::path::{FromPath, PathReader};
use super::text::{FromText, Message, text};

text!(
    /// The id of a user.
    UserIdText(UserId), "UserId", {
        "description": "The id of a user. It is no secret.",
        "type": "string",
        "pattern": "^[0-9A-Za-z]{12}$",
        "examples": ["3fJ0dPq7xKbM"]
    },
    "must be the id of a user: 12 letters and digits"
);

text!(
    /// What a user is called.
    UserNameText(UserName), "UserName", {
        "description": "What a user is called. Several may have one name.",
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "examples": ["Ada Lovelace"]
    },
    "must be 1 to 100 characters, without control characters and without spaces at its ends"
);

text!(
    /// The address of a user.
    EmailText(Email), "Email", {
        "description": "An address as browsers take them, in at most 254 bytes of ASCII. Its domain becomes lower case; \
                        those that differ in nothing but case are one.",
        "type": "string",
        "pattern": "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
        "minLength": 3,
        "maxLength": 254,
        "examples": ["ada@example.com"]
    },
    "must be an address of mail, such as ada@example.com, in at most 254 ASCII characters"
);

/// `/v1/users/{id}`, and what is below it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct UserPath {
    /// The user's id.
    #[schemars(with = "UserIdText")]
    pub id: UserId,
}

impl FromPath for UserPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { id: path.read("id", errors)? })
    }
}

/// Whether a user gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserStateText(pub UserState);

impl Serialize for UserStateText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl JsonSchema for UserStateText {
    fn schema_name() -> Cow<'static, str> {
        "UserState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whether a user gets in: one who is disabled does not, and none of their sessions counts.",
            "type": "string",
            "enum": UserState::ALL.map(UserState::name)
        })
    }
}

impl FromText for UserState {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text).ok_or_else(|| "must be active or disabled".into())
    }
}

impl FromJson for UserState {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}
