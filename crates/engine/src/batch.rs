//! A batch on its way through a lane. Never sends anything to a store.

use std::sync::Arc;
use std::time::Instant;

use ledger::Rejection;

use crate::memory::{Draft, Verdict};
use crate::port::CommitError;
use crate::queue::Job;
use crate::submission::{SharedSource, SubmitError};

/// Commands with what becomes of them, and what is written of them.
pub(crate) struct Batch {
    pub(crate) jobs: Vec<Job>,
    /// One for each command, in order.
    pub(crate) verdicts: Vec<Verdict>,
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

    /// Adds a command with what becomes of it.
    pub(crate) fn push(&mut self, job: Job, verdict: Verdict) {
        self.weight += job.submission.weight();
        self.verdicts.push(verdict);
        self.jobs.push(job);
    }

    /// Says whether somebody will be told of an entry that was there before. What can be seen is not always as
    /// durable as what was acknowledged: its own commit may still wait for a standby, or have been kept from
    /// waiting. A commit after it waits for both, even one that writes nothing.
    pub(crate) fn tells_of_entries(&self) -> bool {
        self.verdicts.iter().any(|verdict| match verdict {
            Verdict::Replay(_) => true,
            Verdict::Refuse(SubmitError::Rejected(rejection)) => {
                matches!(rejection, Rejection::ReferenceTaken { .. })
            }
            Verdict::Record(_) | Verdict::DryRun(_) | Verdict::Refuse(_) => false,
        })
    }

    /// Answers every command of a batch that does not hold, or may not.
    ///
    /// Verdicts other than to record fell on top of what the batch would have written, so they are void too;
    /// but those callers may be told that nothing of theirs was written.
    pub(crate) fn fail(self, error: CommitError) {
        let unknown = matches!(error, CommitError::OutcomeUnknown(_));
        let source = SharedSource(Arc::new(error));
        for (job, verdict) in self.jobs.into_iter().zip(self.verdicts) {
            let source = source.clone();
            job.answer(Err(match verdict {
                Verdict::Record(_) if unknown => SubmitError::OutcomeUnknown(source),
                _ => SubmitError::Unavailable(source),
            }));
        }
    }
}
