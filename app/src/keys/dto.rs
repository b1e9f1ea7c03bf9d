//! What requests and replies about keys look like.

use std::borrow::Cow;

use engine::access::IssuedKey;
use identity::{ApiKey, Grants, KeyName, KeyText, Principal, Subject};
use ledger::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::http::fields::FieldErrors;
use crate::http::grants::{self, GrantRequest, GrantView};
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::keys::{KeyIdText, KeyNameText};
use crate::http::values::TimeText;

/// A key to create.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "name": "billing",
    "grants": [{ "scopes": ["ledger:read", "ledger:write"], "ledgers": ["main"] }],
    "expires_at": "2030-01-01T00:00:00Z",
}]))]
pub struct CreateKeyRequest {
    /// What people call it.
    #[schemars(with = "KeyNameText")]
    pub name: KeyName,
    /// What its bearer may do; no more than whoever creates it. 1 to 16 grants, of which all count.
    #[schemars(with = "Vec<GrantRequest>", length(min = 1, max = 16))]
    pub grants: Grants,
    /// From when on it opens nothing any more; never, where left out.
    #[schemars(with = "Option<TimeText>")]
    pub expires_at: Option<Timestamp>,
}

impl FromJson for CreateKeyRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut name, mut grants, mut expires_at) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "name" => name.read(value, errors),
            "grants" => grants.read(value, errors),
            "expires_at" => expires_at.read_optional(value, errors),
            _ => refuse_unknown(value, &["name", "grants", "expires_at"], errors),
        })?;
        let name = name.required(value, "name", errors);
        let grants = grants.required(value, "grants", errors);
        Some(Self { name: name?, grants: grants?, expires_at: expires_at.optional() })
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
pub struct KeyView {
    /// Its id, which is the part of its text between the underscores. It is no secret.
    pub id: KeyIdText,
    /// What people call it.
    pub name: KeyNameText,
    /// Whether it opens anything: `active`, `expired`, `revoked`.
    pub state: &'static str,
    /// What its bearer may do.
    pub grants: Vec<GrantView>,
    /// When it was created.
    pub created_at: TimeText,
    /// Who created it: `key:…`, `user:…`, or `operator`.
    pub created_by: String,
    /// From when on it opens nothing any more.
    pub expires_at: Option<TimeText>,
    /// When it was revoked.
    pub revoked_at: Option<TimeText>,
    /// When it was last used. It is noted every ten seconds or so.
    pub last_used_at: Option<TimeText>,
}

impl KeyView {
    /// Shows a key as it is at a time.
    #[must_use]
    pub fn of(key: ApiKey, now: Timestamp) -> Self {
        Self {
            state: key.state(now).name(),
            grants: grants::show(&key.grants),
            created_at: TimeText(key.created_at),
            created_by: key.created_by.to_string(),
            expires_at: key.expires_at.map(TimeText),
            revoked_at: key.revoked_at.map(TimeText),
            last_used_at: key.last_used_at.map(TimeText),
            id: KeyIdText(key.id),
            name: KeyNameText(key.name),
        }
    }
}

/// A key that was just created, with its text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "IssuedApiKey")]
pub struct IssuedKeyView {
    /// The key.
    pub key: KeyView,
    /// Its text, to be sent as `Authorization: Bearer …`. It is shown this once.
    pub secret: SecretText,
}

impl IssuedKeyView {
    /// Shows a key with its text.
    #[must_use]
    pub fn of(issued: IssuedKey, now: Timestamp) -> Self {
        Self { key: KeyView::of(issued.key, now), secret: SecretText(issued.text) }
    }
}

/// Who a request comes from, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Principal")]
pub struct PrincipalView {
    /// What they are: `key`, `user`, or `anybody` where nobody is asked.
    pub kind: &'static str,
    /// The id of their key, or their own; null for anybody.
    pub id: Option<String>,
    /// What their key is called, or what they are; null for anybody.
    pub name: Option<String>,
    /// What they may do.
    pub grants: Vec<GrantView>,
    /// Until when.
    pub expires_at: Option<TimeText>,
}

impl From<&Principal> for PrincipalView {
    fn from(principal: &Principal) -> Self {
        let (kind, id, name) = match principal.subject() {
            Subject::Anybody => ("anybody", None, None),
            Subject::Key { id, name } => ("key", Some(id.to_string()), Some(name.to_string())),
            Subject::User { id, name } => ("user", Some(id.to_string()), Some(name.to_string())),
            Subject::External { issuer, subject } => {
                ("external", Some(subject.clone()), Some(issuer.clone()))
            }
        };
        Self {
            kind,
            id,
            name,
            grants: grants::show(principal.grants()),
            expires_at: principal.expires_at().map(TimeText),
        }
    }
}

/// The text of a key. Only a reply ever shows it.
#[derive(Clone, Debug)]
pub struct SecretText(KeyText);

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl JsonSchema for SecretText {
    fn schema_name() -> Cow<'static, str> {
        "ApiKeySecret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The text of a key: its id, its secret and a checksum.",
            "type": "string",
            "pattern": "^florin_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$"
        })
    }
}
