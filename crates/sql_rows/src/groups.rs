//! Sums of balances over groups of accounts, group after group in the byte order of their names. Leaps from
//! group to group through an index; only the sums of a group are ever in memory.
//!
//! The accounts of a group need not lie side by side: `users-2` stands between `users` and `users:1`,
//! because `-` and digits come before `:`. So a group is the account of its own name, if there is one,
//! together with the range of what begins with the name and a colon.
//!
//! Groups by one segment are not added up where their sums are kept, which is all but those of earlier moments.

mod ahead;
mod kept;

use async_trait::async_trait;
use engine::query::{BalanceGroup, BalanceQuery, BalanceSum, Page, scan_max};
use ledger::{Address, Balance, BalanceKey};

use self::ahead::Ahead;
pub use self::kept::{KeptReads, sum_groups_now};
use crate::accounts::end_of;
use crate::failure::Failure;
use crate::rows::{Reader, stored_limit};

/// What is asked of a store to sum groups, of one ledger at one moment.
#[async_trait]
pub trait GroupReads: Send {
    /// Returns the first account with a balance from one address on and before another.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn first_address(&mut self, from: &str, before: &str) -> Result<Option<String>, Failure>;

    /// Returns the first of the names under which an account lies that is from one address on and before
    /// another.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn first_parent(
        &mut self,
        names: &[&str],
        from: &str,
        before: &str,
    ) -> Result<Option<String>, Failure>;

    /// Returns the first balances, up to `limit`, of accounts from one address on and before another, by address; `None`
    /// where that is no help to sum groups.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn balances(
        &mut self,
        _from: &str,
        _before: &str,
        _limit: i64,
    ) -> Result<Option<Vec<(BalanceKey, Balance)>>, Failure> {
        Ok(None)
    }

    /// Sums the balances of a group's accounts, by asset.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn sum(&mut self, group: &Group) -> Result<Vec<(String, BalanceSum)>, Failure>;

    /// Says whether summing took so much that a page had better end ahead of a group.
    fn is_enough(&self, _group: &str) -> bool {
        false
    }
}

/// The accounts of a group: one of the group's own name, unless `own` is empty, and a range.
pub struct Group {
    /// The group's name.
    pub name: String,
    /// The account of the group's name, or the empty text.
    pub own: String,
    /// The first address of the range,
    pub from: String,
    /// and the first after it.
    pub before: String,
}

/// How many balances are read ahead at least,
const PORTION_MIN: usize = 100;
/// and at most.
const PORTION_MAX: usize = 1_000;

/// Reads a page of groups. Those of which there is nothing to sum are left out.
///
/// # Errors
/// Those of [`Failure`].
pub(crate) async fn sum_groups(
    reads: &mut dyn GroupReads,
    query: &BalanceQuery,
) -> Result<Page<BalanceGroup, String>, Failure> {
    let prefix = query.prefix.clone().unwrap_or_default();
    let end = end_of(&prefix);
    // Most accounts have one balance or two, and many a group has several accounts.
    let portion = stored_limit(query.limit.saturating_mul(4).clamp(PORTION_MIN, PORTION_MAX));
    let mut groups = Groups { reads, prefix, end, depth: query.depth, ahead: Ahead::default(), portion };
    let mut page = Page { items: Vec::<BalanceGroup>::new(), next: None };
    let mut last = query.after.clone().unwrap_or_default();
    let mut looked_at = 0;
    while let Some(group) = groups.first_after(&last).await? {
        let is_over = page.items.len() >= query.limit
            || looked_at >= scan_max(query.limit)
            || groups.reads.is_enough(&group);
        if is_over && looked_at > 0 {
            page.next = Some(last);
            break;
        }
        let sums = match groups.sum(&group).await {
            // The next page may look at as much again.
            Err(Failure::TooMuchToLookAt) if looked_at > 0 => {
                page.next = Some(last);
                break;
            }
            sums => sums?,
        };
        looked_at += 1;
        last = group;
        if !sums.balances.is_empty() {
            page.items.push(sums);
        }
    }
    Ok(page)
}

/// The groups of one ledger at one moment.
struct Groups<'r> {
    reads: &'r mut dyn GroupReads,
    /// Accounts before this do not count,
    prefix: String,
    /// nor do those from this on.
    end: String,
    depth: usize,
    ahead: Ahead,
    /// How many balances to read ahead.
    portion: i64,
}

impl Groups<'_> {
    /// Returns the first group whose name comes after another one, or the empty text for the very first.
    async fn first_after(&mut self, previous: &str) -> Result<Option<String>, Failure> {
        // No character of an address comes before `-`.
        let mut from = format!("{previous}-");
        loop {
            let Some(address) = self.first_address(&from).await? else { return Ok(None) };
            let group = address.truncated(self.depth);
            if group > previous {
                return match self.hidden_before(group, previous).await? {
                    Some(hidden) => Ok(Some(hidden)),
                    None => Ok(Some(group.to_owned())),
                };
            }
            // The range of a group that had its turn: go on behind it.
            from = format!("{group};");
        }
    }

    async fn first_address(&mut self, from: &str) -> Result<Option<Address>, Failure> {
        let from = from.max(&self.prefix);
        if let Some(known) = self.ahead.first(from) {
            return Ok(Some(known.clone()));
        }
        let from = self.ahead.unknown(from).to_owned();
        if let Some(balances) = self.reads.balances(&from, &self.end, self.portion).await? {
            let first = balances.first().map(|(key, _)| key.account.clone());
            self.ahead = Ahead::new(&from, &self.end, balances, self.portion);
            return Ok(first);
        }
        let found = self.reads.first_address(&from, &self.end).await?;
        let place = || "a balance".to_owned();
        Ok(found.map(|text| Reader::at(&place).address(&text)).transpose()?)
    }

    /// Returns the first group between two others whose accounts all lie behind the latter.
    ///
    /// Its name is the beginning of the latter's, cut before a character that comes before the colon:
    /// such as `users` where `users-2` is the latter and there is no account `users`.
    async fn hidden_before(&mut self, group: &str, previous: &str) -> Result<Option<String>, Failure> {
        if group.split(':').count() < self.depth {
            return Ok(None);
        }
        let last_segment = group.rfind(':').map_or(0, |colon| colon + 1);
        let names: Vec<&str> = (last_segment + 1..group.len())
            .filter(|end| group.as_bytes()[*end] < b':')
            .map(|end| &group[..end])
            .filter(|name| *name > previous)
            .collect();
        if names.is_empty() {
            return Ok(None);
        }
        self.reads.first_parent(&names, &self.prefix, &self.end).await
    }

    async fn sum(&mut self, group: &str) -> Result<BalanceGroup, Failure> {
        let accounts = self.accounts_of(group);
        let place = || format!("the balances of {group}");
        let balances = if let Some(known) = self.ahead.sum(&accounts) {
            known
        } else {
            let mut balances = Vec::new();
            for (asset, sum) in self.reads.sum(&accounts).await? {
                balances.push((Reader::at(&place).asset(&asset)?, sum));
            }
            balances.sort_by(|(a, _), (b, _)| a.cmp(b));
            balances
        };
        Ok(BalanceGroup { address: Reader::at(&place).address(group)?, balances })
    }

    fn accounts_of(&self, group: &str) -> Group {
        let own = if group.starts_with(&self.prefix) { group } else { "" };
        let (from, before) = if group.split(':').count() < self.depth {
            (String::new(), String::new())
        } else {
            (format!("{group}:").max(self.prefix.clone()), format!("{group};").min(self.end.clone()))
        };
        Group { name: group.to_owned(), own: own.to_owned(), from, before }
    }
}
