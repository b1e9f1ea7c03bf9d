//! A batch on its way through a lane. Never sends anything to a store.

use std::sync::Arc;
use std::time::Instant;

use identity::AuditEvent;
use ledger::Rejection;

use crate::memory::{Draft, Verdict, Verdicts};
use crate::port::{self, CommitError};
use crate::queue::Job;
use crate::submission::{SharedSource, SubmitError};

/// Jobs with what becomes of their commands, and what is written of them.
pub(crate) struct Batch {
    pub(crate) jobs: Vec<Job>,
    /// One for each command of each job, in order.
    pub(crate) verdicts: Vec<Verdicts>,
    pub(crate) draft: Draft,
    /// The postings of all commands.
    pub(crate) weight: usize,
    /// When the first command could be decided.
    pub(crate) started: Instant,
}

impl Batch {
    pub(crate) fn new(draft: Draft) -> Self {
        Self { jobs: Vec::new(), verdicts: Vec::new(), draft, weight: 0, started: Instant::now() }
    }

    /// Adds a job with what becomes of its commands.
    pub(crate) fn push(&mut self, job: Job, verdicts: Verdicts) {
        self.weight += job.weight();
        self.verdicts.push(verdicts);
        self.jobs.push(job);
    }

    /// Returns how many commands there are.
    pub(crate) fn commands(&self) -> usize {
        self.verdicts.iter().map(Verdicts::len).sum()
    }

    /// Says whether somebody will be told of an entry that was there before. What can be seen is not always as
    /// durable as what was acknowledged: its own commit may still wait for a standby, or have been kept from
    /// waiting. A commit after it waits for both, even one that writes nothing.
    pub(crate) fn tells_of_entries(&self) -> bool {
        self.verdicts.iter().flatten().any(|verdict| match verdict {
            Verdict::Replay(_) => true,
            Verdict::Refuse(SubmitError::Rejected(rejection)) => rests_on_an_entry(rejection),
            Verdict::Record(_) | Verdict::DryRun(_) | Verdict::Refuse(_) => false,
        })
    }

    /// Returns what the audit trail has to say of what is recorded.
    pub(crate) fn audit(&self) -> Vec<AuditEvent> {
        let asked = self.jobs.iter().flat_map(Job::submissions);
        let decided = asked.zip(self.verdicts.iter().flatten());
        let events = decided.filter_map(|(submission, verdict)| match (&submission.audit, verdict) {
            (Some(event), Verdict::Record(number)) => {
                Some(AuditEvent { entry: Some(*number), ..AuditEvent::clone(event) })
            }
            _ => None,
        });
        events.collect()
    }

    /// Ends a batch whose companion refused, and answers its command. The refusal may rest on rows that were there before:
    /// it waits until those are as durable as what was acknowledged.
    pub(crate) async fn refuse(self, opened: Box<dyn port::Batch>) {
        match opened.commit(&[]).await {
            Ok(()) => {
                for job in self.jobs {
                    job.answer_all(&SubmitError::NotApplied);
                }
            }
            Err(error) => self.fail(error),
        }
    }

    /// Answers every command of a batch that does not hold, or may not.
    ///
    /// Verdicts other than to record fell on top of what the batch would have written, so they are void too;
    /// but those callers may be told that nothing of theirs was written.
    pub(crate) fn fail(self, error: CommitError) {
        let unknown = matches!(error, CommitError::OutcomeUnknown(_));
        let source = SharedSource(Arc::new(error));
        for (job, verdicts) in self.jobs.into_iter().zip(self.verdicts) {
            let error = |verdict| match verdict {
                Verdict::Record(_) if unknown => SubmitError::OutcomeUnknown(source.clone()),
                _ => SubmitError::Unavailable(source.clone()),
            };
            job.answer(verdicts.into_iter().map(|verdict| Err(error(verdict))).collect());
        }
    }
}

/// Says whether a rejection tells of an entry that was there before: of what balances are, nobody is told by which
/// entries they came to be so.
fn rests_on_an_entry(rejection: &Rejection) -> bool {
    match rejection {
        Rejection::ReferenceTaken { .. }
        | Rejection::HoldNotOpen { .. }
        | Rejection::HoldExceedsRemaining { .. }
        | Rejection::ReversalExceedsOriginal { .. }
        | Rejection::TransactionTooLarge { .. } => true,
        Rejection::HoldNotFound { .. }
        | Rejection::TransactionNotFound { .. }
        | Rejection::HoldExpiryPassed { .. }
        | Rejection::HoldNotDue { .. }
        | Rejection::AccountClosed { .. }
        | Rejection::AccountFrozen { .. }
        | Rejection::AccountUnbounded { .. }
        | Rejection::InsufficientFunds { .. }
        | Rejection::AmountOverflow { .. }
        | Rejection::ExpectationFailed { .. }
        | Rejection::AccountTooLarge { .. } => false,
    }
}
