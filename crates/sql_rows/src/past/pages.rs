//! Pages of accounts as they were. They end where enough was looked at, and lead on.

use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, LOOKS_MAX, PAGE_WEIGHT_MAX, Page, SCAN_MAX,
    account_weight,
};
use ledger::{Address, Asset};

use super::portion::Groups;
use super::{Past, PastReads, accounts_of};
use crate::accounts::{end_of, first_behind};
use crate::failure::{Corruption, Failure};
use crate::groups::sum_groups;
use crate::rows::{Reader, stored_limit};

/// How many accounts are gone back for at once, at most,
pub(super) const ACCOUNTS_AT_ONCE: usize = 200;
/// and at least, where the first ones were not all there.
const ACCOUNTS_AT_LEAST: usize = 8;

/// How many accounts are looked at for a page, unless it may have more: half of what a page of today's may look at, since
/// each is gone back for.
const ACCOUNTS_MAX: usize = SCAN_MAX / 2;

/// Which accounts are gone back for.
#[derive(Clone, Copy)]
pub(super) enum Among {
    /// Those that ever moved or were changed.
    All,
    /// Those that were ever changed: no others have metadata.
    Changed,
}

impl Past<'_> {
    /// Says whether so much was looked at that a page had better end.
    pub(super) fn is_enough(&self) -> bool {
        self.looks >= LOOKS_MAX / 2 || self.bytes >= 4 * PAGE_WEIGHT_MAX
    }

    pub(super) async fn next_addresses(
        &mut self,
        among: Among,
        from: &str,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Address>, Failure> {
        let limit = stored_limit(limit);
        let found = match among {
            Among::All => self.reads.addresses(from, before, limit).await?,
            Among::Changed => self.reads.changed_addresses(from, before, limit).await?,
        };
        let place = || "the list of accounts".to_owned();
        let reader = Reader::at(&place);
        Ok(found.iter().map(|text| reader.address(text)).collect::<Result<_, Corruption>>()?)
    }

    /// Returns those of the accounts that are asked for and were there, and the last account that this is the answer up to:
    /// one at least. No balance is read of an account without the metadata that is asked for.
    async fn matching(
        &mut self,
        query: &AccountQuery,
        addresses: &[Address],
        room: usize,
    ) -> Result<Matching, Failure> {
        let kept = self.kept(addresses).await?;
        let has_metadata = |address: &&Address| match kept.get(*address) {
            Some((_, metadata)) => query.matches_metadata(metadata),
            None => query.metadata.is_empty(),
        };
        let mut candidates: Vec<Address> = addresses.iter().filter(has_metadata).cloned().collect();
        let mut until = addresses.last();
        if !query.metadata.is_empty() && candidates.len() > room {
            candidates.truncate(room);
            until = candidates.last();
        }
        let until = until.cloned();
        if candidates.is_empty() {
            return Ok(Matching { until, accounts: Vec::new() });
        }
        let asset = query.asset.as_ref().map(Asset::as_str);
        let balances = self.balances(&candidates, asset).await?;
        let is_whole = balances.accounts == candidates.len();
        candidates.truncate(balances.accounts);
        let accounts = accounts_of(&candidates, &balances.all, kept, asset.is_some());
        Ok(Matching { until: if is_whole { until } else { candidates.pop() }, accounts })
    }
}

/// Accounts that were there.
struct Matching {
    /// The last account that was looked at.
    until: Option<Address>,
    /// Those up to it.
    accounts: Vec<Account>,
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
    let among = if query.metadata.is_empty() { Among::All } else { Among::Changed };
    let mut past = Past::at(reads, as_of).await?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = query.after.clone();
    let (mut looked_at, mut weight) = (0, 0);
    loop {
        let room = query.limit.saturating_sub(page.items.len());
        let wanted = match among {
            Among::All if looked_at == 0 => room.clamp(1, ACCOUNTS_AT_ONCE),
            Among::All => room.saturating_mul(2).clamp(ACCOUNTS_AT_LEAST, ACCOUNTS_AT_ONCE),
            // What is kept beside them is read first, and little of the rest.
            Among::Changed => ACCOUNTS_AT_ONCE,
        };
        let after = last.as_ref().map_or("", Address::as_str);
        let addresses = past.next_addresses(among, &first_behind(prefix, after), &end, wanted).await?;
        if addresses.is_empty() {
            return Ok(page);
        }
        let is_over = room == 0 || looked_at >= query.limit.max(ACCOUNTS_MAX) || weight >= PAGE_WEIGHT_MAX;
        if is_over || (looked_at > 0 && past.is_enough()) {
            page.next = last;
            return Ok(page);
        }
        let Matching { until, accounts } = match past.matching(query, &addresses, room.max(1)).await {
            // The next page may look at as much again.
            Err(Failure::TooMuchToLookAt) if looked_at > 0 => {
                page.next = last;
                return Ok(page);
            }
            found => found?,
        };
        looked_at += addresses.iter().take_while(|address| until.as_ref() >= Some(*address)).count();
        last = until;
        for account in accounts {
            if page.items.len() >= query.limit || weight >= PAGE_WEIGHT_MAX {
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
    let end = end_of(query.prefix.as_deref().unwrap_or_default());
    let past = Past::at(reads, as_of).await?;
    sum_groups(&mut Groups::new(past, end, query.limit), query).await
}
