//! Which part of the audit trail is asked for.

use std::borrow::Cow;

use engine::access::{AuditPosition, AuditQuery};
use engine::query::TimeRange;
use identity::{Action, Actor};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::text::{FromText, Message};
use crate::http::time::{TimeRangeParameters, take_time_range};

/// The longest subject that is looked for, in bytes: more than any has.
const SUBJECT_MAX_BYTES: usize = 1024;

/// Which records to list. All filters have to hold.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListAuditQuery {
    /// Who did it, as records name them.
    #[schemars(with = "Option<ActorText>")]
    pub actor: Option<Actor>,
    /// What they did.
    #[schemars(with = "Option<ActionText>")]
    pub action: Option<Action>,
    /// What they did it to, in full, as records name it.
    #[schemars(with = "Option<SubjectText>")]
    pub subject: Option<Subject>,
    /// When.
    #[schemars(flatten, with = "TimeRangeParameters")]
    pub time: TimeRange,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<AuditPosition>,
}

impl FromQuery for ListAuditQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self {
            actor: query.optional("actor", errors),
            action: query.optional("action", errors),
            subject: query.optional("subject", errors),
            time: take_time_range(query, errors),
            page: PageRequest::take(query, errors),
        }
    }
}

impl ListAuditQuery {
    /// Returns the question as the store takes it.
    #[must_use]
    pub fn to_engine(&self) -> AuditQuery {
        AuditQuery {
            actor: self.actor.clone(),
            action: self.action,
            subject: self.subject.clone().map(|Subject(subject)| subject),
            time: self.time,
            after: self.page.after,
            limit: self.page.limit,
        }
    }
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl FromText for Subject {
    fn from_text(text: &str) -> Result<Self, Message> {
        if text.is_empty() || text.len() > SUBJECT_MAX_BYTES || text.contains('\0') {
            return Err(format!("must be 1 to {SUBJECT_MAX_BYTES} bytes").into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The schema of an actor. Has no values: requests are read into [`Actor`].
pub enum ActorText {}

impl JsonSchema for ActorText {
    fn schema_name() -> Cow<'static, str> {
        "AuditActor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Somebody: a kind and an id, `operator` for the command line and the service itself, or \
                            `unknown`.",
            "type": "string",
            "pattern": "^([a-z]+:[0-9A-Za-z]{12}|operator|unknown)$",
            "examples": ["operator"]
        })
    }
}

/// The schema of an action. Has no values: requests are read into [`Action`].
pub enum ActionText {}

impl JsonSchema for ActionText {
    fn schema_name() -> Cow<'static, str> {
        "AuditAction".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        json_schema!({ "description": "What somebody did.", "type": "string", "enum": names })
    }
}

/// The schema of a subject. Has no values: requests are read into [`Subject`].
pub enum SubjectText {}

impl JsonSchema for SubjectText {
    fn schema_name() -> Cow<'static, str> {
        "AuditSubject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What something was done to, in full.",
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "examples": ["main users:42"]
        })
    }
}
