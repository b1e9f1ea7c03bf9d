//! Commands of any kind, as batches have them: which kind it is, its key, what it is about, and beside these what the
//! request of that kind has.

use std::borrow::Cow;

use engine::idempotency::IdempotencyKey;
use ledger::{Command, EntryNumber, ReleaseCause, ReleaseHold};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use super::{
    CaptureHoldRequest, ChangeAccountRequest, ChangeTransactionRequest, CreateHoldRequest,
    CreateTransactionRequest, ReverseTransactionRequest,
};
use crate::http::fields::FieldErrors;
use crate::http::input::NoBody;
use crate::http::json::{FromJson, Slot, Value};
use crate::http::text::{FromText, Message};
use crate::http::values::{AddressText, EntryNumberValue};

/// A command with its key.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// What to do.
    pub command: Command,
    /// The caller's name for it.
    pub key: Option<IdempotencyKey>,
}

/// The kinds of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Transaction,
    Hold,
    Capture,
    Void,
    Reversal,
    Account,
    TransactionChange,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Transaction,
        Self::Hold,
        Self::Capture,
        Self::Void,
        Self::Reversal,
        Self::Account,
        Self::TransactionChange,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Reversal => "reversal",
            Self::Account => "account",
            Self::TransactionChange => "transaction_change",
        }
    }

    /// Returns the member that says what a command is about, and whose request has that in its path.
    fn target(self) -> Option<&'static str> {
        match self {
            Self::Transaction | Self::Hold => None,
            Self::Capture | Self::Void => Some("hold"),
            Self::Reversal | Self::TransactionChange => Some("transaction"),
            Self::Account => Some("account"),
        }
    }
}

impl FromText for Kind {
    fn from_text(text: &str) -> Result<Self, Message> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| {
            "must be transaction, hold, capture, void, reversal, account or transaction_change".into()
        })
    }
}

impl FromJson for Kind {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromJson for IdempotencyKey {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromJson for EntryNumber {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let Some(number) = value.number() else {
            value.refuse(errors, value.instead_of("the number of an entry"));
            return None;
        };
        Self::from_text(number).map_err(|message| value.refuse(errors, message)).ok()
    }
}

impl FromJson for CommandRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut kind, mut key) = (Slot::<Kind>::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "type" => kind.read(value, errors),
            "idempotency_key" => key.read_optional(value, errors),
            "dry_run" => value.refuse(errors, "is not taken in a batch: try the command out alone"),
            _ => {}
        })?;
        let kind = kind.required(value, "type", errors)?;
        let target = kind.target();
        let hidden = ["type", "idempotency_key", "dry_run", target.unwrap_or("type")];
        let rest = value.without(&hidden);
        let command = match kind {
            Kind::Transaction => CreateTransactionRequest::from_json(rest, errors).map(Command::from),
            Kind::Hold => CreateHoldRequest::from_json(rest, errors).map(Command::from),
            Kind::Capture => {
                let (hold, capture) = (about(value, "hold", errors), FromJson::from_json(rest, errors));
                capture.zip(hold).map(|(capture, hold)| CaptureHoldRequest::of(capture, hold))
            }
            Kind::Void => {
                let (hold, void) = (about(value, "hold", errors), NoBody::from_json(rest, errors));
                void.zip(hold).map(|(NoBody {}, hold)| {
                    Command::ReleaseHold(ReleaseHold { hold, cause: ReleaseCause::Voided })
                })
            }
            Kind::Reversal => {
                let (id, reversal) = (about(value, "transaction", errors), FromJson::from_json(rest, errors));
                reversal.zip(id).map(|(reversal, id)| ReverseTransactionRequest::of(reversal, id))
            }
            Kind::Account => {
                let (account, change) = (about(value, "account", errors), FromJson::from_json(rest, errors));
                change.zip(account).map(|(change, account)| ChangeAccountRequest::of(change, account))
            }
            Kind::TransactionChange => {
                let (id, change) = (about(value, "transaction", errors), FromJson::from_json(rest, errors));
                change.zip(id).map(|(change, id)| ChangeTransactionRequest::of(change, id))
            }
        };
        Some(Self { command: command?, key: key.optional() })
    }
}

/// Reads what a command is about.
fn about<T: FromJson>(value: Value<'_>, name: &str, errors: &mut FieldErrors) -> Option<T> {
    let mut slot = Slot::default();
    value.members(errors, |member, value, errors| {
        if member == name {
            slot.read(value, errors);
        }
    })?;
    slot.required(value, name, errors)
}

impl JsonSchema for CommandRequest {
    fn schema_name() -> Cow<'static, str> {
        "CommandRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let choices: Vec<Schema> = Kind::ALL.into_iter().map(|kind| kind.schema(generator)).collect();
        json_schema!({
            "description": "A command: what its request alone has in its body, beside `type`, and what that request \
                            has in its path.",
            "oneOf": choices
        })
    }
}

impl Kind {
    /// The schema of the request of this kind, with what a batch has beside it.
    fn schema(self, generator: &mut SchemaGenerator) -> Schema {
        let mut schema = match self {
            Self::Transaction => CreateTransactionRequest::json_schema(generator),
            Self::Hold => CreateHoldRequest::json_schema(generator),
            Self::Capture => CaptureHoldRequest::json_schema(generator),
            Self::Void => NoBody::json_schema(generator),
            Self::Reversal => ReverseTransactionRequest::json_schema(generator),
            Self::Account => ChangeAccountRequest::json_schema(generator),
            Self::TransactionChange => ChangeTransactionRequest::json_schema(generator),
        };
        schema.remove("examples");
        schema.insert("title".into(), self.name().into());
        let mut properties = schema.remove("properties").unwrap_or_else(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.remove("dry_run");
            properties.insert("type".into(), json!({ "type": "string", "const": self.name() }));
            let key = json!({
                "description": "The caller's own name for the command, as the header of a request has it.",
                "type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"
            });
            properties.insert("idempotency_key".into(), key);
            if let Some(target) = self.target() {
                let described = match self {
                    Self::Account => generator.subschema_for::<AddressText>(),
                    _ => generator.subschema_for::<EntryNumberValue>(),
                };
                properties.insert(target.into(), described.to_value());
            }
        }
        schema.insert("properties".into(), properties);
        let own = schema.remove("required");
        let own = own.as_ref().and_then(Json::as_array).cloned().unwrap_or_default();
        let required = [Json::from("type")].into_iter().chain(self.target().map(Json::from)).chain(own);
        schema.insert("required".into(), required.collect());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<CommandRequest, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    const POSTINGS: &str = r#""postings": [{"source": "a", "destination": "b", "asset": "X", "amount": 1}]"#;

    #[test]
    fn each_kind_becomes_its_command() {
        for (body, wanted) in [
            (format!(r#"{{"type": "transaction", {POSTINGS}}}"#), "PostTransaction"),
            (format!(r#"{{{POSTINGS}, "type": "hold"}}"#), "CreateHold"),
            (r#"{"type": "capture", "hold": 7, "final": true}"#.into(), "CaptureHold"),
            (r#"{"type": "void", "hold": 7}"#.into(), "ReleaseHold"),
            (format!(r#"{{"type": "reversal", "transaction": 7, {POSTINGS}}}"#), "ReverseTransaction"),
            (r#"{"type": "account", "account": "a", "policy": {"closed": true}}"#.into(), "ChangeAccount"),
            (
                r#"{"type": "transaction_change", "transaction": 7, "metadata": {}}"#.into(),
                "ChangeTransaction",
            ),
        ] {
            let request = read(&body).unwrap_or_else(|errors| panic!("{body}: {errors:?}"));
            assert!(format!("{:?}", request.command).starts_with(wanted), "{body}: {request:?}");
            assert_eq!(request.key, None);
            let keyed = body.replacen('{', r#"{"idempotency_key": "k","#, 1);
            assert_eq!(read(&keyed).unwrap().key.unwrap().as_str(), "k");
        }
    }

    #[test]
    fn every_fault_is_named() {
        for (body, fields) in [
            ("{}", &["type"][..]),
            ("[]", &["body"]),
            (r#"{"type": "transfer"}"#, &["type"]),
            (r#"{"type": "transaction"}"#, &["postings"]),
            (r#"{"type": "void"}"#, &["hold"]),
            (r#"{"type": "void", "hold": "x", "final": true}"#, &["hold", "final"]),
            (r#"{"type": "capture", "hold": 1, "dry_run": true}"#, &["dry_run"]),
            (r#"{"type": "capture", "hold": 1, "transaction": 1}"#, &["transaction"]),
            (r#"{"type": "reversal", "force": 1}"#, &["transaction", "force"]),
            (r#"{"type": "account", "account": "a b"}"#, &["account", "body"]),
            (r#"{"type": "void", "hold": 1, "idempotency_key": ""}"#, &["idempotency_key"]),
            (r#"{"type": "void", "type": "void", "hold": 1}"#, &["type"]),
            (r#"{"type": "void", "hold": 1, "hold": 2}"#, &["hold"]),
        ] {
            assert_eq!(read(body).unwrap_err(), fields, "{body}");
        }
    }
}
