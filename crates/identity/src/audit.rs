//! What the audit trail holds: administrative acts, and attempts that were refused. What happens to money is in the
//! ledgers' own logs.

use std::fmt;
use std::net::IpAddr;

use ledger::Timestamp;

use crate::key_text::KeyId;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// Somebody with a key, which need not be good any more.
    Key(KeyId),
    /// Somebody whom another issuer of tokens vouches for.
    External {
        /// The issuer: an address, without spaces.
        issuer: String,
        /// Its name for them.
        subject: String,
    },
    /// Somebody who is not known.
    Unknown,
    /// An operator on the command line, or the service itself at its first start.
    Operator,
}

impl Actor {
    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "unknown" => Some(Self::Unknown),
            "operator" => Some(Self::Operator),
            other => {
                if let Some(named) = other.strip_prefix("external:") {
                    let (issuer, subject) = named.split_once(' ')?;
                    let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
                    return Some(Self::External { issuer, subject });
                }
                other.strip_prefix("key:").and_then(|id| KeyId::parse(id).ok()).map(Self::Key)
            }
        }
    }
}

/// Writes it as it is stored and shown: `key:0PWjmK8zyWjb`, `external:https://id.example.org 248289761001`, `unknown`, `operator`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::External { issuer, subject } => write!(f, "external:{issuer} {subject}"),
            Self::Unknown => f.write_str("unknown"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// What somebody did, or tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A key was created.
    KeyCreated,
    /// A key was revoked.
    KeyRevoked,
    /// A ledger was created.
    LedgerCreated,
    /// A schedule was created: what it posts later is posted with the rights that its creator had.
    ScheduleCreated,
    /// A key was made that access tokens are signed with.
    SigningKeyCreated,
    /// A request was refused: its credentials, or what they allow, did not do.
    Refused,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 6] = [
        Self::KeyCreated,
        Self::KeyRevoked,
        Self::LedgerCreated,
        Self::ScheduleCreated,
        Self::SigningKeyCreated,
        Self::Refused,
    ];

    /// Returns its name. It never changes once released.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRevoked => "key.revoked",
            Self::LedgerCreated => "ledger.created",
            Self::ScheduleCreated => "schedule.created",
            Self::SigningKeyCreated => "signing_key.created",
            Self::Refused => "request.refused",
        }
    }

    /// Returns the action of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When it happened; of several alike, the first.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What they did.
    pub action: Action,
    /// What they did it to: a key's id, a ledger's name, `GET /v1/keys` and why it was refused.
    pub subject: String,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// The request; of several alike, the first.
    pub request_id: Option<String>,
    /// How many there were, all alike: 1 for an act.
    pub count: u64,
}

/// Something that was recorded. Nothing ever changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number: later ones have larger ones.
    pub id: u64,
    /// What happened.
    pub event: AuditEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let external = |issuer: &str, subject: &str| Actor::External {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
        };
        for actor in [
            Actor::Unknown,
            Actor::Operator,
            Actor::Key(KeyId::parse("0123456789ab").unwrap()),
            external("https://id.example.org/realm", "auth0|5f7 c"),
        ] {
            assert_eq!(Actor::parse(&actor.to_string()), Some(actor));
        }
        assert_eq!(Actor::parse("key:x"), None);
        assert_eq!(Actor::parse("external:x"), None);
        for action in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(action));
        }
    }
}
