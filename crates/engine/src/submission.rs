//! Commands on their way in, and what comes of them.

use std::sync::Arc;

use identity::AuditEvent;
use ledger::{Command, Entry, Rejection};

use crate::idempotency::{IdempotencyKey, RequestFingerprint};
use crate::query::Ledger;

/// How much an earlier entry weighs, whose postings nobody has counted yet. Most have a few; a batch of those that have
/// the most of them stays within memory.
pub(crate) const EARLIER_ENTRY: usize = 32;

/// A command with the circumstances of its request.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What to do.
    pub command: Command,
    /// The caller's name for the request, which makes it safe to send again.
    pub key: Option<IdempotencyKey>,
    /// Whether to decide only: nothing is written, and the key is not used up.
    pub dry_run: bool,
    /// What the audit trail says once an entry is recorded: both or neither, with the entry's number. `None` for
    /// most commands, which only the ledger's log tells of.
    pub audit: Option<Box<AuditEvent>>,
}

impl Submission {
    /// Wraps a command of which only the ledger's log will tell.
    #[must_use]
    pub fn new(command: Command, key: Option<IdempotencyKey>) -> Self {
        Self { command, key, dry_run: false, audit: None }
    }

    /// Returns what the key stands for. A dry run is another request than the real one.
    #[must_use]
    pub fn fingerprint(&self) -> RequestFingerprint {
        RequestFingerprint::of_command(&self.command, self.dry_run)
    }

    /// Returns how much room the command takes in a queue and in a batch: its postings, or its expectations
    /// where they are more. What rests on an earlier entry, and does not say of which of its postings, counts as much.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.command {
            Command::PostTransaction(post) => {
                post.postings.as_slice().len().max(post.expectations.as_slice().len())
            }
            Command::CreateHold(hold) => hold.postings.as_slice().len(),
            Command::ChangeAccount(_) | Command::ChangeTransaction(_) => 1,
            Command::CaptureHold(_) | Command::ReleaseHold(_) | Command::ReverseTransaction(_) => {
                self.command.postings().len().max(EARLIER_ENTRY)
            }
        }
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The entry.
    pub entry: Entry,
    /// How the entry stands to the log.
    pub outcome: Outcome,
}

/// How an entry stands to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written just now, and durable.
    Recorded,
    /// Written when the same request came before.
    Replayed,
    /// Not written: it is what would have been.
    DryRun,
}

/// What came of creating a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedLedger {
    /// The ledger as it was when it was created.
    pub ledger: Ledger,
    /// Whether the same request had created it before.
    pub replayed: bool,
}

/// An error beneath the engine that several callers share.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct SharedSource(pub Arc<dyn std::error::Error + Send + Sync>);

impl<E: std::error::Error + Send + Sync + 'static> From<Arc<E>> for SharedSource {
    fn from(error: Arc<E>) -> Self {
        Self(error)
    }
}

/// Why a command changed nothing, or may not have.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A request with this key has not been answered yet.
    #[error("a request with this idempotency key is still running")]
    KeyInProgress,
    /// The ledger says no.
    #[error("the command was rejected: {0:?}")]
    Rejected(Rejection),
    /// It was to happen together with other commands, and one of them did not.
    #[error("another command of its batch was not applied")]
    NotApplied,
    /// Too much is waiting already.
    #[error("the ledger's queue is full")]
    Overloaded,
    /// The engine is draining and takes nothing new.
    #[error("the engine is shutting down")]
    ShuttingDown,
    /// Nothing was written: the store did not answer as it should.
    #[error("the store is unavailable")]
    Unavailable(#[source] SharedSource),
    /// It was written or it was not: only asking again with the same key tells.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] SharedSource),
}

/// Why a ledger was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateLedgerError {
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The name is in use.
    #[error("a ledger of this name exists")]
    NameTaken,
    /// The store did not answer as it should; trying again with the same key is safe.
    #[error("the store is unavailable")]
    Unavailable(#[source] SharedSource),
}
