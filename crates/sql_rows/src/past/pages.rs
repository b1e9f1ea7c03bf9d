//! Pages of accounts and of groups as they were. They end where enough was looked at, and lead on.

use async_trait::async_trait;
use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, BalanceSum, LOOKS_MAX, PAGE_WEIGHT_MAX, Page,
    account_weight, scan_max,
};
use ledger::{Address, Asset};

use super::{Past, PastReads, Posted, Scope};
use crate::accounts::{end_of, first_behind};
use crate::failure::{Corruption, Failure};
use crate::groups::{Group, GroupReads, sum_groups};
use crate::rows::{Reader, stored_limit};

/// How many accounts are gone back for at once.
const ACCOUNTS_AT_ONCE: usize = 200;

impl Past<'_> {
    /// Says whether so much was looked at that a page had better end.
    fn is_enough(&self) -> bool {
        self.looks >= LOOKS_MAX / 2 || self.bytes >= 4 * PAGE_WEIGHT_MAX
    }

    /// Returns how many accounts to go back for at once, of up to `wanted`.
    fn at_once(&self, wanted: usize) -> usize {
        match self.posted {
            Posted::Recorded | Posted::Shifted(_) => wanted.clamp(1, ACCOUNTS_AT_ONCE),
            Posted::SummedUp => 1,
        }
    }

    async fn next_addresses(
        &mut self,
        among: Among,
        after: &str,
        from: &str,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Address>, Failure> {
        let (from, limit) = (first_behind(from, after), stored_limit(limit));
        let found = match among {
            Among::All => self.reads.addresses(&from, before, limit).await?,
            Among::Changed => self.reads.changed_addresses(&from, before, limit).await?,
        };
        let place = || "the list of accounts".to_owned();
        let reader = Reader::at(&place);
        Ok(found.iter().map(|text| reader.address(text)).collect::<Result<_, Corruption>>()?)
    }
}

/// Which accounts are gone back for.
#[derive(Clone, Copy)]
enum Among {
    /// Those that ever moved or were changed.
    All,
    /// Those that were ever changed: no others have metadata.
    Changed,
}

/// Reads a page of accounts as they were.
///
/// # Errors
/// Those of [`Failure`].
pub async fn accounts_as_of(
    reads: &mut dyn PastReads,
    query: &AccountQuery,
    as_of: AsOf,
) -> Result<Page<Account, Address>, Failure> {
    let prefix = query.prefix.as_deref().unwrap_or_default();
    let end = end_of(prefix);
    let asset = query.asset.as_ref().map(Asset::as_str);
    let among = if query.metadata.is_empty() { Among::All } else { Among::Changed };
    let mut past = Past::at(reads, as_of, Scope::Prefix(prefix)).await?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = query.after.clone();
    let (mut looked_at, mut weight) = (0, 0);
    loop {
        let wanted = past.at_once(query.limit.saturating_sub(page.items.len()));
        let after = last.as_ref().map_or("", Address::as_str);
        let addresses = past.next_addresses(among, after, prefix, &end, wanted).await?;
        if addresses.is_empty() {
            return Ok(page);
        }
        let is_over = page.items.len() >= query.limit
            || looked_at >= scan_max(query.limit)
            || weight >= PAGE_WEIGHT_MAX;
        if is_over || (looked_at > 0 && past.is_enough()) {
            page.next = last;
            return Ok(page);
        }
        let accounts = match past.accounts(&addresses, asset).await {
            // The next page may look at as much again.
            Err(Failure::TooMuchToLookAt) if looked_at > 0 => {
                page.next = last;
                return Ok(page);
            }
            accounts => accounts?,
        };
        looked_at += addresses.len();
        last = addresses.last().cloned();
        for account in accounts.into_iter().filter(|account| query.matches_metadata(&account.metadata)) {
            if weight >= PAGE_WEIGHT_MAX {
                page.next = page.items.last().map(|last: &Account| last.address.clone());
                return Ok(page);
            }
            weight += account_weight(&account);
            page.items.push(account);
        }
    }
}

/// Reads a page of groups as they were.
///
/// # Errors
/// Those of [`Failure`].
pub async fn sum_groups_as_of(
    reads: &mut dyn PastReads,
    query: &BalanceQuery,
    as_of: AsOf,
) -> Result<Page<BalanceGroup, String>, Failure> {
    let prefix = query.prefix.as_deref().unwrap_or_default();
    let mut past = Past::at(reads, as_of, Scope::Prefix(prefix)).await?;
    sum_groups(&mut past, query).await
}

/// Groups as they were. All that there is a group of by now is there to be looked at.
#[async_trait]
impl GroupReads for Past<'_> {
    async fn first_address(&mut self, from: &str, before: &str) -> Result<Option<String>, Failure> {
        self.reads.first_address(from, before).await
    }

    async fn first_parent(
        &mut self,
        names: &[&str],
        from: &str,
        before: &str,
    ) -> Result<Option<String>, Failure> {
        self.reads.first_parent(names, from, before).await
    }

    async fn sum(&mut self, group: &Group) -> Result<Vec<(String, BalanceSum)>, Failure> {
        let mut sums = std::collections::BTreeMap::<Asset, BalanceSum>::new();
        if !group.own.is_empty() {
            let place = || "the list of accounts".to_owned();
            let own = Reader::at(&place).address(&group.own)?;
            self.add_to(&mut sums, &[own]).await?;
        }
        // An empty range has none.
        let mut after = Some(String::new()).filter(|_| group.from < group.before);
        while let Some(last) = after {
            let limit = self.at_once(usize::MAX);
            let addresses = self.next_addresses(Among::All, &last, &group.from, &group.before, limit).await?;
            if addresses.is_empty() {
                break;
            }
            after = addresses.last().map(Address::to_string);
            self.add_to(&mut sums, &addresses).await?;
        }
        Ok(sums.into_iter().map(|(asset, sum)| (asset.as_str().to_owned(), sum)).collect())
    }

    fn is_enough(&self) -> bool {
        Past::is_enough(self)
    }
}

impl Past<'_> {
    async fn add_to(
        &mut self,
        sums: &mut std::collections::BTreeMap<Asset, BalanceSum>,
        addresses: &[Address],
    ) -> Result<(), Failure> {
        self.look(addresses.len())?;
        for (key, balance) in self.balances(addresses, None).await? {
            sums.entry(key.asset).or_default().add(&balance);
        }
        Ok(())
    }
}
