//! What requests for batches look like.

use engine::Submission;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::keys::Keys;
use crate::commands::CommandRequest;
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::text::{FromText, Message};

/// The most commands in one body.
pub const COMMANDS_MAX: usize = 1000;

/// Commands to carry out, in order.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "mode": "atomic",
    "commands": [
        {
            "type": "transaction",
            "postings": [
                { "source": "world", "destination": "users:42:wallet", "asset": "USD/2", "amount": "1250" },
            ],
        },
        { "type": "account", "account": "users:42:wallet", "metadata": { "tier": "gold" } },
    ],
}]))]
pub struct BatchRequest {
    /// Whether all of them happen or none, or each for itself.
    pub mode: BatchMode,
    /// What to do, in order: each on top of those before it.
    #[schemars(with = "Vec<CommandRequest>", length(min = 1, max = 1000))]
    pub commands: Commands,
}

/// How commands of a batch depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMode {
    /// All of them happen, or none.
    Atomic,
    /// Each happens for itself, as if sent alone and after those before it.
    Independent,
}

/// The commands of a batch: 1 to [`COMMANDS_MAX`].
#[derive(Clone, Debug)]
pub struct Commands(Vec<CommandRequest>);

impl Commands {
    /// Returns them as the engine takes them, with the keys that they get from the key of the batch.
    pub(super) fn submissions(self, keys: &Keys) -> Vec<Submission> {
        let submission = |(place, CommandRequest { command, key }): (u64, CommandRequest)| {
            Submission::new(command, keys.at(place, key))
        };
        (0..).zip(self.0).map(submission).collect()
    }
}

impl FromText for BatchMode {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text {
            "atomic" => Ok(Self::Atomic),
            "independent" => Ok(Self::Independent),
            _ => Err("must be atomic or independent".into()),
        }
    }
}

impl JsonSchema for BatchMode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BatchMode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`atomic`: all commands happen, or none. `independent`: each happens for itself, as if sent \
                            alone and after those before it.",
            "type": "string",
            "enum": ["atomic", "independent"]
        })
    }
}

impl FromJson for BatchMode {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

impl FromJson for Commands {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut commands = Vec::new();
        let count = value.items(COMMANDS_MAX, errors, |item, errors| {
            commands.extend(CommandRequest::from_json(item, errors));
        })?;
        if count == 0 {
            value.refuse(errors, "is empty; there must be at least one command");
            return None;
        }
        Some(Self(commands))
    }
}

impl FromJson for BatchRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut mode, mut commands) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "mode" => mode.read(value, errors),
            "commands" => commands.read(value, errors),
            _ => refuse_unknown(value, &["mode", "commands"], errors),
        })?;
        let mode = mode.required(value, "mode", errors);
        let commands = commands.required(value, "commands", errors);
        Some(Self { mode: mode?, commands: commands? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn faults(body: &str) -> Vec<String> {
        let mut errors = FieldErrors::default();
        let read: Option<BatchRequest> = read_body(body.as_bytes(), &mut errors);
        assert!(read.is_none() || !errors.is_empty(), "{body} is taken");
        errors.as_slice().iter().map(|error| error.field.clone()).collect()
    }

    #[test]
    fn what_is_wrong_with_any_command_is_named_all_at_once() {
        let posting = |amount: &str| {
            format!(r#"{{"source": "a", "destination": "b", "asset": "X", "amount": {amount}}}"#)
        };
        let good = format!(r#"{{"type": "transaction", "postings": [{}]}}"#, posting("1"));
        let bad = format!(r#"{{"type": "transaction", "postings": [{}]}}"#, posting("-1"));
        let body = format!(
            r#"{{"mode": "some", "commands": [{good}, {bad}, {{"type": "void"}}, 7, {{"dry_run": true}}]}}"#
        );
        let fields = [
            "mode",
            "commands[1].postings[0].amount",
            "commands[2].hold",
            "commands[3]",
            "commands[4].dry_run",
            "commands[4].type",
        ];
        assert_eq!(faults(&body), fields);
    }

    #[test]
    fn there_are_one_to_a_thousand_commands() {
        assert_eq!(faults("{}"), ["mode", "commands"]);
        assert_eq!(faults(r#"{"mode": "atomic", "commands": []}"#), ["commands"]);
        let void = r#"{"type": "void", "hold": 1}"#;
        let body = |count| format!(r#"{{"mode": "atomic", "commands": [{}]}}"#, vec![void; count].join(","));
        assert_eq!(faults(&body(1001)), ["commands"]);
        let mut errors = FieldErrors::default();
        let read: Option<BatchRequest> = read_body(body(1000).as_bytes(), &mut errors);
        assert_eq!(read.unwrap().commands.submissions(&Keys::of(None)).len(), 1000);
    }
}
