//! Ways through a ledger to the transactions that a query asks for: which index leads there past the fewest others.
//! Never looks at an entry, and at a bounded number of places of an index.

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::query::{AddressPattern, AmountRange, TransactionQuery, scan_max};
use ledger::{Address, Reference};

use crate::failure::Failure;
use crate::rows::one_more;

/// So many transactions of one pair are few: less than what any other way may lead past.
const FEW: i64 = 1_000;

/// So many balances of accounts under an address are merged at most. Accounts under one address with more of them
/// together are on many of the entries that a walk comes by.
const MERGED_MAX: i64 = 256;

/// A way through a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'q> {
    /// To the one with a reference.
    Reference(&'q str),
    /// Through those that have a key with its value.
    Pair(MetadataPair),
    /// Through those that moved an account.
    Account(&'q str),
    /// Through those that moved accounts under an address, which have so many balances together, or had just now.
    Under(&'q str, i64),
    /// Through all of them.
    All,
}

/// What the choice of a way asks of a ledger.
#[async_trait]
pub trait WayReads: Send {
    /// Counts the transactions that have a pair, up to `max`.
    async fn count_by_pair(&mut self, pair: MetadataPair, max: i64) -> Result<i64, Failure>;

    /// Counts the balances of accounts under an address, up to `max`.
    async fn count_balances_under(&mut self, address: &str, max: i64) -> Result<i64, Failure>;
}

/// Chooses the way: a reference; a pair that few have; an account; accounts under an address, where they are not too
/// many; the rarest pair; `world`, which is on most; and all, where nothing leads anywhere.
///
/// # Errors
/// Where the ledger cannot be read.
pub async fn choose_way<'q>(
    reads: &mut dyn WayReads,
    query: &'q TransactionQuery,
) -> Result<Way<'q>, Failure> {
    if let Some(reference) = &query.reference {
        return Ok(Way::Reference(Reference::as_str(reference)));
    }
    let (account, under) = (account_to_walk(query), under_to_walk(query));
    let narrow_account = account.filter(|account| !account.is_world());
    let pair = match &query.metadata[..] {
        [] => None,
        [(key, value)] if narrow_account.is_none() && under.is_none() => {
            return Ok(Way::Pair(MetadataPair::of(key, value)));
        }
        pairs => Some(rarest(reads, pairs).await?),
    };
    if let Some((pair, count)) = pair
        && count < FEW
    {
        return Ok(Way::Pair(pair));
    }
    if let Some(account) = narrow_account {
        return Ok(Way::Account(account.as_str()));
    }
    if let Some(address) = under {
        let balances = reads.count_balances_under(address.as_str(), MERGED_MAX + 1).await?;
        if balances <= MERGED_MAX {
            return Ok(Way::Under(address.as_str(), balances));
        }
    }
    Ok(match (pair, account) {
        (Some((pair, _)), _) => Way::Pair(pair),
        (None, Some(account)) => Way::Account(account.as_str()),
        (None, None) => Way::All,
    })
}

/// Returns the pair that the fewest transactions have, and how many these are, as far as they are few.
async fn rarest(
    reads: &mut dyn WayReads,
    pairs: &[(String, String)],
) -> Result<(MetadataPair, i64), Failure> {
    let mut rarest: Option<(MetadataPair, i64)> = None;
    for (key, value) in pairs {
        let pair = MetadataPair::of(key, value);
        let max = rarest.map_or(FEW, |(_, count)| count);
        let count = reads.count_by_pair(pair, max).await?;
        if rarest.is_none() || count < max {
            rarest = Some((pair, count));
        }
        if count == 0 {
            break;
        }
    }
    Ok(rarest.expect("there is a pair"))
}

/// Returns the one account that all matching transactions touch; rather another one than `world`, which
/// is on most of them.
fn account_to_walk(query: &TransactionQuery) -> Option<&Address> {
    patterns(query)
        .into_iter()
        .filter_map(|pattern| match pattern {
            Some(AddressPattern::Exactly(address)) => Some(address),
            Some(AddressPattern::Under(_)) | None => None,
        })
        .min_by_key(|address| address.is_world())
}

/// Returns the address under which all matching transactions touch an account; the longest, where there are several.
fn under_to_walk(query: &TransactionQuery) -> Option<&Address> {
    patterns(query)
        .into_iter()
        .filter_map(|pattern| match pattern {
            Some(AddressPattern::Under(address)) => Some(address),
            Some(AddressPattern::Exactly(_)) | None => None,
        })
        .max_by_key(|address| address.as_str().len())
}

fn patterns(query: &TransactionQuery) -> [Option<&AddressPattern>; 3] {
    [query.account.as_ref(), query.source.as_ref(), query.destination.as_ref()]
}

/// Returns the texts between which the addresses under an address lie, and none of which is one.
#[must_use]
pub fn addresses_under(address: &str) -> (String, String) {
    // What follows a colon in ASCII is a semicolon.
    (format!("{address}:"), format!("{address};"))
}

impl Way<'_> {
    /// Returns how many rows one page can need: the rest of them would only be read to be thrown away. Those that moved
    /// an account are transactions; among all others there may be any number of other entries.
    #[must_use]
    pub fn rows_wanted(&self, query: &TransactionQuery) -> i64 {
        let TransactionQuery { account, source, destination, asset, amount, metadata, .. } = query;
        let no_sides = source.is_none() && destination.is_none() && *amount == AmountRange::default();
        let all_match = match self {
            Self::Account(_) => {
                matches!(account, Some(AddressPattern::Exactly(_))) && no_sides && metadata.is_empty()
            }
            Self::Pair(_) => account.is_none() && no_sides && asset.is_none() && metadata.len() == 1,
            Self::Under(..) => {
                matches!(account, Some(AddressPattern::Under(_))) && no_sides && metadata.is_empty()
            }
            Self::Reference(_) | Self::All => false,
        };
        one_more(if all_match { query.limit } else { scan_max(query.limit) })
    }
}

/// Says whether most rows will do, as no filter is in their way.
#[must_use]
pub fn most_rows_match(query: &TransactionQuery) -> bool {
    patterns(query).iter().all(Option::is_none)
        && query.asset.is_none()
        && query.amount == AmountRange::default()
        && query.metadata.is_empty()
}

#[cfg(test)]
mod tests;
