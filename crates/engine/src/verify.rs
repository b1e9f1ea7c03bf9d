//! Verification: replays a ledger's log and compares every projection with what follows from it.
//!
//! It reads one [`Snapshot`] and never writes, never repairs, and never trusts a balance that it can
//! work out. Damage never makes it panic or fail: whatever a store returns is right or a [`Finding`].
//!
//! What nothing follows from cannot be held against anything: a metadata value in the log, or a reference or an
//! idempotency key that was changed to one not in use, goes unnoticed.
//!
//! In memory it keeps one chunk of what it reads, every balance, their sums by root, every policy, digests per balance's history and
//! of what moved it at another time, per changed account, per changed transaction and per transaction with metadata, every open hold, a digest per ended
//! one, every transaction that was reversed, and 16 bytes and a number per reference and per idempotency key. The length
//! of the log does not count otherwise.

mod accounts;
mod finding;
mod holds;
mod movements;
mod replay;
mod shifted;
mod sums;
mod transactions;

use std::collections::BTreeMap;
use std::fmt;

use ledger::{Address, Asset, Balance, BalanceKey, Book, EntryNumber};
use serde::Serialize;

use self::accounts::Accounts;
pub use self::finding::{AccountFault, Counters, Finding, ProjectionFault, TransactionFault};
use self::holds::Holds;
use self::movements::History;
use self::replay::Followed;
pub(crate) use self::replay::Replay;
use self::sums::compare_sums;
use self::transactions::Transactions;
use crate::pair::MetadataPair;
use crate::port::{Movements, ReadError, Snapshot};

/// Entries read at once. Each may have a thousand postings, so this is what bounds a chunk's memory.
const ENTRIES_PER_READ: usize = 200;
/// Balances or lists of movements read at once.
const ROWS_PER_READ: usize = 2_000;
/// Accounts read at once: each may have as much metadata as an entry.
const ACCOUNTS_PER_READ: usize = 200;

/// What a verification saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries in the log.
    pub entries: u64,
    /// How many of them are transactions.
    pub transactions: u64,
    /// How many of them are changes of accounts.
    pub account_changes: u64,
    /// How many of them are changes of transactions.
    pub transaction_changes: u64,
    /// How many of them are holds.
    pub holds: u64,
    /// Postings in the log's transactions.
    pub postings: u64,
    /// Accounts that the log's postings name.
    pub accounts: u64,
    /// Balances in the projection.
    pub balances: u64,
    /// Sums of balances that are kept.
    pub sums: u64,
    /// Movements in the projection: for each balance, how many entries moved it.
    pub movements: u64,
    /// How many movements in the projection count at another time than they were recorded at.
    pub shifted_movements: u64,
    /// Accounts in the projection that were ever changed.
    pub changed_accounts: u64,
    /// Transactions in the projection that were ever changed.
    pub changed_transactions: u64,
    /// What does not hold: the first [`Report::FINDINGS_KEPT`].
    pub findings: Vec<Finding>,
    /// How many findings there were in all.
    pub findings_total: u64,
}

impl Report {
    /// How many findings a report keeps.
    pub const FINDINGS_KEPT: usize = 100;

    /// Says whether everything holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < Self::FINDINGS_KEPT {
            self.findings.push(finding);
        }
        self.findings_total += 1;
    }
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being read.
    pub stage: Stage,
    /// How much of it has been read.
    pub done: u64,
    /// How much of it there should be. In a damaged ledger `done` may pass it, or never reach it.
    pub total: u64,
}

/// The parts of a verification, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Replaying the log; counted in entries.
    Log,
    /// Comparing balances; counted in balances.
    Balances,
    /// Comparing the sums that are kept of balances; counted in sums.
    Sums,
    /// Comparing which entries moved each balance; counted in movements.
    Movements,
    /// Comparing what moved balances at another time than it was recorded; counted in movements.
    ShiftedMovements,
    /// Comparing what is kept beside accounts, and their changes; counted in accounts.
    Accounts,
    /// Comparing holds, and how far transactions were reversed; counted in holds and reversed transactions.
    Holds,
    /// Comparing what is kept beside transactions, and its changes; counted in transactions that were ever changed.
    Transactions,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "log",
            Self::Balances => "balances",
            Self::Sums => "sums",
            Self::Movements => "movements",
            Self::ShiftedMovements => "shifted movements",
            Self::Accounts => "accounts",
            Self::Holds => "holds",
            Self::Transactions => "transactions",
        })
    }
}

/// Verifies one ledger: that its log holds by itself, and that balances, their sums, what moved them and when, and what is kept beside
/// accounts and transactions, and what they are found by, are those that follow from the log. Statements are read from the log by what moved a balance.
///
/// `progress` is called at the start of each stage and after every chunk read. What does not hold is in
/// the report; it is not an error. That counts for what cannot be read too: a stage ends there, and where
/// it is the log, nothing is compared with the rest.
///
/// # Errors
/// Those of the snapshot but for [`ReadError::Corrupt`], which is a finding.
pub async fn verify(
    snapshot: &mut dyn Snapshot,
    mut progress: impl FnMut(Progress),
) -> Result<Report, ReadError> {
    let mut report = Report::default();
    let replayed = replay_log(snapshot, &mut report, &mut progress).await;
    let Some(followed) = as_far_as_readable(Stage::Log, replayed, &mut report)? else {
        return Ok(report);
    };
    let Followed { book, history, shifted, accounts, transactions, holds } = followed;
    let compared = compare_balances(snapshot, &book, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Balances, compared, &mut report)?;
    let compared = compare_sums(snapshot, &book, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Sums, compared, &mut report)?;
    let compared = compare_movements(snapshot, history, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Movements, compared, &mut report)?;
    let compared = shifted.compare(snapshot, &mut report, &mut progress).await;
    as_far_as_readable(Stage::ShiftedMovements, compared, &mut report)?;
    let compared = compare_accounts(snapshot, &book, accounts, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Accounts, compared, &mut report)?;
    let compared = compare_holds(snapshot, holds, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Holds, compared, &mut report)?;
    let compared = compare_transactions(snapshot, transactions, &mut report, &mut progress).await;
    as_far_as_readable(Stage::Transactions, compared, &mut report)?;
    Ok(report)
}

/// Turns what cannot be read into a finding.
fn as_far_as_readable<T>(
    stage: Stage,
    result: Result<T, ReadError>,
    report: &mut Report,
) -> Result<Option<T>, ReadError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ReadError::Corrupt(source)) => {
            report.add(Finding::unreadable(stage, source.as_ref()));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn replay_log(
    snapshot: &mut dyn Snapshot,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<Followed, ReadError> {
    let head = snapshot.next();
    let mut replay = Replay::default();
    let mut from = EntryNumber(0);
    loop {
        progress(Progress { stage: Stage::Log, done: report.entries, total: head.0 });
        let records = snapshot.records(from, ENTRIES_PER_READ).await?;
        // Not the last one's: in a damaged log the numbers may come in any order.
        let Some(last) = records.iter().map(|record| record.entry.number).max() else { break };
        if last < from {
            return Err(goes_back(Stage::Log));
        }
        for record in records {
            if let Some(earlier) = replay.lacks(&record.entry) {
                let found = snapshot.records(earlier, 1).await?;
                found
                    .iter()
                    .filter(|found| found.entry.number == earlier)
                    .for_each(|found| replay.learn(&found.entry));
            }
            replay.take(record, report);
        }
        let Some(next) = last.0.checked_add(1) else { break };
        from = EntryNumber(next);
    }
    if replay.next() != head {
        report.add(Finding::HeadDiffers { head, log: replay.next() });
    }
    let followed = replay.finish();
    report.accounts = followed.history.accounts();
    Ok(followed)
}

async fn compare_balances(
    snapshot: &mut dyn Snapshot,
    book: &Book,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let mut expected: Vec<(&BalanceKey, &Balance)> = book.balances().collect();
    expected.sort_unstable_by_key(|(key, _)| *key);
    let total = expected.len() as u64;
    let mut expected = expected.into_iter().peekable();
    let mut sums: BTreeMap<Asset, i128> = BTreeMap::new();
    let mut after: Option<BalanceKey> = None;
    loop {
        progress(Progress { stage: Stage::Balances, done: report.balances, total });
        let balances = snapshot.balances(after.as_ref(), ROWS_PER_READ).await?;
        let Some((last, _)) = balances.last() else { break };
        if after.as_ref().is_some_and(|after| last <= after) {
            return Err(goes_back(Stage::Balances));
        }
        after = Some(last.clone());
        for (key, found) in balances {
            report.balances += 1;
            // Wrapping, as damage may go past every bound; where all is well nothing wraps for good.
            let sum = sums.entry(key.asset.clone()).or_default();
            *sum = sum.wrapping_add(found.posted());
            while let Some((missing, balance)) = expected.next_if(|(next, _)| **next < key) {
                report.add(Finding::balance_differs(missing, Some(*balance), None));
            }
            let followed = expected.next_if(|(next, _)| **next == key).map(|(_, balance)| *balance);
            if followed != Some(found) {
                report.add(Finding::balance_differs(&key, followed, Some(found)));
            }
        }
    }
    for (missing, balance) in expected {
        report.add(Finding::balance_differs(missing, Some(*balance), None));
    }
    for (asset, sum) in sums {
        if sum != 0 {
            report.add(Finding::BalancesNotConserved { asset, sum });
        }
    }
    Ok(())
}

async fn compare_movements(
    snapshot: &mut dyn Snapshot,
    mut history: History,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let total = history.movements();
    let mut after: Option<Movements> = None;
    loop {
        progress(Progress { stage: Stage::Movements, done: report.movements, total });
        let lists = snapshot.movements(after.as_ref(), ROWS_PER_READ).await?;
        let Some(last) = lists.last() else { break };
        if after.as_ref().is_some_and(|after| last.place() <= after.place()) {
            return Err(goes_back(Stage::Movements));
        }
        for list in &lists {
            history.find(list);
            report.movements += list.entries.len() as u64;
        }
        after = lists.into_iter().next_back();
    }
    for finding in history.differences() {
        report.add(finding);
    }
    Ok(())
}

async fn compare_accounts(
    snapshot: &mut dyn Snapshot,
    book: &Book,
    mut accounts: Accounts,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let total = accounts.len();
    let mut after: Option<Address> = None;
    loop {
        progress(Progress { stage: Stage::Accounts, done: report.changed_accounts, total });
        let kept = snapshot.accounts(after.as_ref(), ACCOUNTS_PER_READ).await?;
        let Some(last) = kept.last() else { break };
        if after.as_ref().is_some_and(|after| last.address <= *after) {
            return Err(goes_back(Stage::Accounts));
        }
        after = Some(last.address.clone());
        for kept in &kept {
            report.changed_accounts += 1;
            accounts.find(book, kept).into_iter().for_each(|finding| report.add(finding));
        }
    }
    let mut after: Option<(Address, EntryNumber)> = None;
    loop {
        let changes = snapshot.account_changes(after.as_ref(), ROWS_PER_READ).await?;
        let Some(last) = changes.last() else { break };
        if after.as_ref().is_some_and(|after| last <= after) {
            return Err(goes_back(Stage::Accounts));
        }
        for (account, entry) in &changes {
            accounts.find_change(account, *entry);
        }
        after = changes.into_iter().next_back();
    }
    let mut after: Option<(MetadataPair, Address)> = None;
    loop {
        let found = snapshot.accounts_by_pair(after.as_ref(), ROWS_PER_READ).await?;
        let Some(last) = found.last() else { break };
        if after.as_ref().is_some_and(|after| last <= after) {
            return Err(goes_back(Stage::Accounts));
        }
        for (pair, account) in &found {
            accounts.find_by(*pair, account);
        }
        after = found.into_iter().next_back();
    }
    accounts.differences().for_each(|finding| report.add(finding));
    Ok(())
}

async fn compare_holds(
    snapshot: &mut dyn Snapshot,
    mut holds: Holds,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let (total, mut done) = (holds.len(), 0);
    let mut after: Option<EntryNumber> = None;
    loop {
        progress(Progress { stage: Stage::Holds, done, total });
        let kept = snapshot.holds(after, ROWS_PER_READ).await?;
        let Some(last) = kept.last() else { break };
        if after.is_some_and(|after| last.hold <= after) {
            return Err(goes_back(Stage::Holds));
        }
        after = Some(last.hold);
        done += kept.len() as u64;
        kept.iter().filter_map(|kept| holds.find(kept)).for_each(|finding| report.add(finding));
    }
    let mut after: Option<(Address, EntryNumber)> = None;
    loop {
        let accounts = snapshot.hold_accounts(after.as_ref(), ROWS_PER_READ).await?;
        let Some(last) = accounts.last() else { break };
        if after.as_ref().is_some_and(|after| last <= after) {
            return Err(goes_back(Stage::Holds));
        }
        for (account, hold) in &accounts {
            holds.find_account(account, *hold);
        }
        after = accounts.into_iter().next_back();
    }
    let mut after: Option<EntryNumber> = None;
    loop {
        progress(Progress { stage: Stage::Holds, done, total });
        let reversals = snapshot.reversals(after, ROWS_PER_READ).await?;
        let Some((last, _)) = reversals.last() else { break };
        if after.is_some_and(|after| *last <= after) {
            return Err(goes_back(Stage::Holds));
        }
        after = Some(*last);
        done += reversals.len() as u64;
        let findings = reversals.iter().filter_map(|(of, reversed)| holds.find_reversal(*of, reversed));
        findings.for_each(|finding| report.add(finding));
    }
    holds.differences().for_each(|finding| report.add(finding));
    Ok(())
}

async fn compare_transactions(
    snapshot: &mut dyn Snapshot,
    mut transactions: Transactions,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let total = transactions.len();
    let mut after = None;
    loop {
        progress(Progress { stage: Stage::Transactions, done: report.changed_transactions, total });
        let changed = snapshot.changed_transactions(after, ENTRIES_PER_READ).await?;
        let Some((last, _)) = changed.last() else { break };
        if after.is_some_and(|after| *last <= after) {
            return Err(goes_back(Stage::Transactions));
        }
        after = Some(*last);
        for (transaction, metadata) in &changed {
            report.changed_transactions += 1;
            transactions.find(*transaction, metadata).into_iter().for_each(|finding| report.add(finding));
        }
    }
    let mut after = None;
    loop {
        let changes = snapshot.transaction_changes(after, ROWS_PER_READ).await?;
        let Some(last) = changes.last() else { break };
        if after.is_some_and(|after| *last <= after) {
            return Err(goes_back(Stage::Transactions));
        }
        after = Some(*last);
        for (transaction, entry) in changes {
            transactions.find_change(transaction, entry);
        }
    }
    let mut after = None;
    loop {
        let found = snapshot.transactions_by_pair(after, ROWS_PER_READ).await?;
        let Some(last) = found.last() else { break };
        if after.is_some_and(|after| *last <= after) {
            return Err(goes_back(Stage::Transactions));
        }
        after = Some(*last);
        for (pair, transaction) in found {
            transactions.find_by(pair, transaction);
        }
    }
    transactions.differences().into_iter().for_each(|finding| report.add(finding));
    Ok(())
}

/// A list that gives again what it gave before would have no end.
fn goes_back(stage: Stage) -> ReadError {
    ReadError::Corrupt(format!("the list of {stage} goes back to what it gave before").into())
}
