//! Accounts as they were: worked out from the last entry ahead of a moment that touched each balance, which records its
//! counters. What counts at another time than it was recorded at is added or taken off. Never walks the log, and never
//! looks at more than `LOOKS_MAX` places for one answer.

mod pages;
mod portion;
mod rows;
mod shifts;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use engine::query::{Account, AsOf, Clock, LOOKS_MAX};
use engine::shifted::ShiftedMovement;
use ledger::{Address, Balance, BalanceKey, EntryNumber, Metadata, Policy, Timestamp};

pub use self::pages::{accounts_as_of, sum_groups_as_of};
pub use self::rows::{BodyRow, ShiftedRow, ThenKeptRow, shifted_after};
use crate::failure::{Corruption, Failure};
use crate::groups::GroupReads;
use crate::movements::{ListRow, Moved};
use crate::rows::entry_number;

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

    /// Reads of each of the accounts that was changed ahead of the entry `before` what is kept now, and its last change
    /// ahead of that.
    async fn kept(&mut self, accounts: &[&str], before: i64) -> Result<Vec<ThenKeptRow>, Failure>;

    /// Returns the first entries ahead of the entry `before` that moved an account, up to `rows`, in order.
    async fn first_movements(
        &mut self,
        moved: Moved<'_>,
        before: i64,
        rows: i64,
    ) -> Result<Vec<i64>, Failure>;

    /// Returns up to `rows` movements of the accounts, of one asset or of all, of which the later time is after `time`.
    async fn shifted(
        &mut self,
        accounts: &[&str],
        asset: Option<&str>,
        time: Timestamp,
        rows: i64,
    ) -> Result<Vec<ShiftedMovement>, Failure>;

    /// Reads what entries say, in the order of their numbers here: as many as a page may hold, at least one where there
    /// are any.
    async fn bodies(&mut self, numbers: &[i64]) -> Result<Vec<BodyRow>, Failure>;
}

/// A ledger as it was at a moment.
pub struct Past<'r> {
    reads: &'r mut dyn PastReads,
    as_of: AsOf,
    /// How many entries had been recorded by then.
    recorded: i64,
    looks: usize,
    /// How large the entries are that were read.
    bytes: usize,
}

/// The first of the accounts that were asked for, as many as could be looked at.
struct Balances {
    /// How many accounts these are.
    accounts: usize,
    /// Their balances, of those that had moved by then.
    all: BTreeMap<BalanceKey, Balance>,
}

impl<'r> Past<'r> {
    /// Goes back to a moment.
    ///
    /// # Errors
    /// Those of [`Failure`].
    pub async fn at(reads: &'r mut dyn PastReads, as_of: AsOf) -> Result<Self, Failure> {
        let recorded = match as_of.time.next() {
            Some(end) => reads.recorded_before(end).await?,
            None => reads.next(),
        };
        Ok(Self { reads, as_of, recorded, looks: 0, bytes: 0 })
    }

    /// Returns an account; `None` where it had not moved by then and had not been changed.
    ///
    /// # Errors
    /// Those of [`Failure`].
    pub async fn account(&mut self, address: &Address) -> Result<Option<Account>, Failure> {
        let address = std::slice::from_ref(address);
        let kept = self.kept(address).await?;
        let balances = self.balances(address, None).await?;
        Ok(accounts_of(address, &balances.all, kept, false).pop())
    }

    /// Returns the balances of accounts, of those that had moved by then. Where together they take more than may be
    /// looked at, it is those of the first accounts.
    async fn balances(&mut self, addresses: &[Address], asset: Option<&str>) -> Result<Balances, Failure> {
        let looks = self.looks;
        let mut addresses = addresses;
        loop {
            match self.balances_of(addresses, asset).await {
                // Together they take a little too much.
                Err(Failure::TooMuchToLookAt) if addresses.len() > 1 => {
                    self.looks = looks;
                    addresses = &addresses[..addresses.len() / 2];
                }
                found => return found,
            }
        }
    }

    async fn balances_of(&mut self, addresses: &[Address], asset: Option<&str>) -> Result<Balances, Failure> {
        let (accounts, shifts) = match self.as_of.clock {
            Clock::Recorded => (addresses.len(), None),
            Clock::Effective => {
                let (accounts, shifts) = self.shifts(addresses, asset).await?;
                (accounts, Some(shifts))
            }
        };
        let mut all = self.recorded_balances(&addresses[..accounts], asset).await?;
        if let Some(shifts) = shifts {
            self.shift(&mut all, shifts).await?;
        }
        Ok(Balances { accounts, all })
    }

    /// Returns the balances as they were recorded by then.
    async fn recorded_balances(
        &mut self,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<BTreeMap<BalanceKey, Balance>, Failure> {
        let texts: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        let lists = self.reads.last_lists(&texts, asset, self.recorded).await?;
        let before = entry_number(self.recorded)?;
        let mut last: BTreeMap<BalanceKey, EntryNumber> = BTreeMap::new();
        for list in lists {
            let movements = list.movements()?;
            if let Some(number) = movements.entries.into_iter().rev().find(|number| *number < before) {
                let known = last.entry(movements.key).or_insert(number);
                *known = number.max(*known);
            }
        }
        self.look(last.len())?;
        let mut wanted: BTreeMap<i64, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for (key, number) in &last {
            let own = wanted.entry(number.0.cast_signed()).or_default();
            own.insert((key.account.as_str(), key.asset.as_str()));
        }
        let mut balances = BTreeMap::new();
        let numbers: Vec<i64> = wanted.keys().copied().collect();
        self.read(&numbers, |row| {
            let own = wanted.get(&row.number);
            let is_wanted =
                |account: &str, asset: &str| own.is_some_and(|own| own.contains(&(account, asset)));
            balances.extend(row.balances(is_wanted)?);
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

    /// Returns what was kept beside accounts, of those that had been changed.
    async fn kept(
        &mut self,
        addresses: &[Address],
    ) -> Result<BTreeMap<Address, (Policy, Metadata)>, Failure> {
        let texts: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        let rows = self.reads.kept(&texts, self.recorded).await?;
        let mut kept = BTreeMap::new();
        let mut earlier: BTreeMap<i64, Address> = BTreeMap::new();
        for row in rows {
            let (number, address) = (row.number, row.address()?);
            match row.account()? {
                Some(account) => drop(kept.insert(address, (account.policy, account.metadata))),
                None => drop(earlier.insert(number, address)),
            }
        }
        let numbers: Vec<i64> = earlier.keys().copied().collect();
        self.read(&numbers, |row| {
            let change = row.account_change()?;
            kept.insert(change.account, (change.policy, change.metadata));
            Ok(())
        })
        .await?;
        match earlier.into_iter().find(|(_, address)| !kept.contains_key(address)) {
            None => Ok(kept),
            Some((number, address)) => {
                let problem = format!("it does not change {address}");
                Err(Corruption::new(format!("entry {number}"), problem).into())
            }
        }
    }

    /// Reads entries, one after the other, with no more of them in memory than a page may hold.
    async fn read(
        &mut self,
        numbers: &[i64],
        mut take: impl FnMut(&BodyRow) -> Result<(), Corruption> + Send,
    ) -> Result<(), Failure> {
        let mut rest = numbers;
        while !rest.is_empty() {
            let rows = self.reads.bodies(&rest[..rest.len().min(READ_AT_ONCE)]).await?;
            let differs = rows.iter().zip(rest).find(|(row, number)| row.number != **number);
            let missing =
                differs.map(|(_, number)| number).or_else(|| rest.first().filter(|_| rows.is_empty()));
            if let Some(number) = missing {
                let problem = format!("entry {number} is missing, though a list leads to it");
                return Err(Corruption::new("the log", problem).into());
            }
            rest = &rest[rows.len()..];
            for row in &rows {
                self.bytes += row.body.len();
                take(row)?;
            }
        }
        Ok(())
    }

    /// Counts what is looked at.
    fn look(&mut self, places: usize) -> Result<(), Failure> {
        self.looks = self.looks.saturating_add(places);
        if self.looks > LOOKS_MAX { Err(Failure::TooMuchToLookAt) } else { Ok(()) }
    }
}

/// How many entries are asked for at once.
const READ_AT_ONCE: usize = 500;

/// Puts accounts together from their balances and what was kept beside them. One of which there is neither is not there;
/// nor, where `only_moved`, one that has no balance.
fn accounts_of(
    addresses: &[Address],
    balances: &BTreeMap<BalanceKey, Balance>,
    mut kept: BTreeMap<Address, (Policy, Metadata)>,
    only_moved: bool,
) -> Vec<Account> {
    let mut accounts = Vec::new();
    for address in addresses {
        let own: Vec<_> = balances
            .range(lowest(address)..)
            .take_while(|(key, _)| key.account == *address)
            .map(|(key, balance)| (key.asset.clone(), *balance))
            .collect();
        let change = kept.remove(address);
        if own.is_empty() && (change.is_none() || only_moved) {
            continue;
        }
        let (policy, metadata) =
            change.unwrap_or_else(|| (Policy::standard(address).clone(), Metadata::default()));
        accounts.push(Account { address: address.clone(), policy, metadata, version: None, balances: own });
    }
    accounts
}

/// The first key that an account may have: no asset comes before it.
fn lowest(address: &Address) -> BalanceKey {
    let asset = ledger::Asset::parse("A").expect("it is an asset");
    BalanceKey { account: address.clone(), asset }
}
