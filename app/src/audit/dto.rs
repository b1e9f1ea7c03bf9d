//! What requests and replies about the audit trail look like.

use identity::AuditRecord;
use ledger::EntryNumber;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::values::TimeText;

/// Which records to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListAuditQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListAuditQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}

/// Something that was done or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditRecord")]
pub struct AuditRecordView {
    /// Its number: later ones have larger ones, and some may be left out.
    pub id: u64,
    /// When it happened; of several alike, the first.
    pub at: TimeText,
    /// Who did it: `key:` and a key's id, `user:` and a user's id, `operator` on the command line, or `unknown`.
    pub actor: String,
    /// What they did: `key.created`, `key.revoked`, `user.created`, `user.changed`, `user.password_set`, `ledger.created`,
    /// `schedule.created`, `request.refused`. More may come.
    pub action: &'static str,
    /// What they did it to: a key's id, a user's id, alone or with what was changed, a ledger's name, alone or with a schedule's id; of a refused request, its method and route, and why.
    pub subject: String,
    /// The address that it came from; null on the command line.
    pub address: Option<String>,
    /// The id of the request; of several alike, the first.
    pub request_id: Option<String>,
    /// How many there were, all alike: refused requests are told together.
    pub count: u64,
}

impl From<AuditRecord> for AuditRecordView {
    fn from(AuditRecord { id, event }: AuditRecord) -> Self {
        Self {
            id,
            at: TimeText(event.at),
            actor: event.actor.to_string(),
            action: event.action.name(),
            subject: event.subject,
            address: event.address.map(|address| address.to_string()),
            request_id: event.request_id,
            count: event.count,
        }
    }
}
