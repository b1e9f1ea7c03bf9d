//! What callers may do, as requests and replies have it: scopes or a role, for all ledgers or for some.

use std::borrow::Cow;
use std::collections::BTreeSet;

use identity::{Grant, GrantError, Grants, LedgerSet, Role, Scope, Scopes};
use ledger::LedgerName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::text::{FromText, Message};

/// What stands for all ledgers.
const ALL: &str = "all";

/// Scopes for ledgers, as a request has them. There has to be one of `scopes` and `role`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GrantRequest {
    /// What is granted.
    #[schemars(with = "Option<Vec<ScopeText>>", length(min = 1, max = Scope::ALL.len()))]
    pub scopes: Scopes,
    /// The same by the name of a set of scopes: `admin` is all of them, `operator` all that are about single ledgers,
    /// `writer` is `ledger:read` and `ledger:write`, `reader` is `ledger:read`, `auditor` is `ledger:read` and
    /// `audit:read`. What is kept are the scopes.
    #[schemars(with = "Option<RoleText>")]
    pub role: (),
    /// For which ledgers: `"all"`, or a list of names. Scopes that are about no single ledger are for all.
    #[schemars(with = "LedgerSetValue")]
    pub ledgers: LedgerSet,
}

impl FromJson for GrantRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut scopes, mut role, mut ledgers) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "scopes" => scopes.read_optional(value, errors),
            "role" => role.read_optional(value, errors),
            "ledgers" => ledgers.read(value, errors),
            _ => refuse_unknown(value, &["scopes", "role", "ledgers"], errors),
        })?;
        let ledgers = ledgers.required(value, "ledgers", errors);
        let scopes: Option<Scopes> = match (scopes.optional(), role.optional()) {
            (Some(_), Some(_)) => {
                value.refuse(errors, "must not have both scopes and role");
                None
            }
            (Some(scopes), None) => Some(scopes),
            (None, role) => {
                if role.is_none() {
                    value.refuse(errors, "must have scopes or role");
                }
                role.map(Role::scopes)
            }
        };
        Some(Self { scopes: scopes?, role: (), ledgers: ledgers? })
    }
}

/// Reads the grants of a key.
impl FromJson for Grants {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut grants = Vec::new();
        let mut read = true;
        let count =
            value.items(Self::MAX, errors, |item, errors| match GrantRequest::from_json(item, errors) {
                Some(GrantRequest { scopes, ledgers, .. }) => grants.push(Grant { scopes, ledgers }),
                None => read = false,
            })?;
        if count == 0 {
            value.refuse(errors, "is empty; there must be at least one grant");
            return None;
        }
        if !read {
            return None;
        }
        Self::new(grants).map_err(|error| value.refuse(errors, message(error))).ok()
    }
}

fn message(error: GrantError) -> Message {
    match error {
        GrantError::Count => format!("must be 1 to {} grants", Grants::MAX).into(),
        GrantError::NoScope => "have a grant without scopes".into(),
        GrantError::NoLedger => "have a grant for no ledger".into(),
        GrantError::TooManyLedgers => {
            format!("name more than {} ledgers together", Grants::LEDGERS_MAX).into()
        }
        GrantError::NotAboutALedger(scope) => {
            format!("have {scope} for some ledgers; it is about none, and is granted for all").into()
        }
        GrantError::Text => "are malformed".into(),
    }
}

impl FromJson for Scopes {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut scopes = Vec::new();
        let mut read = true;
        let count =
            value.items(Scope::ALL.len(), errors, |item, errors| match item.parse::<Scope>(errors) {
                Some(scope) => scopes.push(scope),
                None => read = false,
            })?;
        if count == 0 {
            value.refuse(errors, "is empty; there must be at least one scope");
            return None;
        }
        read.then(|| scopes.into_iter().collect())
    }
}

impl FromJson for LedgerSet {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        if value.is_string() {
            if value.string(errors)? == ALL {
                return Some(Self::All);
            }
            value.refuse(errors, "must be all or a list of ledgers");
            return None;
        }
        let mut names = BTreeSet::new();
        let count = value.items(Grants::LEDGERS_MAX, errors, |item, errors| {
            names.extend(LedgerName::from_json(item, errors));
        })?;
        if count == 0 {
            value.refuse(errors, "is empty; there must be at least one ledger");
            return None;
        }
        Some(Self::Some(names))
    }
}

impl FromJson for Role {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromText for Scope {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text)
            .ok_or_else(|| format!("must be one of {}", Self::ALL.map(Self::name).join(", ")).into())
    }
}

impl FromText for Role {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text)
            .ok_or_else(|| format!("must be one of {}", Self::ALL.map(Self::name).join(", ")).into())
    }
}

/// Scopes for ledgers, as a reply has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
pub struct GrantView {
    /// What is granted.
    pub scopes: Vec<ScopeText>,
    /// For which ledgers.
    pub ledgers: LedgerSetValue,
}

/// Shows grants.
#[must_use]
pub fn show(grants: &Grants) -> Vec<GrantView> {
    let view = |grant: &Grant| GrantView {
        scopes: grant.scopes.iter().map(ScopeText).collect(),
        ledgers: LedgerSetValue(grant.ledgers.clone()),
    };
    grants.as_slice().iter().map(view).collect()
}

/// A scope by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeText(pub Scope);

impl Serialize for ScopeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl JsonSchema for ScopeText {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let meanings: Vec<String> =
            Scope::ALL.iter().map(|scope| format!("`{scope}`: {}", scope.meaning())).collect();
        json_schema!({
            "description": meanings.join("\n\n"),
            "type": "string",
            "enum": json!(Scope::ALL.map(Scope::name))
        })
    }
}

/// The schema of a role. Has no values: requests are read into [`Role`].
pub enum RoleText {}

impl JsonSchema for RoleText {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A set of scopes by its name.",
            "type": "string",
            "enum": json!(Role::ALL.map(Role::name))
        })
    }
}

/// The ledgers that a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSetValue(pub LedgerSet);

impl Serialize for LedgerSetValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            LedgerSet::All => serializer.serialize_str(ALL),
            LedgerSet::Some(names) => serializer.collect_seq(names.iter().map(LedgerName::as_str)),
        }
    }
}

impl JsonSchema for LedgerSetValue {
    fn schema_name() -> Cow<'static, str> {
        "LedgerSet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`\"all\"`: all ledgers, those that are yet to be created included. Or these, by name; the \
                            grants of a key name at most 100 together.",
            "oneOf": [
                { "type": "string", "const": ALL },
                {
                    "type": "array",
                    "items": { "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$" },
                    "minItems": 1,
                    "maxItems": 100
                }
            ],
            "examples": ["all", ["main", "loyalty"]]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<String, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body::<Grants>(body.as_bytes(), &mut errors) {
            Some(grants) if errors.is_empty() => Ok(grants.to_string()),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn scopes_and_roles_are_read() {
        for (body, grants) in [
            (
                r#"[{"scopes": ["ledger:write", "ledger:read"], "ledgers": ["main", "eu"]}]"#,
                "ledger:read,ledger:write@eu,main",
            ),
            (r#"[{"role": "reader", "ledgers": "all"}]"#, "ledger:read@*"),
            (
                r#"[{"role": "writer", "ledgers": ["a"]}, {"role": "auditor", "ledgers": "all"}]"#,
                "ledger:read,ledger:write@a;ledger:read,audit:read@*",
            ),
        ] {
            assert_eq!(read(body).as_deref(), Ok(grants));
        }
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("[]", &["body"][..]),
            ("{}", &["body"]),
            ("[{}]", &["body[0].ledgers", "body[0]"]),
            (r#"[{"role": "root", "ledgers": "some"}]"#, &["body[0].role", "body[0].ledgers"]),
            (r#"[{"role": "reader", "scopes": ["ledger:read"], "ledgers": "all"}]"#, &["body[0]"]),
            (r#"[{"scopes": [], "ledgers": []}]"#, &["body[0].scopes", "body[0].ledgers"]),
            (
                r#"[{"scopes": ["x"], "ledgers": ["A"], "until": 1}]"#,
                &["body[0].scopes[0]", "body[0].ledgers[0]", "body[0].until"],
            ),
            (r#"[{"role": "admin", "ledgers": ["main"]}]"#, &["body"]),
        ] {
            let found = read(body).unwrap_err();
            assert!(fields.iter().all(|field| found.contains(&(*field).to_owned())), "{body}: {found:?}");
        }
    }
}
