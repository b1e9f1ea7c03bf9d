//! Questions that can be asked of a store, and the shapes of their answers.

use ledger::{
    Address, Amount, Asset, Balance, BalanceTotal, Entry, EntryNumber, Floors, HoldStanding, HoldState,
    LedgerName, Metadata, Policy, Posting, Reference, Timestamp, Total,
};

use crate::idempotency::KeyedRequest;

mod as_of;

pub use as_of::{AsOf, LOOKS_MAX};

/// How many entries a store looks at for one page of a filtered list before it answers with what it has found, unless
/// the page may have more. Such a page may be short, even empty, and still have a next position.
pub const SCAN_MAX: usize = 500;

/// Returns how many entries a store looks at for one page that may have up to `limit`.
#[must_use]
pub fn scan_max(limit: usize) -> usize {
    limit.max(SCAN_MAX)
}

/// How many entries that an index leads to are sorted by their effective time, at most; of entries that moved accounts, only
/// those that count at another time than they were recorded at. Most do not, and are in that order by their numbers: few of
/// them have to be looked up.
pub const SORTED_MAX: usize = 5_000;

/// How large the entries of one page may be together, by [`weight`], before the page ends. The entry that
/// reaches it is still part of the page, so that every page gets on.
pub const PAGE_WEIGHT_MAX: usize = 4 << 20;

/// Returns about how many bytes an entry takes in a reply.
#[must_use]
pub fn weight(entry: &Entry) -> usize {
    let postings: usize = entry
        .body
        .movements()
        .iter()
        .map(|posting| posting.source().as_str().len() + posting.destination().as_str().len() + 100)
        .sum();
    let balances: usize = entry.balances.iter().map(|(key, _)| key.account.as_str().len() + 200).sum();
    256 + weight_of_metadata(entry.body.metadata()) + postings + balances
}

/// Returns about how many bytes an account takes in a reply.
#[must_use]
pub fn account_weight(account: &Account) -> usize {
    let floors = match &account.policy.floors {
        Floors::Unbounded => 0,
        Floors::PerAsset(floors) => floors.len(),
    };
    256 + weight_of_metadata(&account.metadata) + 64 * floors + 200 * account.balances.len()
}

fn weight_of_metadata(metadata: &Metadata) -> usize {
    metadata.as_map().iter().map(|(key, value)| key.len() + value.len() + 8).sum()
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, P> {
    /// What was found, at most as much as was asked for.
    pub items: Vec<T>,
    /// Where the list goes on: the position to continue after; `None` at its end.
    pub next: Option<P>,
}

/// A ledger as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its name.
    pub name: LedgerName,
    /// When it was created.
    pub created_at: Timestamp,
    /// How many entries its log has, which is the number of the next one.
    pub entries: EntryNumber,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
}

/// A ledger to create.
#[derive(Clone, Debug)]
pub struct NewLedger {
    /// Its name.
    pub name: LedgerName,
    /// When it is created.
    pub created_at: Timestamp,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// The caller's key and what it stands for.
    pub request: Option<KeyedRequest>,
}

/// An account with all its balances, by asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// What it allows.
    pub policy: Policy,
    /// What callers keep beside it.
    pub metadata: Metadata,
    /// The number of the last entry that touched it, plus one; `None` where it is shown as it was earlier.
    pub version: Option<u64>,
    /// Its balances, in the order of the assets.
    pub balances: Vec<(Asset, Balance)>,
}

/// Which of an entry's two times counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// When it was written.
    #[default]
    Recorded,
    /// When it counts.
    Effective,
}

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

/// A span of time: from `from` on, and before `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment in it.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Says whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

/// One account, or every account under a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressPattern {
    /// This account.
    Exactly(Address),
    /// Every account whose address begins with this one and a colon.
    Under(Address),
}

impl AddressPattern {
    /// Says whether an address is meant.
    #[must_use]
    pub fn matches(&self, address: &Address) -> bool {
        match self {
            Self::Exactly(exact) => exact == address,
            Self::Under(prefix) => {
                address.as_str().strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with(':'))
            }
        }
    }
}

/// Bounds of an amount: those that are given have to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AmountRange {
    /// It has to be this or more.
    pub at_least: Option<Amount>,
    /// It has to be this or less.
    pub at_most: Option<Amount>,
}

impl AmountRange {
    /// Says whether an amount lies in it.
    #[must_use]
    pub fn contains(&self, amount: Amount) -> bool {
        self.at_least.is_none_or(|least| least <= amount) && self.at_most.is_none_or(|most| amount <= most)
    }
}

/// Which transactions to list, and how. All filters have to hold; those on accounts, asset and amount have to
/// hold for one and the same posting.
#[derive(Clone, Debug, Default)]
pub struct TransactionQuery {
    /// On either side of the posting.
    pub account: Option<AddressPattern>,
    /// On the posting's source.
    pub source: Option<AddressPattern>,
    /// On the posting's destination.
    pub destination: Option<AddressPattern>,
    /// On the posting's asset.
    pub asset: Option<Asset>,
    /// On the posting's amount.
    pub amount: AmountRange,
    /// The caller's own name for the transaction.
    pub reference: Option<Reference>,
    /// Metadata that the transaction has now, each key with this value.
    pub metadata: Vec<(String, String)>,
    /// When, by `clock`.
    pub time: TimeRange,
    /// Which time `time` and the order mean.
    pub clock: Clock,
    /// The order, by `clock`, then by number.
    pub order: Order,
    /// Continue after this one.
    pub after: Option<TransactionPosition>,
    /// The largest page wanted.
    pub limit: usize,
}

/// A place in a list of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionPosition {
    /// The time by the list's clock.
    pub time: Timestamp,
    /// The number.
    pub number: EntryNumber,
}

impl TransactionPosition {
    /// Returns an entry's place by a clock.
    #[must_use]
    pub fn of(entry: &Entry, clock: Clock) -> Self {
        let time = match clock {
            Clock::Recorded => entry.recorded_at,
            Clock::Effective => entry.effective_at,
        };
        Self { time, number: entry.number }
    }
}

impl TransactionQuery {
    /// Says whether an entry, with the metadata of now, is a transaction that the filters and the time range let
    /// through. Order and position do not count.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        let Some(transaction) = entry.body.transaction() else { return false };
        self.time.contains(TransactionPosition::of(entry, self.clock).time)
            && self.reference.as_ref().is_none_or(|wanted| transaction.reference.as_ref() == Some(wanted))
            && self.metadata.iter().all(|(key, value)| transaction.metadata.get(key) == Some(value))
            && transaction.postings.as_slice().iter().any(|posting| self.matches_posting(posting))
    }

    fn matches_posting(&self, posting: &Posting) -> bool {
        let holds = |pattern: &Option<AddressPattern>, address: &Address| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(address))
        };
        holds(&self.source, posting.source())
            && holds(&self.destination, posting.destination())
            && (holds(&self.account, posting.source()) || holds(&self.account, posting.destination()))
            && self.asset.as_ref().is_none_or(|asset| asset == posting.asset())
            && self.amount.contains(posting.amount())
    }
}

/// Which accounts to list, by address.
#[derive(Clone, Debug, Default)]
pub struct AccountQuery {
    /// Only addresses that begin with this text, which need not be whole segments.
    pub prefix: Option<String>,
    /// Only accounts that ever moved this asset; the others' balances are left out.
    pub asset: Option<Asset>,
    /// Metadata that the account has, each key with this value.
    pub metadata: Vec<(String, String)>,
    /// The accounts as they were then; as they are, where there is none. What the filters say is held to that too.
    pub as_of: Option<AsOf>,
    /// Continue after this one.
    pub after: Option<Address>,
    /// The largest page wanted.
    pub limit: usize,
}

impl AccountQuery {
    /// Says whether the account has the metadata that is asked for.
    #[must_use]
    pub fn matches_metadata(&self, metadata: &Metadata) -> bool {
        self.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }
}

/// Which changes of an account to list, newest first.
#[derive(Clone, Debug)]
pub struct ChangeQuery {
    /// The account.
    pub account: Address,
    /// Only those that were recorded at this moment or before it.
    pub until: Option<Timestamp>,
    /// Continue after this one: only earlier ones.
    pub after: Option<EntryNumber>,
    /// The largest page wanted.
    pub limit: usize,
}

/// A hold: the entry that made it, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The entry.
    pub entry: Entry,
    /// How it stands.
    pub standing: HoldStanding,
}

/// Which holds to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct HoldQuery {
    /// Only those that have come so far.
    pub state: Option<HoldState>,
    /// Only those of which a posting names this account.
    pub account: Option<Address>,
    /// Continue after this one: only earlier ones.
    pub after: Option<EntryNumber>,
    /// The largest page wanted.
    pub limit: usize,
}

/// Which changes of a transaction to list, newest first.
#[derive(Clone, Debug)]
pub struct TransactionChangeQuery {
    /// The transaction.
    pub transaction: EntryNumber,
    /// Continue after this one: only earlier ones.
    pub after: Option<EntryNumber>,
    /// The largest page wanted.
    pub limit: usize,
}

/// Which lines of an account's statement to list.
#[derive(Clone, Debug)]
pub struct StatementQuery {
    /// The account.
    pub account: Address,
    /// Only this asset.
    pub asset: Option<Asset>,
    /// When, by `clock`.
    pub time: TimeRange,
    /// Which time `time` and the order mean.
    pub clock: Clock,
    /// The order, by `clock`, then by number and posting.
    pub order: Order,
    /// Continue after this one.
    pub after: Option<StatementPosition>,
    /// The largest page wanted.
    pub limit: usize,
}

/// A place in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementPosition {
    /// The time by the list's clock.
    pub time: Timestamp,
    /// The entry.
    pub entry: EntryNumber,
    /// The posting's place in its transaction.
    pub posting: usize,
}

/// Which balances to sum.
#[derive(Clone, Debug)]
pub struct BalanceQuery {
    /// Only addresses that begin with this text, which need not be whole segments.
    pub prefix: Option<String>,
    /// How many leading segments make a group; at least 1.
    pub depth: usize,
    /// The balances as they were then; as they are, where there is none.
    pub as_of: Option<AsOf>,
    /// Continue after this group.
    pub after: Option<String>,
    /// The largest page wanted.
    pub limit: usize,
}

/// The balances of all accounts that share their first segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceGroup {
    /// The shared segments.
    pub address: Address,
    /// The sums, in the order of the assets.
    pub balances: Vec<(Asset, BalanceSum)>,
}

/// Sums of the four counters over many accounts, which may pass the bound of a single amount. They
/// saturate at 2^128 − 1, which no ledger of fewer than two full accounts reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalanceSum {
    /// The sum of all credits.
    pub posted_in: u128,
    /// The sum of all debits.
    pub posted_out: u128,
    /// Held credits.
    pub pending_in: u128,
    /// Held debits.
    pub pending_out: u128,
}

impl BalanceSum {
    /// Adds one account's counters.
    pub fn add(&mut self, balance: &Balance) {
        let add = |sum: &mut u128, amount: Amount| *sum = sum.saturating_add(amount.get());
        add(&mut self.posted_in, balance.posted_in);
        add(&mut self.posted_out, balance.posted_out);
        add(&mut self.pending_in, balance.pending_in);
        add(&mut self.pending_out, balance.pending_out);
    }
}

impl From<BalanceTotal> for BalanceSum {
    /// Saturates. Nothing is below zero of which balances are the parts.
    fn from(total: BalanceTotal) -> Self {
        let saturated = |total: Total| total.get().unwrap_or(if total.is_negative() { 0 } else { u128::MAX });
        Self {
            posted_in: saturated(total.posted_in),
            posted_out: saturated(total.posted_out),
            pending_in: saturated(total.pending_in),
            pending_out: saturated(total.pending_out),
        }
    }
}

#[cfg(test)]
mod tests;
