//! Rehearsals: a row of commands is decided one on top of the other, and nothing is written.
//!
//! A dry run decides one command on the ledger as it stands; this decides many as if those before had been recorded.
//! It keeps what they touch in memory: every balance, and what is new in the ledger with them.

use std::collections::{HashMap, HashSet};

use ledger::{Book, LedgerName, Timestamp, decide};

use crate::clock;
use crate::idempotency::{IdempotencyKey, RequestFingerprint};
use crate::memory::touched;
use crate::port::{BeginError, Store, Wanted};
use crate::submission::{Outcome, Submission, SubmitError};

/// Commands that are tried out.
pub struct Rehearsal<'s> {
    store: &'s dyn Store,
    ledger: LedgerName,
    book: Option<Book>,
    keys: HashMap<IdempotencyKey, RequestFingerprint>,
}

impl<'s> Rehearsal<'s> {
    /// Begins on a ledger as it stands when the first commands come.
    #[must_use]
    pub fn new(store: &'s dyn Store, ledger: LedgerName) -> Self {
        Self { store, ledger, book: None, keys: HashMap::new() }
    }

    /// Says what would come of commands, in order, each on top of those before.
    ///
    /// # Errors
    /// Those of [`BeginError`].
    pub async fn submit(
        &mut self,
        submissions: &[Submission],
    ) -> Result<Vec<Result<Outcome, SubmitError>>, BeginError> {
        self.learn(submissions).await?;
        let now = clock::now();
        Ok(submissions.iter().map(|submission| self.decide(submission, now)).collect())
    }

    /// Looks up what commands touch and what is not known yet.
    async fn learn(&mut self, submissions: &[Submission]) -> Result<(), BeginError> {
        let known = |key: &_| self.book.as_ref().is_some_and(|book| book.has_balance(key));
        let missing: HashSet<_> = submissions.iter().flat_map(touched).filter(|key| !known(key)).collect();
        let references: HashSet<_> =
            submissions.iter().filter_map(|submission| submission.command.reference()).cloned().collect();
        let keys: HashSet<_> = submissions.iter().filter_map(|submission| submission.key.clone()).collect();
        let wanted = Wanted {
            missing: missing.iter().cloned().collect(),
            references: references.into_iter().collect(),
            keys: keys.into_iter().collect(),
            ..Wanted::default()
        };
        // The batch ends here: only what it loaded is wanted.
        let loaded = self.store.begin(&self.ledger, wanted).await?.loaded;
        let (next, last_recorded_at) = (loaded.head.next, loaded.head.last_recorded_at);
        let book = self.book.get_or_insert_with(|| Book::at(next, last_recorded_at));
        for key in missing {
            book.load_balance(key, ledger::Balance::default());
        }
        for (key, balance) in loaded.balances {
            book.load_balance(key, balance);
        }
        for (account, policy) in loaded.policies {
            book.load_policy(account, policy);
        }
        for (reference, entry) in loaded.references {
            book.load_reference(reference, entry);
        }
        for used in loaded.keys {
            self.keys.insert(used.key, used.fingerprint);
        }
        Ok(())
    }

    fn decide(&mut self, submission: &Submission, now: Timestamp) -> Result<Outcome, SubmitError> {
        let fingerprint = submission.fingerprint();
        if let Some(used_for) = submission.key.as_ref().and_then(|key| self.keys.get(key)) {
            return if *used_for == fingerprint {
                Ok(Outcome::Replayed)
            } else {
                Err(SubmitError::KeyReused)
            };
        }
        let book = self.book.as_mut().expect("it was made when the commands' balances were looked up");
        let entry = decide(book, &submission.command, now).map_err(SubmitError::Rejected)?;
        book.apply(&entry);
        self.keys.extend(submission.key.clone().map(|key| (key, fingerprint)));
        Ok(Outcome::DryRun)
    }
}
