//! Replays the log: decides on every recorded entry again and holds what was recorded to it.
//!
//! Where the two differ, the replay goes on from what was recorded, so that one damaged entry is reported
//! at its own place and not at every later one.

use std::collections::{BTreeMap, HashMap};

use ledger::{
    Balance, BalanceKey, Book, CaptureHold, Command, CreateHold, Entry, EntryBody, EntryNumber, Expectations,
    Hold, Origin, PostTransaction, Rejection, Release, ReleaseHold, ReverseTransaction, Transaction, decide,
};
use sha2::{Digest, Sha256};

use super::accounts::Accounts;
use super::holds::Holds;
use super::movements::History;
use super::shifted::Shifted;
use super::transactions::Transactions;
use super::{Finding, Report};
use crate::port::{KeyUse, Loaded, LogRecord};

/// What follows from a log.
pub(super) struct Followed {
    /// Balances and policies.
    pub(super) book: Book,
    /// What moved the balances.
    pub(super) history: History,
    /// What moved the balances at another time than it was recorded.
    pub(super) shifted: Shifted,
    /// The changes of accounts.
    pub(super) accounts: Accounts,
    /// What is kept beside transactions.
    pub(super) transactions: Transactions,
    /// Holds, and how far transactions were reversed.
    pub(super) holds: Holds,
}

/// The log as far as it has been replayed.
#[derive(Default)]
pub(crate) struct Replay {
    next: EntryNumber,
    book: Book,
    history: History,
    shifted: Shifted,
    accounts: Accounts,
    holds: Holds,
    transactions: Transactions,
    references: FirstUses,
    keys: FirstUses,
}

impl Replay {
    /// Goes on behind a part of the log that was replayed before, of which all was loaded that the records to come
    /// touch and rest on.
    pub(crate) fn after(loaded: Loaded) -> Self {
        let mut book = Book::at(loaded.head.next, loaded.head.last_recorded_at);
        for (key, balance) in loaded.balances {
            book.load_balance(key, balance);
        }
        for (account, policy) in loaded.policies {
            book.load_policy(account, policy);
        }
        let holds = Holds::after(loaded.holds, loaded.unreversed);
        let next = book.next();
        let known = loaded.transactions.into_iter().map(|(transaction, _)| transaction);
        let transactions = Transactions::after(next, known);
        let mut replay = Self { next, book, holds, transactions, ..Self::default() };
        for (reference, entry) in loaded.references {
            replay.references.add(reference.as_str(), entry);
        }
        for KeyUse { key, entry, .. } in loaded.keys {
            replay.keys.add(key.as_str(), entry);
        }
        replay
    }

    /// Returns the number that the next entry should have.
    pub(super) fn next(&self) -> EntryNumber {
        self.next
    }

    /// Returns what follows from the log.
    pub(super) fn finish(self) -> Followed {
        let Self { book, history, shifted, accounts, transactions, holds, .. } = self;
        Followed { book, history, shifted, accounts, transactions, holds }
    }

    /// Says which earlier entry has to be [learnt](Self::learn) before the next one is taken.
    pub(super) fn lacks(&self, next: &Entry) -> Option<EntryNumber> {
        self.holds.lacks(next)
    }

    /// Takes an earlier entry that the next one rests on.
    pub(super) fn learn(&mut self, entry: &Entry) {
        self.holds.learn(entry);
    }

    /// Takes the next record of the log.
    pub(crate) fn take(&mut self, record: LogRecord, report: &mut Report) {
        let LogRecord { entry, request } = record;
        let number = entry.number;
        if number != self.next {
            report.add(Finding::NumberDiffers { expected: self.next, found: number });
        }
        self.next = self.next.max(EntryNumber(number.0.saturating_add(1)));

        if let Some(previous) = self.book.last_recorded_at()
            && entry.recorded_at < previous
        {
            report.add(Finding::TimeWentBack { entry: number, previous, found: entry.recorded_at });
        }
        if let Some(reference) = entry.body.reference()
            && let Some(first) = self.references.add(reference.as_str(), number)
        {
            report.add(Finding::ReferenceUsedTwice { reference: reference.clone(), first, again: number });
        }
        if let Some(request) = &request
            && let Some(first) = self.keys.add(request.key.as_str(), number)
        {
            report.add(Finding::KeyUsedTwice { key: request.key.clone(), first, again: number });
        }

        report.entries += 1;
        self.holds.load(&mut self.book, &entry);
        self.history.expect(number, entry.body.touching());
        self.shifted.expect(&entry);
        let decision = match &entry.body {
            EntryBody::Transaction(transaction) => {
                report.transactions += 1;
                report.postings += transaction.postings.as_slice().len() as u64;
                self.transactions.expect(number, &transaction.metadata);
                self.decide_again(&entry, transaction_again(&entry, transaction))
            }
            EntryBody::Account(change) => {
                report.account_changes += 1;
                self.accounts.expect(number, change);
                self.transactions.expect_other(number);
                // It says how the account is from here on, whatever it was before. It moves nothing.
                Ok(Entry { balances: Vec::new(), ..entry.clone() })
            }
            EntryBody::Hold(hold) => {
                report.holds += 1;
                self.transactions.expect_other(number);
                self.decide_again(&entry, hold_again(hold))
            }
            EntryBody::Release(Release { hold, cause, .. }) => {
                self.transactions.expect_other(number);
                let again = Command::ReleaseHold(ReleaseHold { hold: *hold, cause: *cause });
                self.decide_again(&entry, again)
            }
            EntryBody::TransactionChange(change) => {
                report.transaction_changes += 1;
                self.transactions.expect_other(number);
                if self.transactions.expect_change(number, change) {
                    Ok(Entry { balances: Vec::new(), ..entry.clone() })
                } else {
                    Err(Rejection::TransactionNotFound { transaction: change.transaction })
                }
            }
        };
        check_balances(&entry, &decision, report);
        if let Ok(decided) = &decision
            && decided.body != entry.body
        {
            report.add(Finding::EntryDiffers { entry: number });
        }
        self.check_conservation(&entry, report);
        self.go_on_from(entry, decision.ok());
    }

    fn decide_again(&self, entry: &Entry, again: Command) -> Result<Entry, Rejection> {
        decide(&self.book, &again, entry.recorded_at)
    }

    /// Holds the sum over all accounts to zero by what the entry adds to it. Wrapping, as damage may go
    /// past every bound.
    fn check_conservation(&self, entry: &Entry, report: &mut Report) {
        let mut changes: BTreeMap<_, i128> = BTreeMap::new();
        for (key, after) in &entry.balances {
            let change = after.posted().wrapping_sub(self.book.balance(key).posted());
            let sum = changes.entry(&key.asset).or_default();
            *sum = sum.wrapping_add(change);
        }
        for (asset, change) in changes {
            if change != 0 {
                report.add(Finding::EntryNotConserved { entry: entry.number, asset: asset.clone(), change });
            }
        }
    }

    fn go_on_from(&mut self, mut entry: Entry, decided: Option<Entry>) {
        for (key, balance) in decided.into_iter().flat_map(|decided| decided.balances) {
            self.book.load_balance(key, balance);
        }
        // Nobody may decide on a balance whose available figure cannot be told. No decision leads to one
        // either, so it has been reported.
        entry.balances.retain(|(_, b)| {
            b.posted_out.checked_add(b.pending_out).is_some()
                && b.posted_in.checked_add(b.pending_in).is_some()
        });
        // The book counts what it was given; that the numbers are right has been looked at above.
        let number = std::mem::replace(&mut entry.number, self.book.next());
        self.book.apply(&entry);
        if entry.number == number {
            self.holds.expect(&self.book, &entry);
        }
        self.book.forget_look_ups();
    }
}

/// Returns the command for which a transaction would be recorded as it is. Expectations were judged when it was, and
/// are no part of the log.
fn transaction_again(entry: &Entry, transaction: &Transaction) -> Command {
    let Transaction { postings, reference, metadata, origin } = transaction.clone();
    let (postings, effective_at) = (postings.into(), Some(entry.effective_at));
    match origin {
        Origin::Posted => Command::PostTransaction(PostTransaction {
            postings,
            reference,
            effective_at,
            metadata,
            expectations: Expectations::default(),
        }),
        Origin::Capture(capture) => Command::CaptureHold(CaptureHold {
            hold: capture.hold,
            postings: Some(postings),
            is_final: capture.closes,
            reference,
            effective_at,
            metadata,
        }),
        Origin::Reversal(reversal) => Command::ReverseTransaction(ReverseTransaction {
            transaction: reversal.of,
            postings: Some(postings),
            forced: reversal.forced,
            reference,
            effective_at,
            metadata,
        }),
    }
}

/// Returns the command for which a hold would be recorded as it is.
fn hold_again(hold: &Hold) -> Command {
    let Hold { postings, reference, metadata, expires_at } = hold.clone();
    Command::CreateHold(CreateHold { postings: postings.into(), expires_at, reference, metadata })
}

/// Holds the balances recorded in an entry to those that its postings lead to.
fn check_balances(entry: &Entry, decision: &Result<Entry, Rejection>, report: &mut Report) {
    let decided = match decision {
        Ok(decided) => decided,
        Err(rejection) => {
            report.add(Finding::Rejected { entry: entry.number, rejection: rejection.clone() });
            return;
        }
    };
    if decided.balances == entry.balances {
        return;
    }
    if !entry.balances.is_sorted_by(|(a, _), (b, _)| a < b) {
        report.add(Finding::EntryBalancesUnordered { entry: entry.number });
    }
    let mut pairs: BTreeMap<&BalanceKey, (Option<Balance>, Option<Balance>)> = BTreeMap::new();
    for (key, balance) in &decided.balances {
        pairs.entry(key).or_default().0 = Some(*balance);
    }
    for (key, balance) in &entry.balances {
        pairs.entry(key).or_default().1 = Some(*balance);
    }
    for (key, (expected, found)) in pairs {
        if expected != found {
            report.add(Finding::entry_balance_differs(entry.number, key, expected, found));
        }
    }
}

/// Texts that may occur once, by the front of their SHA-256, and where each did.
#[derive(Default)]
struct FirstUses(HashMap<[u8; 16], EntryNumber>);

impl FirstUses {
    /// Notes a use, and returns the earlier one where there is one.
    fn add(&mut self, text: &str, entry: EntryNumber) -> Option<EntryNumber> {
        let digest = Sha256::digest(text.as_bytes());
        let mut front = [0; 16];
        front.copy_from_slice(&digest[..16]);
        let first = *self.0.entry(front).or_insert(entry);
        (first != entry).then_some(first)
    }
}
