//! What a lane remembers of its ledger between batches, and how it decides a batch on top of it.
//!
//! All of it is computation: nothing in here waits, writes, or looks at a clock.

use std::collections::{HashMap, HashSet};

use ledger::{Balance, BalanceKey, Book, Command, Entry, EntryNumber, Timestamp, decide};

use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::port::{Loaded, LogRecord, Wanted};
use crate::submission::{Submission, SubmitError};

/// A lane's copy of balances. It is valid only while the ledger's head stands where the copy was made.
pub(crate) struct Memory {
    book: Option<Book>,
    balances_max: usize,
    /// Whether the last batch found the ledger as this lane had left it: then the next one may as well.
    undisturbed: bool,
}

/// What comes of a command once its batch is committed.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is recorded under this number.
    Record(EntryNumber),
    /// It would have been recorded like this.
    DryRun(Entry),
    /// It was recorded under this number before.
    Replay(EntryNumber),
    /// It changes nothing.
    Refuse(SubmitError),
}

impl Memory {
    pub(crate) fn new(balances_max: usize) -> Self {
        Self { book: None, balances_max, undisturbed: false }
    }

    /// Forgets everything: what was decided on top of it may not hold.
    pub(crate) fn forget(&mut self) {
        self.book = None;
        self.undisturbed = false;
    }

    /// Returns the ledger as it is remembered, where that is all that a batch needs: nothing is missing,
    /// and nobody else seems to write to the ledger.
    pub(crate) fn recall(&self, wanted: &Wanted) -> Option<Loaded> {
        let book = self.book.as_ref().filter(|_| self.undisturbed && wanted.missing.is_empty())?;
        Some(Loaded { next: book.next(), last_recorded_at: book.last_recorded_at(), ..Loaded::default() })
    }

    /// Lists what commands touch, apart by whether it is remembered.
    pub(crate) fn wanted<'a>(&self, submissions: impl Iterator<Item = &'a Submission>) -> Wanted {
        let mut balances = HashSet::new();
        let mut references = HashSet::new();
        let mut wanted = Wanted { cached_at: self.book.as_ref().map(Book::next), ..Wanted::default() };
        for submission in submissions {
            wanted.keys.extend(submission.key.clone());
            let Command::PostTransaction(post) = &submission.command;
            if let Some(reference) = &post.reference {
                references.insert(reference.clone());
            }
            for posting in post.postings.as_slice() {
                for account in [posting.source(), posting.destination()] {
                    balances.insert(BalanceKey { account: account.clone(), asset: posting.asset().clone() });
                }
            }
        }
        wanted.references = references.into_iter().collect();
        (wanted.cached, wanted.missing) =
            balances.into_iter().partition(|key| self.book.as_ref().is_some_and(|book| book.holds(key)));
        wanted
    }

    /// Starts to decide a batch on what was loaded for it.
    pub(crate) fn deliberate(&mut self, wanted: Wanted, loaded: Loaded) -> Deliberation<'_> {
        let still_valid = wanted.cached_at == Some(loaded.next);
        self.undisturbed = still_valid;
        let mut book = match self.book.take() {
            Some(book) if still_valid => book,
            _ => Book::at(loaded.next, loaded.last_recorded_at),
        };
        let asked = wanted.missing.into_iter().chain(wanted.cached.into_iter().filter(|_| !still_valid));
        for key in asked {
            // What was asked for and is not there has never moved.
            book.load_balance(key, Balance::default());
        }
        for (key, balance) in loaded.balances {
            book.load_balance(key, balance);
        }
        book.forget_references();
        for (reference, entry) in loaded.references {
            book.load_reference(reference, entry);
        }
        let keys = loaded.keys.into_iter().map(|used| (used.key, (used.fingerprint, used.entry))).collect();
        Deliberation { book: self.book.insert(book), keys, records: Vec::new() }
    }

    /// Keeps the copy within its bound.
    pub(crate) fn shrink(&mut self) {
        if self.book.as_ref().is_some_and(|book| book.len() > self.balances_max) {
            // Rare, and a lane relearns its hot balances with the next batch.
            self.forget();
        }
    }
}

/// A batch while it is decided.
pub(crate) struct Deliberation<'a> {
    book: &'a mut Book,
    keys: HashMap<IdempotencyKey, (RequestFingerprint, EntryNumber)>,
    records: Vec<LogRecord>,
}

impl Deliberation<'_> {
    /// Decides one command on top of those before it.
    pub(crate) fn decide(
        &mut self,
        submission: &Submission,
        fingerprint: RequestFingerprint,
        now: Timestamp,
    ) -> Verdict {
        if let Some(key) = &submission.key
            && let Some((used_for, entry)) = self.keys.get(key)
        {
            return if *used_for == fingerprint {
                Verdict::Replay(*entry)
            } else {
                Verdict::Refuse(SubmitError::KeyReused)
            };
        }
        let entry = match decide(self.book, &submission.command, now) {
            Ok(entry) => entry,
            Err(rejection) => return Verdict::Refuse(SubmitError::Rejected(rejection)),
        };
        if submission.dry_run {
            return Verdict::DryRun(entry);
        }
        let number = entry.number;
        self.book.apply(&entry);
        let request = submission.key.clone().map(|key| {
            self.keys.insert(key.clone(), (fingerprint, number));
            KeyedRequest { key, fingerprint }
        });
        self.records.push(LogRecord { entry, request });
        Verdict::Record(number)
    }

    /// Returns what the batch writes.
    pub(crate) fn into_records(self) -> Vec<LogRecord> {
        self.records
    }
}
