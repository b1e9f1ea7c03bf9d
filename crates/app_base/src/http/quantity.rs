//! Quantities: how requests say how much a posting is to move, and the schema of it.

use std::borrow::Cow;

use ledger::{Amount, Quantity};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::values::AmountInput;

/// What stands for as much as there is.
const ALL: &str = "all";

/// The schema of a quantity in requests. Has no values: requests are read into [`Quantity`].
pub enum QuantityInput {}

impl JsonSchema for QuantityInput {
    fn schema_name() -> Cow<'static, str> {
        "QuantityInput".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let amount = generator.subschema_for::<AmountInput>();
        json_schema!({
            "description": "How much a posting is to move: an amount, which moves as it is or the transaction is \
                            rejected; `{\"up_to\": amount}`, as much of the amount as the source's limit allows; \
                            or `\"all\"`, as much as the limit allows. The limit counts when the posting's turn \
                            comes: what is available then, down to the floor. Where nothing is, 0 moves, and that \
                            is no error. An account without a limit, as `world` is, gives the whole of `up_to`, \
                            and `\"all\"` of it is rejected. The reply shows what moved.",
            "anyOf": [
                amount.clone(),
                {
                    "type": "object",
                    "properties": { "up_to": amount },
                    "required": ["up_to"],
                    "additionalProperties": false
                },
                { "type": "string", "const": ALL }
            ],
            "examples": ["1250", { "up_to": "1250" }, ALL]
        })
    }
}

impl FromJson for Quantity {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        if value.is_object() {
            let mut up_to = Slot::default();
            value.members(errors, |member, value, errors| match member {
                "up_to" => up_to.read(value, errors),
                _ => refuse_unknown(value, &["up_to"], errors),
            })?;
            return up_to.required(value, "up_to", errors).map(Self::UpTo);
        }
        if value.is_string() {
            let text = value.string(errors)?;
            if text == ALL {
                return Some(Self::All);
            }
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic()) {
                value.refuse(errors, "must be a whole number of minor units, or all");
                return None;
            }
        } else if value.number().is_none() {
            let wanted = "a string of digits, a whole number, \"all\" or an object with up_to";
            value.refuse(errors, value.instead_of(wanted));
            return None;
        }
        Amount::from_json(value, errors).map(Self::Exactly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    #[test]
    fn amounts_bounds_and_all_are_quantities() {
        let five = Amount::from(5);
        for (body, quantity) in [
            ("5", Quantity::Exactly(five)),
            ("\"5\"", Quantity::Exactly(five)),
            (r#"{"up_to": "5"}"#, Quantity::UpTo(five)),
            (r#"{"up_to": 5}"#, Quantity::UpTo(five)),
            ("\"all\"", Quantity::All),
            (r#""\u0061ll""#, Quantity::All),
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(read_body(body.as_bytes(), &mut errors), Some(quantity), "{body}");
            assert!(errors.is_empty(), "{body}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let digits = "must be a whole number of minor units: digits only, no sign, fraction or exponent";
        let kinds = "must be a string of digits, a whole number, \"all\" or an object with up_to, not";
        for (body, field, message) in [
            ("-1", "body", digits.to_owned()),
            ("1.5", "body", digits.to_owned()),
            ("\"1e3\"", "body", digits.to_owned()),
            ("\"\"", "body", "is empty; it must be a whole number of minor units".to_owned()),
            ("\"ALL\"", "body", "must be a whole number of minor units, or all".to_owned()),
            ("null", "body", format!("{kinds} null")),
            ("[5]", "body", format!("{kinds} a list")),
            ("{}", "up_to", "is required".to_owned()),
            (r#"{"up_to": -1}"#, "up_to", digits.to_owned()),
            (
                r#"{"up_to": null}"#,
                "up_to",
                "must be a string of digits or a whole number, not null".to_owned(),
            ),
            (r#"{"up_to": "all"}"#, "up_to", digits.to_owned()),
            (r#"{"up_to": 5, "down_to": 3}"#, "down_to", "is unknown; known here: up_to".to_owned()),
            (r#"{"up_to": 5, "up_to": 3}"#, "up_to", "is given more than once".to_owned()),
        ] {
            let mut errors = FieldErrors::default();
            let _: Option<Quantity> = read_body(body.as_bytes(), &mut errors);
            let found: Vec<_> =
                errors.as_slice().iter().map(|error| (&*error.field, error.message.to_string())).collect();
            assert_eq!(found, [(field, message)], "{body}");
        }
    }
}
