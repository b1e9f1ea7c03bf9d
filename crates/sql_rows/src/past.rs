//! Accounts as they were: worked out from the last entry ahead of a moment that touched each balance, which records its
//! counters. What counts at another time than it was recorded at is added or taken off. Never walks the log, and never
//! looks at more than `LOOKS_MAX` places for one answer.

mod pages;
mod shifts;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use engine::query::{Account, AsOf, Clock, LOOKS_MAX};
use ledger::{
    Address, Amount, Balance, BalanceKey, Entry, EntryBody, EntryNumber, Metadata, Policy, Timestamp,
};

pub use self::pages::{accounts_as_of, sum_groups_as_of};
use self::shifts::{Shift, Shifts, moved_by};
use crate::failure::{Corruption, Failure};
use crate::groups::GroupReads;
use crate::movements::{ListRow, Moved};
use crate::rows::{EntryRow, Reader, entry_number, one_more, stored_limit};

/// Which accounts an answer is about: of the others, nothing is kept in memory.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'q> {
    /// One account.
    Account(&'q Address),
    /// All accounts that begin with a text.
    Prefix(&'q str),
}

impl Scope<'_> {
    fn contains(self, address: &Address) -> bool {
        match self {
            Self::Account(account) => account == address,
            Self::Prefix(prefix) => address.as_str().starts_with(prefix),
        }
    }
}

/// An entry that was recorded at one time and counts at another, one of them later than a moment.
pub struct ApartRow {
    /// The entry.
    pub number: i64,
    /// When it was written.
    pub recorded_at: i64,
    /// When it counts.
    pub effective_at: i64,
}

/// What is asked of a store to go back, of one ledger.
#[async_trait]
pub trait PastReads: GroupReads {
    /// Returns how many entries the log has.
    fn next(&self) -> i64;

    /// Returns how many entries were recorded before a time.
    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure>;

    /// Returns the first addresses that moved or were changed, from one text on and before another one, in order.
    async fn addresses(&mut self, from: &str, before: &str, limit: i64) -> Result<Vec<String>, Failure>;

    /// Returns the first addresses that were ever changed, from one text on and before another one, in order.
    async fn changed_addresses(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<String>, Failure>;

    /// Reads, for each balance of the accounts, of one asset or of all, three lists of movements, as far as they are
    /// there: the last one, the first that ended with the entry `before` or later, and the last that ended ahead of it.
    async fn last_lists(
        &mut self,
        accounts: &[&str],
        asset: Option<&str>,
        before: i64,
    ) -> Result<Vec<ListRow>, Failure>;

    /// Returns for each of the accounts that was changed ahead of the entry `before` the last change.
    async fn last_changes(&mut self, accounts: &[&str], before: i64) -> Result<Vec<(String, i64)>, Failure>;

    /// Returns the first entries ahead of the entry `before` that moved an account, up to `rows`, in order.
    async fn first_movements(
        &mut self,
        moved: Moved<'_>,
        before: i64,
        rows: i64,
    ) -> Result<Vec<i64>, Failure>;

    /// Returns up to `rows` entries of which the recorded and the effective time differ, and the later of them is later
    /// than `time`.
    async fn apart(&mut self, time: Timestamp, rows: i64) -> Result<Vec<ApartRow>, Failure>;

    /// Reads entries by number, in this order: as many as a page may hold, at least one where there are any.
    async fn entries(&mut self, numbers: &[i64]) -> Result<Vec<EntryRow>, Failure>;
}

/// A ledger as it was at a moment.
pub struct Past<'r> {
    reads: &'r mut dyn PastReads,
    time: Timestamp,
    /// How many entries had been recorded by then.
    recorded: i64,
    posted: Posted,
    looks: usize,
    /// How large the entries are that were read.
    bytes: usize,
    /// The entry that was read last: accounts side by side were often touched by the same one.
    last_read: Option<Entry>,
}

/// Where the posted counters come from. Those of what is pending are always those that were recorded by then.
enum Posted {
    /// They are those that were recorded by then.
    Recorded,
    /// They are those, but for the entries that count at another time.
    Shifted(Shifts),
    /// There are too many of such entries, or few movements: each account is summed up by itself.
    SummedUp,
}

impl<'r> Past<'r> {
    /// Goes back to a moment.
    ///
    /// # Errors
    /// Those of [`Failure`].
    pub async fn at(reads: &'r mut dyn PastReads, as_of: AsOf, scope: Scope<'_>) -> Result<Self, Failure> {
        let recorded = match as_of.time.next() {
            Some(end) => reads.recorded_before(end).await?,
            None => reads.next(),
        };
        let posted = Posted::Recorded;
        let mut past =
            Self { reads, time: as_of.time, recorded, posted, looks: 0, bytes: 0, last_read: None };
        if as_of.clock == Clock::Effective {
            past.posted = past.effective(scope).await?;
        }
        Ok(past)
    }

    /// Chooses where the counters come from by the effective clock.
    async fn effective(&mut self, scope: Scope<'_>) -> Result<Posted, Failure> {
        if let Scope::Account(account) = scope {
            let moved = Moved { account: account.as_str(), asset: None };
            let next = self.reads.next();
            if self.reads.first_movements(moved, next, one_more(FEW)).await?.len() <= FEW {
                return Ok(Posted::SummedUp);
            }
        }
        Ok(self.shifts(scope).await?.map_or(Posted::SummedUp, Posted::Shifted))
    }

    /// Returns an account; `None` where it had not moved by then and had not been changed.
    ///
    /// # Errors
    /// Those of [`Failure`].
    pub async fn account(&mut self, address: &Address) -> Result<Option<Account>, Failure> {
        Ok(self.accounts(std::slice::from_ref(address), None).await?.pop())
    }

    /// Returns those of the accounts that had moved by then, in the asset if there is one, or had been changed.
    async fn accounts(
        &mut self,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<Vec<Account>, Failure> {
        let balances = self.balances(addresses, asset).await?;
        let mut kept = self.kept(addresses).await?;
        let mut accounts = Vec::new();
        for address in addresses {
            let own: Vec<_> = balances
                .range(lowest(address)..)
                .take_while(|(key, _)| key.account == *address)
                .map(|(key, balance)| (key.asset.clone(), *balance))
                .collect();
            let change = kept.remove(address);
            if own.is_empty() && (change.is_none() || asset.is_some()) {
                continue;
            }
            let (policy, metadata) =
                change.unwrap_or_else(|| (Policy::standard(address).clone(), Metadata::default()));
            accounts.push(Account {
                address: address.clone(),
                policy,
                metadata,
                version: None,
                balances: own,
            });
        }
        Ok(accounts)
    }

    /// Returns the balances of accounts, of those that had moved by then.
    async fn balances(
        &mut self,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<BTreeMap<BalanceKey, Balance>, Failure> {
        let recorded = self.recorded_balances(addresses, asset).await?;
        match &self.posted {
            Posted::Recorded => Ok(recorded),
            Posted::Shifted(_) => self.shifted(recorded, addresses, asset).await,
            Posted::SummedUp => self.summed_up(&recorded, addresses, asset).await,
        }
    }

    /// Returns the balances as they were recorded by then.
    async fn recorded_balances(
        &mut self,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<BTreeMap<BalanceKey, Balance>, Failure> {
        let texts: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        let lists = self.reads.last_lists(&texts, asset, self.recorded).await?;
        let mut last: BTreeMap<BalanceKey, EntryNumber> = BTreeMap::new();
        for list in lists {
            let movements = list.movements()?;
            let before = entry_number(self.recorded)?;
            if let Some(number) = movements.entries.into_iter().rev().find(|number| *number < before) {
                let known = last.entry(movements.key).or_insert(number);
                *known = number.max(*known);
            }
        }
        self.look(last.len())?;
        let numbers: BTreeSet<i64> = last.values().map(|number| number.0.cast_signed()).collect();
        let mut balances = BTreeMap::new();
        self.read(numbers, |entry| {
            let own = entry.balances.iter().filter(|(key, _)| last.get(key) == Some(&entry.number));
            balances.extend(own.cloned());
            Ok(())
        })
        .await?;
        match last.iter().find(|(key, _)| !balances.contains_key(key)) {
            None => Ok(balances),
            Some((key, number)) => {
                let problem = format!("there is no balance of {} in {}", key.account, key.asset);
                Err(Corruption::new(format!("entry {}", number.0), problem).into())
            }
        }
    }

    /// Adds up what moved accounts, of all that counts by then. What was pending is `recorded`.
    async fn summed_up(
        &mut self,
        recorded: &BTreeMap<BalanceKey, Balance>,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<BTreeMap<BalanceKey, Balance>, Failure> {
        let mut balances: BTreeMap<BalanceKey, Balance> = BTreeMap::new();
        for address in addresses {
            let moved = Moved { account: address.as_str(), asset };
            let rows = one_more(LOOKS_MAX - self.looks);
            let numbers = self.reads.first_movements(moved, self.reads.next(), rows).await?;
            self.look(numbers.len())?;
            let time = self.time;
            self.read(numbers, |entry| {
                if entry.effective_at > time {
                    return Ok(());
                }
                let is_own = |key: &BalanceKey| {
                    key.account == *address && asset.is_none_or(|asset| asset == key.asset.as_str())
                };
                for (key, moved) in moved_by(entry) {
                    if is_own(&key) {
                        let balance = balances.entry(key.clone()).or_default();
                        let sum = add(balance.posted_in, moved.posted_in)
                            .zip(add(balance.posted_out, moved.posted_out));
                        let (posted_in, posted_out) = sum.ok_or_else(|| impossible(&key))?;
                        *balance = Balance { posted_in, posted_out, ..*balance };
                    }
                }
                Ok(())
            })
            .await?;
        }
        for (key, balance) in &mut balances {
            *balance = with_pending(*balance, recorded.get(key));
        }
        Ok(balances)
    }

    /// Returns what was kept beside accounts, of those that had been changed.
    async fn kept(
        &mut self,
        addresses: &[Address],
    ) -> Result<BTreeMap<Address, (Policy, Metadata)>, Failure> {
        let texts: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        let changes = self.reads.last_changes(&texts, self.recorded).await?;
        let numbers: BTreeSet<i64> = changes.iter().map(|(_, number)| *number).collect();
        let mut kept = BTreeMap::new();
        self.read(numbers, |entry| {
            if let EntryBody::Account(change) = &entry.body {
                kept.insert(change.account.clone(), (change.policy.clone(), change.metadata.clone()));
            }
            Ok(())
        })
        .await?;
        let place = || "the changes of accounts".to_owned();
        for (address, number) in changes {
            if !kept.contains_key(&Reader::at(&place).address(&address)?) {
                let problem = format!("it does not change {address}");
                return Err(Corruption::new(format!("entry {number}"), problem).into());
            }
        }
        Ok(kept)
    }

    /// Reads entries, one after the other in any order, with no more of them in memory than a page may hold.
    async fn read(
        &mut self,
        numbers: impl IntoIterator<Item = i64>,
        mut take: impl FnMut(&Entry) -> Result<(), Corruption> + Send,
    ) -> Result<(), Failure> {
        let mut numbers: Vec<i64> = numbers.into_iter().collect();
        if let Some(known) = &self.last_read
            && let Some(place) = numbers.iter().position(|number| *number == known.number.0.cast_signed())
        {
            numbers.remove(place);
            take(known)?;
        }
        let mut rest = &*numbers;
        while !rest.is_empty() {
            let rows = self.reads.entries(&rest[..rest.len().min(READ_AT_ONCE)]).await?;
            if rows.is_empty() {
                return Err(Corruption::new("the log", "an entry is missing").into());
            }
            rest = &rest[rows.len()..];
            for row in rows {
                self.bytes += row.body.len();
                take(self.last_read.insert(row.record()?.entry))?;
            }
        }
        Ok(())
    }

    /// Counts what is looked at.
    fn look(&mut self, places: usize) -> Result<(), Failure> {
        self.looks = self.looks.saturating_add(places);
        if self.looks > LOOKS_MAX { Err(Failure::TooMuchToLookAt) } else { Ok(()) }
    }

    /// Says whether an account had moved by then in an asset, beside the entries that count later.
    async fn moved_otherwise(&mut self, key: &BalanceKey, shift: &Shift) -> Result<bool, Failure> {
        let moved = Moved { account: key.account.as_str(), asset: Some(key.asset.as_str()) };
        self.look(shift.later.len())?;
        let rows = stored_limit(shift.later.len() + 1);
        let first = self.reads.first_movements(moved, self.recorded, rows).await?;
        Ok(first.iter().any(|number| !shift.later.contains(number)))
    }
}

/// How few movements of an account are summed up without looking for entries that count at another time.
const FEW: usize = 200;
/// How many entries are asked for at once.
const READ_AT_ONCE: usize = 500;

/// The first key that an account may have: no asset comes before it.
fn lowest(address: &Address) -> BalanceKey {
    let asset = ledger::Asset::parse("A").expect("it is an asset");
    BalanceKey { account: address.clone(), asset }
}

fn add(counter: Amount, moved: i128) -> Option<Amount> {
    let sum = counter.signed().checked_add(moved)?;
    u128::try_from(sum).ok().and_then(Amount::new)
}

fn with_pending(balance: Balance, recorded: Option<&Balance>) -> Balance {
    let Balance { pending_in, pending_out, .. } = recorded.copied().unwrap_or_default();
    Balance { pending_in, pending_out, ..balance }
}

fn impossible(key: &BalanceKey) -> Corruption {
    let place = format!("the movements of {} in {}", key.account, key.asset);
    Corruption::new(place, "together they are no amount")
}
