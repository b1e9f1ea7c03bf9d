//! What requests to change an account look like.

use ledger::{Address, ChangeAccount, Command, MetadataPatch, PolicyPatch};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::metadata::MetadataPatchInput;
use crate::http::policy::PolicyRequest;

/// A change of what an account allows and of what is kept beside it. What is not given stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "policy": { "floor": { "USD/2": "-5000" } },
    "metadata": { "tier": "gold", "note": null },
}], "anyOf" = [{ "required": ["metadata"] }, { "required": ["policy"] }]))]
pub struct ChangeAccountRequest {
    /// What to keep beside it from now on. There has to be this or `policy`.
    #[schemars(with = "Option<MetadataPatchInput>")]
    pub metadata: MetadataPatch,
    /// What it allows from now on.
    #[schemars(with = "Option<PolicyRequest>")]
    pub policy: PolicyPatch,
}

impl FromJson for ChangeAccountRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut metadata, mut policy) = (Slot::default(), Slot::default());
        let mut has_any = false;
        value.members(errors, |member, value, errors| {
            has_any |= !value.is_null();
            match member {
                "metadata" => metadata.read_optional(value, errors),
                "policy" => policy.read_optional(value, errors),
                _ => refuse_unknown(value, &["metadata", "policy"], errors),
            }
        })?;
        if !has_any {
            value.refuse(errors, "must have metadata or policy");
            return None;
        }
        let (metadata, policy) = (metadata.optional(), policy.optional());
        Some(Self { metadata: metadata.unwrap_or_default(), policy: policy.unwrap_or_default() })
    }
}

impl ChangeAccountRequest {
    /// Returns the command that changes an account like this.
    #[must_use]
    pub fn of(self, account: Address) -> Command {
        let Self { metadata, policy } = self;
        Command::ChangeAccount(ChangeAccount { account, policy, metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<ChangeAccountRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn either_part_will_do() {
        let request = read(r#"{"metadata": {"a": "1", "b": null}}"#).unwrap();
        assert_eq!((request.metadata.as_map().len(), request.policy), (2, PolicyPatch::default()));
        let request = read(r#"{"policy": {"closed": true}, "metadata": null}"#).unwrap();
        assert_eq!((request.metadata.as_map().len(), request.policy.closed), (0, Some(true)));
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("{}", &["body"][..]),
            (r#"{"metadata": null, "policy": null}"#, &["body"]),
            (r#"{"policy": {}}"#, &["policy"]),
            (
                r#"{"policy": {"floor": {"USD/2": "x"}}, "metadata": {"a": 1}}"#,
                &["policy.floor.USD/2", "metadata.a"],
            ),
            (r#"{"balance": 5, "policy": {"closed": true}}"#, &["balance"]),
            ("[]", &["body"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
