//! Pages of groups by one segment, from the sums that are kept by root. How many accounts a group has does not count.
//!
//! A group is what is kept under its root and the account of its own name, if there is one. Both come in the order of the
//! groups' names: neither lies between the accounts of another group.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::query::{BalanceGroup, BalanceQuery, BalanceSum, Page};
use ledger::{Address, Asset, Balance, BalanceKey, BalanceTotal, RootKey};

use super::{GroupReads, PORTION_MAX, PORTION_MIN, sum_groups};
use crate::accounts::{end_of, first_behind};
use crate::failure::Failure;
use crate::rows::{Reader, stored_limit};

/// What is asked of a store that keeps sums, of one ledger as it is.
#[async_trait]
pub trait KeptReads: GroupReads {
    /// Returns the first of the sums that are kept, up to `limit`, with roots from one text on and before another, by root
    /// and asset.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn kept_sums(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, Failure>;

    /// Returns all balances of the first accounts of one segment, up to `limit` accounts, from one address on and before
    /// another, by account and asset. Leaps over what lies under roots.
    ///
    /// # Errors
    /// Those of [`Failure`].
    async fn own_balances(
        &mut self,
        from: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<(BalanceKey, Balance)>, Failure>;
}

/// Reads a page of groups as they are: from the sums that are kept, where these are the groups that are asked for.
///
/// # Errors
/// Those of [`Failure`].
pub async fn sum_groups_now(
    reads: &mut dyn KeptReads,
    query: &BalanceQuery,
) -> Result<Page<BalanceGroup, String>, Failure> {
    match WholeGroups::of(query) {
        Some(groups) => groups.page(reads, query).await,
        None => sum_groups(reads, query).await,
    }
}

/// Which groups a query asks for, where it asks for whole ones.
struct WholeGroups {
    /// The first name that may be one,
    from: String,
    /// and the first that is none any more.
    before: String,
    /// Whether the accounts of the groups' own names are part of them.
    with_own: bool,
}

/// The groups that one look at a part of them found, with their sums by asset.
type Found = BTreeMap<String, BTreeMap<Asset, BalanceTotal>>;

impl WholeGroups {
    /// Returns the groups of a query; `None` where they have more than one segment, or where its prefix lets a part of
    /// a group through alone.
    fn of(query: &BalanceQuery) -> Option<Self> {
        let prefix = query.prefix.as_deref().unwrap_or_default();
        if query.depth > 1 {
            return None;
        }
        match prefix.split_once(':') {
            None => Some(Self { from: prefix.to_owned(), before: end_of(prefix), with_own: true }),
            Some((root, "")) => Some(Self { from: root.to_owned(), before: behind(root), with_own: false }),
            Some(_) => None,
        }
    }

    /// Reads a page of groups.
    async fn page(
        &self,
        reads: &mut dyn KeptReads,
        query: &BalanceQuery,
    ) -> Result<Page<BalanceGroup, String>, Failure> {
        let limit = query.limit.max(1);
        let mut portion = limit.saturating_add(1).saturating_mul(2).clamp(PORTION_MIN, PORTION_MAX);
        let mut after = query.after.clone().unwrap_or_default();
        let mut items = Vec::new();
        while items.len() <= limit {
            let (found, known_to) = self.look(reads, &after, limit, portion).await?;
            if found.is_empty() && known_to.is_some() {
                // One group alone has more assets than that.
                portion = portion.saturating_mul(2);
                continue;
            }
            for (name, sums) in found {
                items.push(group(&name, sums)?);
            }
            let Some(known_to) = known_to else { break };
            after = known_to;
        }
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|group| group.address.as_str().to_owned());
        Ok(Page { items, next })
    }

    /// Finds the groups behind a name, and the name up to which these are all; `None` where there are no more. Finds none
    /// and goes on where the first group takes more than a portion.
    async fn look(
        &self,
        reads: &mut dyn KeptReads,
        after: &str,
        limit: usize,
        portion: usize,
    ) -> Result<(Found, Option<String>), Failure> {
        let from = first_behind(&self.from, after);
        let mut sums = reads.kept_sums(&from, &self.before, stored_limit(portion)).await?;
        let mut known_to = None;
        if sums.len() >= portion {
            // The last root may have more sums than these.
            let last = sums.pop().map(|(key, _)| key.root);
            sums.retain(|(key, _)| Some(&key.root) != last.as_ref());
            let Some((RootKey { root, .. }, _)) = sums.last() else {
                return Ok((Found::new(), Some(after.to_owned())));
            };
            known_to = Some(root.as_str().to_owned());
        }
        let mut found = Found::new();
        if self.with_own {
            let before = known_to.as_deref().map_or_else(|| self.before.clone(), behind);
            let wanted = limit.saturating_add(1);
            let own = reads.own_balances(&from, &before, stored_limit(wanted)).await?;
            let mut last = None;
            for (BalanceKey { account, asset }, balance) in own {
                add(&mut found, account.as_str(), asset, &BalanceTotal::from(balance));
                last = Some(account);
            }
            if found.len() >= wanted {
                known_to = last.map(|account: Address| account.as_str().to_owned());
            }
        }
        for (RootKey { root, asset }, sum) in sums {
            if known_to.as_deref().is_none_or(|known_to| root.as_str() <= known_to) {
                add(&mut found, root.as_str(), asset, &sum);
            }
        }
        Ok((found, known_to))
    }
}

/// The first text behind a name and before all other names: `!` comes before every sign of one.
fn behind(name: &str) -> String {
    format!("{name}!")
}

fn add(found: &mut Found, name: &str, asset: Asset, sum: &BalanceTotal) {
    found.entry(name.to_owned()).or_default().entry(asset).or_default().add(sum);
}

fn group(name: &str, sums: BTreeMap<Asset, BalanceTotal>) -> Result<BalanceGroup, Failure> {
    let place = || format!("the sums of {name}");
    let balances = sums.into_iter().map(|(asset, sum)| (asset, BalanceSum::from(sum))).collect();
    Ok(BalanceGroup { address: Reader::at(&place).address(name)?, balances })
}
