//! What a lane remembers of its ledger between batches, and how it decides a batch on top of it.
//!
//! All of it is computation: nothing in here waits, writes, or looks at a clock.

use std::collections::HashSet;

use foldhash::HashMap;
use ledger::{
    Balance, BalanceKey, Book, Command, Entry, EntryBody, EntryNumber, Expectation, Remainder, Timestamp,
    decide, find_target,
};
use smallvec::{SmallVec, smallvec};

use crate::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use crate::packed::Packed;
use crate::port::{Head, Loaded, LogRecord, LookedUp, Unused, Wanted};
use crate::queue::Asked;
use crate::submission::{Submission, SubmitError};

/// A lane's copy of balances, and of the policies of their accounts: with a balance its account's policy is known as
/// well. It is valid only while the ledger's head stands where the copy was made.
///
/// What batches rest on is in the book. What is not used at the moment is packed, and comes back into the book when a
/// command touches it; policies stay in the book.
pub(crate) struct Memory {
    book: Option<Book>,
    balances_max: usize,
    packed: Packed,
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

/// What comes of commands that were asked for together, of each in order.
pub(crate) type Verdicts = SmallVec<[Verdict; 1]>;

impl Memory {
    /// Remembers nothing yet. In the book there may be so many balances and policies between batches.
    pub(crate) fn new(balances_max: usize, packed: Packed) -> Self {
        Self { book: None, balances_max, packed, undisturbed: false }
    }

    /// Forgets everything: what was decided on top of it may not hold.
    pub(crate) fn forget(&mut self) {
        self.forget_copy();
        self.undisturbed = false;
    }

    fn forget_copy(&mut self) {
        self.book = None;
        self.packed.forget();
    }

    /// Says whether the next batch may rest on what is remembered: nobody else seems to write to the ledger.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.undisturbed && self.book.is_some()
    }

    /// Says whether everything is remembered that a command touches. Of what is not a balance or a policy, nothing ever
    /// is. A hold is written the long way in any case.
    pub(crate) fn knows(&mut self, submission: &Submission) -> bool {
        match &submission.command {
            Command::PostTransaction(post) => {
                touched(submission).all(|key| self.holds(&key))
                    && !post.expectations.as_slice().iter().any(Expectation::is_about_version)
            }
            Command::ChangeAccount(_)
            | Command::ChangeTransaction(_)
            | Command::CreateHold(_)
            | Command::CaptureHold(_)
            | Command::ReleaseHold(_)
            | Command::ReverseTransaction(_) => false,
        }
    }

    /// Lists the balances that commands touch and that are not remembered.
    pub(crate) fn missing<'a>(
        &mut self,
        submissions: impl Iterator<Item = &'a Submission>,
    ) -> Vec<BalanceKey> {
        let mut missing: HashSet<_> = submissions.flat_map(touched).collect();
        missing.retain(|key| !self.holds(key));
        missing.into_iter().collect()
    }

    /// Says whether a balance is remembered, and has it in the book then.
    fn holds(&mut self, key: &BalanceKey) -> bool {
        let Some(book) = &mut self.book else { return false };
        if book.has_balance(key) {
            return true;
        }
        let packed = self.packed.find(key);
        if let Some(balance) = packed {
            book.load_balance(key.clone(), balance);
        }
        packed.is_some()
    }

    /// Takes in what was looked up: of the balances asked for, those that were not found have never moved, and
    /// accounts of theirs without a policy were never changed.
    ///
    /// Balances may be older than what is remembered, and yet they hold: had this lane changed one since, it would
    /// be remembered, and if somebody else did, the head does not stand where it should. Policies hold because a
    /// lane changes none of them while it looks something up.
    pub(crate) fn learn(&mut self, asked: impl IntoIterator<Item = BalanceKey>, found: LookedUp) {
        let Some(book) = &mut self.book else { return };
        for key in asked {
            book.load_balance(key, Balance::default());
        }
        for (key, balance) in found.balances {
            book.load_balance(key, balance);
        }
        for (account, policy) in found.policies {
            book.load_policy(account, policy);
        }
    }

    /// Lists what commands touch, apart by whether it is remembered.
    pub(crate) fn wanted<'a>(&mut self, submissions: impl Iterator<Item = &'a Submission>) -> Wanted {
        let mut balances = HashSet::new();
        let mut references = HashSet::new();
        let mut accounts = HashSet::new();
        let mut transactions = HashSet::new();
        let mut holds = HashSet::new();
        let mut reversals = HashSet::new();
        let mut versions = HashSet::new();
        let mut wanted = Wanted { cached_at: self.book.as_ref().map(head), ..Wanted::default() };
        for submission in submissions {
            wanted.keys.extend(submission.key.clone());
            references.extend(submission.command.reference().cloned());
            balances.extend(touched(submission));
            holds.extend(submission.command.hold());
            reversals.extend(submission.command.reversed());
            match &submission.command {
                Command::ChangeAccount(change) => {
                    accounts.insert(change.account.clone());
                }
                Command::ChangeTransaction(change) => {
                    transactions.insert(change.transaction);
                }
                Command::PostTransaction(post) => {
                    let expectations = post.expectations.as_slice().iter();
                    let about_version = expectations.filter(|expectation| expectation.is_about_version());
                    versions.extend(about_version.map(|expectation| expectation.account().clone()));
                }
                Command::CreateHold(_)
                | Command::CaptureHold(_)
                | Command::ReleaseHold(_)
                | Command::ReverseTransaction(_) => {}
            }
        }
        wanted.references = references.into_iter().collect();
        wanted.accounts = accounts.into_iter().collect();
        wanted.transactions = transactions.into_iter().collect();
        wanted.holds = holds.into_iter().collect();
        wanted.reversals = reversals.into_iter().collect();
        wanted.versions = versions.into_iter().collect();
        (wanted.cached, wanted.missing) = balances.into_iter().partition(|key| self.holds(key));
        wanted
    }

    /// Starts a batch on what was loaded for it.
    pub(crate) fn load(&mut self, wanted: Wanted, loaded: Loaded) -> Draft {
        let still_valid = wanted.cached_at == Some(loaded.head);
        self.undisturbed = still_valid;
        if !still_valid {
            self.forget_copy();
        }
        self.book.get_or_insert_with(|| Book::at(loaded.head.next, loaded.head.last_recorded_at));
        let cached = wanted.cached.into_iter().filter(|_| !still_valid);
        let found = LookedUp { balances: loaded.balances, policies: loaded.policies };
        self.learn(wanted.missing.into_iter().chain(cached), found);
        let mut draft = self.draft();
        draft.keys = loaded.keys.into_iter().map(|used| (used.key, (used.fingerprint, used.entry))).collect();
        let book = self.book.as_mut().expect("made above");
        for (reference, entry) in loaded.references {
            book.load_reference(reference, entry);
        }
        for (account, metadata) in loaded.metadata {
            book.load_metadata(account, metadata);
        }
        for transaction in wanted.transactions {
            book.load_transaction(transaction, None);
        }
        for (transaction, metadata) in loaded.transactions {
            book.load_transaction(transaction, Some(metadata));
        }
        for (hold, standing) in loaded.holds {
            book.load_hold(hold, standing);
        }
        for (transaction, left) in loaded.unreversed {
            book.load_unreversed(transaction, left);
        }
        for account in wanted.versions {
            book.load_version(account, 0);
        }
        for (account, version) in loaded.versions {
            book.load_version(account, version);
        }
        draft
    }

    /// Starts a batch on what is remembered.
    pub(crate) fn draft(&mut self) -> Draft {
        let book = self.book.as_mut().expect("there is something remembered");
        book.forget_look_ups();
        Draft {
            expected: head(book),
            keys: HashMap::default(),
            unused: Unused::default(),
            records: Vec::new(),
        }
    }

    /// Decides what was asked for together on top of what was decided before: all of it happens, or nothing.
    pub(crate) fn decide(&mut self, draft: &mut Draft, asked: &[Asked], now: Timestamp) -> Verdicts {
        if let [one] = asked {
            return smallvec![self.decide_one(draft, one, now)];
        }
        let (records, first) = (draft.records.len(), self.book().next());
        self.book().savepoint();
        let mut verdicts = Verdicts::with_capacity(asked.len());
        for one in asked {
            let verdict = self.decide_one(draft, one, now);
            let ends = matches!(verdict, Verdict::Refuse(_));
            verdicts.push(verdict);
            if ends {
                self.book().roll_back();
                draft.take_back(records, asked);
                for verdict in &mut verdicts {
                    // What replays one of them was not recorded either.
                    if matches!(verdict, Verdict::Record(number) | Verdict::Replay(number) if *number >= first)
                    {
                        *verdict = Verdict::Refuse(SubmitError::NotApplied);
                    }
                }
                let undecided = &asked[verdicts.len()..];
                verdicts.extend(undecided.iter().map(|one| draft.undecided(one)));
                return verdicts;
            }
        }
        self.book().release_savepoint();
        verdicts
    }

    /// Decides one command on top of those before it.
    fn decide_one(&mut self, draft: &mut Draft, asked: &Asked, now: Timestamp) -> Verdict {
        let Asked { submission, fingerprint } = asked;
        let verdict = self.judge(draft, submission, *fingerprint, now);
        if !matches!(verdict, Verdict::Record(_)) {
            draft.rests_on_unused(submission);
        }
        verdict
    }

    fn book(&mut self) -> &mut Book {
        self.book.as_mut().expect("a draft rests on a book")
    }

    /// Has the book know a transaction of the batch itself that is to be reversed: the store cannot have it yet. What
    /// an answer is must not depend on how batches form.
    fn learn_of_own_batch(&mut self, draft: &Draft, submission: &Submission) {
        let Some(number) = submission.command.reversed() else { return };
        let book = self.book();
        if book.unreversed(number).is_none()
            && let Some(record) = draft.records.iter().find(|record| record.entry.number == number)
            && let EntryBody::Transaction(transaction) = &record.entry.body
        {
            book.load_unreversed(number, Remainder::whole(transaction.postings.clone()));
        }
    }

    fn judge(
        &mut self,
        draft: &mut Draft,
        submission: &Submission,
        fingerprint: RequestFingerprint,
        now: Timestamp,
    ) -> Verdict {
        self.learn_of_own_batch(draft, submission);
        if let Err(rejection) = find_target(self.book(), &submission.command) {
            return Verdict::Refuse(SubmitError::Rejected(rejection));
        }
        if let Some(key) = &submission.key
            && let Some((used_for, entry)) = draft.keys.get(key)
        {
            return if *used_for == fingerprint {
                Verdict::Replay(*entry)
            } else {
                Verdict::Refuse(SubmitError::KeyReused)
            };
        }
        let book = self.book();
        let entry = match decide(book, &submission.command, now) {
            Ok(entry) => entry,
            Err(rejection) => return Verdict::Refuse(SubmitError::Rejected(rejection)),
        };
        if submission.dry_run {
            return Verdict::DryRun(entry);
        }
        let number = entry.number;
        book.apply(&entry);
        let request = submission.key.clone().map(|key| {
            draft.keys.insert(key.clone(), (fingerprint, number));
            KeyedRequest { key, fingerprint }
        });
        draft.records.push(LogRecord { entry, request });
        Verdict::Record(number)
    }

    /// Says whether the book has passed its bound.
    pub(crate) fn is_full(&self) -> bool {
        self.book.as_ref().is_some_and(|book| book.len() > self.balances_max)
    }

    /// Packs what is in a book that has passed its bound, and forgets nothing: batches that are not written yet may rest
    /// on it. Says whether half of the book is free then.
    pub(crate) fn pack(&mut self) -> bool {
        let Some(book) = &mut self.book else { return true };
        for (key, balance) in self.packed.pack(book.take_balances(), false) {
            book.load_balance(key, balance);
        }
        book.len() <= self.balances_max / 2
    }

    /// Keeps the book within its bound. Not while a batch rests on it.
    pub(crate) fn shrink(&mut self) {
        if self.is_full()
            && let Some(book) = &mut self.book
        {
            self.packed.pack(book.take_balances(), true);
        }
        if self.is_full() {
            // Policies alone, of accounts that were changed. A lane relearns what it needs with the next batch.
            self.forget();
        }
    }
}

/// A batch while it is decided.
pub(crate) struct Draft {
    /// Where the log stands before the batch.
    pub(crate) expected: Head,
    /// What the decisions rest on not being in use, beside what the records use themselves; for a batch that did
    /// not look.
    pub(crate) unused: Unused,
    /// What the batch writes.
    pub(crate) records: Vec<LogRecord>,
    /// Keys in use: those that were looked up, and those of the batch.
    keys: HashMap<IdempotencyKey, (RequestFingerprint, EntryNumber)>,
}

impl Draft {
    /// Notes that a decision to record nothing rests on the command's key and reference not being in use.
    fn rests_on_unused(&mut self, submission: &Submission) {
        self.unused.keys.extend(submission.key.clone());
        self.unused.references.extend(submission.command.reference().cloned());
    }

    /// Returns what becomes of a command that is not decided, as one ahead of it was refused: what was recorded under its
    /// key before, for it did happen.
    fn undecided(&self, Asked { submission, fingerprint }: &Asked) -> Verdict {
        match submission.key.as_ref().and_then(|key| self.keys.get(key)) {
            Some((used_for, entry)) if used_for == fingerprint => Verdict::Replay(*entry),
            _ => Verdict::Refuse(SubmitError::NotApplied),
        }
    }

    /// Takes back what was recorded of commands that were asked for together: all from that record on.
    fn take_back(&mut self, records: usize, asked: &[Asked]) {
        for LogRecord { request, .. } in self.records.drain(records..) {
            if let Some(request) = request {
                self.keys.remove(&request.key);
            }
        }
        for one in asked {
            self.rests_on_unused(&one.submission);
        }
    }
}

fn head(book: &Book) -> Head {
    Head { next: book.next(), last_recorded_at: book.last_recorded_at() }
}

/// Lists the balances that a command touches or expects something of, as far as it names them; some of them twice.
pub(crate) fn touched(submission: &Submission) -> impl Iterator<Item = BalanceKey> {
    let moved = submission.command.postings().iter().flat_map(|posting| {
        [posting.source(), posting.destination()]
            .map(|account| BalanceKey { account: account.clone(), asset: posting.asset().clone() })
    });
    let post = match &submission.command {
        Command::PostTransaction(post) => Some(post),
        _ => None,
    };
    let expected = post.into_iter().flat_map(|post| post.expectations.as_slice());
    moved.chain(expected.filter_map(|expectation| expectation.key().cloned()))
}
