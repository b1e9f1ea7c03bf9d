//! What replies about the audit trail look like.

use identity::AuditRecord;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::values::TimeText;

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
    /// What they did: as in the parameter `action`. More may come.
    pub action: &'static str,
    /// What they did it to: a key's id, a user's id, alone or with what was changed, a ledger's name, alone or with the account, the transaction or the schedule in it; of a refused request, its method and route, and why.
    pub subject: String,
    /// The address that it came from; null on the command line.
    pub address: Option<String>,
    /// The id of the request; of several alike, the first.
    pub request_id: Option<String>,
    /// The number of the entry that it made in its ledger's log; null where it made none.
    pub entry: Option<u64>,
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
            entry: event.entry.map(|number| number.0),
            count: event.count,
        }
    }
}
