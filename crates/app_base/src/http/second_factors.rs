//! Second factors in the graph, and their codes in requests.

use std::borrow::Cow;

use engine::second_factors::SecondFactorCode;
use identity::TotpCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use zeroize::Zeroizing;

use super::fields::FieldErrors;
use super::json::{FromJson, Value};

/// What looks after second factors; the server makes it, with the service's secret.
#[pavex::prebuilt]
pub use engine::second_factors::SecondFactors;

impl FromJson for SecondFactorCode {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let text = Zeroizing::new(value.string(errors)?.into_owned());
        let code = Self::parse(&text).ok();
        if code.is_none() {
            value.refuse(errors, "must be six digits, or a recovery code of 24 letters and digits");
        }
        code
    }
}

/// The schema of a code.
pub struct CodeSchema;

impl JsonSchema for CodeSchema {
    fn schema_name() -> Cow<'static, str> {
        "SecondFactorCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Six digits of an authenticator, or a recovery code.",
            "type": "string",
            "maxLength": 48,
            "writeOnly": true,
            "examples": ["287082", "A4DQ-OBYH-A4DQ-OBYH-A4DQ-OBYH"]
        })
    }
}

impl FromJson for TotpCode {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let text = Zeroizing::new(value.string(errors)?.into_owned());
        let code = Self::parse(&text).ok();
        if code.is_none() {
            value.refuse(errors, "must be six digits");
        }
        code
    }
}
