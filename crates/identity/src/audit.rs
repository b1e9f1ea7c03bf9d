//! What the audit trail holds: administrative acts, and attempts that were refused. What happens to money is in the
//! ledgers' own logs.

use std::fmt;
use std::net::IpAddr;

use ledger::{EntryNumber, Timestamp};

use crate::key_text::KeyId;
use crate::user::UserId;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Somebody with a key, which need not be good any more.
    Key(KeyId),
    /// A user.
    User(UserId),
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
            external if external.starts_with("external:") => {
                let (issuer, subject) = external["external:".len()..].split_once(' ')?;
                Some(Self::External { issuer: issuer.to_owned(), subject: subject.to_owned() })
            }
            other => match other.split_once(':')? {
                ("key", id) => KeyId::parse(id).ok().map(Self::Key),
                ("user", id) => UserId::parse(id).ok().map(Self::User),
                _ => None,
            },
        }
    }
}

/// Writes it as it is stored and shown: `key:0PWjmK8zyWjb`, `user:3fJ0dPq7xKbM`,
/// `external:https://id.example.org 248289761001`, `unknown`, `operator`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
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
    /// A user was created.
    UserCreated,
    /// A user's name, address, state or grants were changed, or their address was verified.
    UserChanged,
    /// A user's password was set.
    PasswordSet,
    /// A link was mailed to a user.
    LinkMailed,
    /// Signing in as a user takes a second factor from then on.
    SecondFactorAdded,
    /// It takes none any more.
    SecondFactorRemoved,
    /// A recovery code was used up.
    RecoveryCodeUsed,
    /// A user signed in.
    SessionStarted,
    /// A user signed out.
    SessionEnded,
    /// A session was ended from another one.
    SessionRevoked,
    /// All sessions of a user were ended, but for the one that this was asked with.
    SessionsRevoked,
    /// A ledger was created.
    LedgerCreated,
    /// A schedule was created: what it posts later is posted with the rights that its creator had.
    ScheduleCreated,
    /// A schedule was paused.
    SchedulePaused,
    /// A schedule goes on.
    ScheduleResumed,
    /// A schedule was cancelled.
    ScheduleCancelled,
    /// What an account allows was changed.
    PolicyChanged,
    /// A transaction was reversed with `force`, which takes accounts under their floors.
    ReversalForced,
    /// Entries were imported into a ledger.
    LedgerImported,
    /// The database's schema was changed.
    DatabaseMigrated,
    /// A key was made that access tokens are signed with.
    SigningKeyCreated,
    /// A request was refused: its credentials, or what they allow, did not do.
    Refused,
}

impl Action {
    /// Every action.
    pub const ALL: &[Self] = &[
        Self::KeyCreated,
        Self::KeyRevoked,
        Self::UserCreated,
        Self::UserChanged,
        Self::PasswordSet,
        Self::LinkMailed,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::RecoveryCodeUsed,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SessionRevoked,
        Self::SessionsRevoked,
        Self::LedgerCreated,
        Self::ScheduleCreated,
        Self::SchedulePaused,
        Self::ScheduleResumed,
        Self::ScheduleCancelled,
        Self::PolicyChanged,
        Self::ReversalForced,
        Self::LedgerImported,
        Self::DatabaseMigrated,
        Self::SigningKeyCreated,
        Self::Refused,
    ];

    /// Returns its name. It never changes once released.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRevoked => "key.revoked",
            Self::UserCreated => "user.created",
            Self::UserChanged => "user.changed",
            Self::PasswordSet => "user.password_set",
            Self::LinkMailed => "user.link_mailed",
            Self::SecondFactorAdded => "second_factor.added",
            Self::SecondFactorRemoved => "second_factor.removed",
            Self::RecoveryCodeUsed => "second_factor.recovery_code_used",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SessionRevoked => "session.revoked",
            Self::SessionsRevoked => "user.sessions_revoked",
            Self::LedgerCreated => "ledger.created",
            Self::ScheduleCreated => "schedule.created",
            Self::SchedulePaused => "schedule.paused",
            Self::ScheduleResumed => "schedule.resumed",
            Self::ScheduleCancelled => "schedule.cancelled",
            Self::PolicyChanged => "account.policy_changed",
            Self::ReversalForced => "reversal.forced",
            Self::LedgerImported => "ledger.imported",
            Self::DatabaseMigrated => "database.migrated",
            Self::SigningKeyCreated => "signing_key.created",
            Self::Refused => "request.refused",
        }
    }

    /// Returns the action of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
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
    /// What they did it to: a key's or a user's id; a ledger's name, alone or with what of it, as `main users:42`; `GET /v1/keys` and
    /// why it was refused.
    pub subject: String,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// The request; of several alike, the first.
    pub request_id: Option<String>,
    /// The entry that it made in the log of its ledger, where it made one.
    pub entry: Option<EntryNumber>,
    /// How many there were, all alike: 1 for an act.
    pub count: u64,
}

impl AuditEvent {
    /// Something that an operator did on the command line, or the service itself.
    #[must_use]
    pub fn by_operator(at: Timestamp, action: Action, subject: String) -> Self {
        Self {
            at,
            actor: Actor::Operator,
            action,
            subject,
            address: None,
            request_id: None,
            entry: None,
            count: 1,
        }
    }
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
        let key = Actor::Key(KeyId::parse("0123456789ab").unwrap());
        let user = Actor::User(UserId::parse("0123456789ab").unwrap());
        let external = Actor::External {
            issuer: "https://id.example.org/realm".to_owned(),
            subject: "auth0|5f7 c".to_owned(),
        };
        for actor in [Actor::Unknown, Actor::Operator, key, user, external] {
            assert_eq!(Actor::parse(&actor.to_string()), Some(actor));
        }
        for text in ["key:x", "user:x", "robot:0123456789ab", "external:x", "", ":"] {
            assert_eq!(Actor::parse(text), None);
        }
        for action in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(*action));
        }
    }
}
