//! Which entries moved a balance, as a database keeps it: their numbers as text, each with a space behind it, in
//! lists. The most recent ones stand in the balance's own row; now and then a list ends there and becomes a row of
//! its own, which never changes again. Never says which table or column that is.

use async_trait::async_trait;
use engine::port::Movements;
use engine::query::Order;
use ledger::{BalanceKey, EntryNumber};

use crate::failure::{Corruption, Failure};
use crate::rows::{Reader, stored_limit, stored_number};
use crate::spans::Numbers;

/// How many numbers a list has on average.
const LIST_LENGTH: u32 = 16;

/// Entries of a batch that moved one balance.
#[derive(Default)]
pub struct NewMovements {
    /// Their numbers, as a list has them.
    pub numbers: String,
    /// The last of them.
    pub last: EntryNumber,
    /// Whether the balance's list ends with them.
    pub end_a_list: bool,
}

impl NewMovements {
    /// Adds an entry, whose number is higher than all before.
    pub fn add(&mut self, key: &BalanceKey, entry: EntryNumber) {
        self.numbers.push_str(&entry.0.to_string());
        self.numbers.push(' ');
        self.last = entry;
        self.end_a_list |= ends_a_list(key, entry);
    }
}

/// Chooses by chance, the same for the same entry: so nobody has to know how long the list has become. Balances
/// that are always moved together get their lists at different times.
fn ends_a_list(key: &BalanceKey, entry: EntryNumber) -> bool {
    /// 2^64 divided by the golden ratio.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let texts = key.account.as_str().bytes().chain(key.asset.as_str().bytes());
    let hash =
        texts.fold(entry.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(SPREAD).rotate_left(29));
    hash.wrapping_mul(SPREAD) >> 32 < (1 << 32) / u64::from(LIST_LENGTH)
}

/// A list as it is read.
#[derive(Debug)]
pub struct ListRow {
    /// The account.
    pub address: String,
    /// The asset.
    pub asset: String,
    /// The last entry of a list that has ended.
    pub last: Option<i64>,
    /// The numbers.
    pub numbers: String,
}

impl ListRow {
    /// Returns the numbers, which ascend.
    fn numbers(&self) -> Result<Vec<i64>, Corruption> {
        let mut numbers: Vec<i64> = Vec::with_capacity(self.numbers.len() / 4);
        for text in self.numbers.split_terminator(' ') {
            match text.parse() {
                Ok(number) if number >= 0 && numbers.last().is_none_or(|last| *last < number) => {
                    numbers.push(number);
                }
                _ => return Err(self.corrupt(format!("{text:?} as the next entry's number"))),
            }
        }
        if let Some(last) = self.last
            && numbers.last() != Some(&last)
        {
            return Err(self.corrupt(format!("a list that ends with entry {last} does not")));
        }
        Ok(numbers)
    }

    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn movements(&self) -> Result<Movements, Corruption> {
        let place = || self.place();
        let reader = Reader::at(&place);
        let key = BalanceKey { account: reader.address(&self.address)?, asset: reader.asset(&self.asset)? };
        let number = |number: i64| EntryNumber(number.unsigned_abs());
        let entries = self.numbers()?.into_iter().map(number).collect();
        Ok(Movements { key, until: self.last.map(number), entries })
    }

    fn place(&self) -> String {
        format!("the movements of {} in {}", self.address, self.asset)
    }

    fn corrupt(&self, problem: String) -> Corruption {
        Corruption::new(self.place(), problem)
    }
}

/// Returns the place in the order of a ledger's lists after which the next ones are to be read: address, asset and
/// last entry; the last list of a balance stands behind all others of it.
#[must_use]
pub fn lists_after(after: Option<&Movements>) -> (&str, &str, i64) {
    after.map_or(("", "", -1), |list| {
        (list.key.account.as_str(), list.key.asset.as_str(), list.until.map_or(i64::MAX, stored_number))
    })
}

/// An account whose movements are asked for, in one asset or in all.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'q> {
    /// The account.
    pub account: &'q str,
    /// The asset.
    pub asset: Option<&'q str>,
}

/// Reads the lists of an account or of several, of one asset or of all.
#[async_trait]
pub trait ListReads: Send {
    /// Returns about how many balances there are, over which the movements are spread.
    fn balances(&self) -> i64 {
        1
    }

    /// Reads, for each balance, all of its last list, and of the lists that have ended up to `max` that may have
    /// entries in `range`, beginning at the end where the order begins. By account and asset, in any order otherwise.
    async fn lists(&mut self, range: Numbers, order: Order, max: i64) -> Result<Vec<ListRow>, Failure>;
}

/// Returns the first `rows` entries within a range that moved an account of those that are read, or all there are, in
/// order.
///
/// # Errors
/// Where the lists cannot be read.
pub async fn entries_that_moved(
    reads: &mut dyn ListReads,
    mut range: Numbers,
    order: Order,
    rows: i64,
) -> Result<Vec<i64>, Failure> {
    let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    while found.len() < wanted && range.from < range.before {
        let missing = stored_limit(wanted - found.len());
        let max = missing / i64::from(LIST_LENGTH) / reads.balances().max(1) + 4;
        let (part, reached) = part(&reads.lists(range, order, max).await?, range, order, max)?;
        found.extend(part);
        match (reached, order) {
            (None, _) => break,
            (Some(reached), Order::Ascending) => range.from = reached.saturating_add(1),
            (Some(reached), Order::Descending) => range.before = reached,
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// Returns the entries of the range that are in the lists, in order, up to where they are known of all balances; and
/// that place, where it is not the end.
fn part(
    rows: &[ListRow],
    range: Numbers,
    order: Order,
    max: i64,
) -> Result<(Vec<i64>, Option<i64>), Corruption> {
    let mut found = Vec::new();
    let mut reached: Option<i64> = None;
    for lists in rows.chunk_by(|a, b| a.address == b.address && a.asset == b.asset) {
        // Lists follow each other: those that ended say how far all of this balance is known.
        let mut known_to = Vec::new();
        for list in lists {
            let numbers = list.numbers()?;
            if list.last.is_some() {
                known_to.extend(match order {
                    Order::Ascending => list.last,
                    Order::Descending => numbers.first().copied(),
                });
            }
            found.extend(numbers);
        }
        if stored_limit(known_to.len()) >= max {
            reached = match order {
                Order::Ascending => known_to.into_iter().max().into_iter().chain(reached).min(),
                Order::Descending => known_to.into_iter().min().max(reached),
            };
        }
    }
    found.retain(|number| {
        range.from <= *number
            && *number < range.before
            && reached.is_none_or(|reached| match order {
                Order::Ascending => *number <= reached,
                Order::Descending => *number >= reached,
            })
    });
    found.sort_unstable();
    found.dedup();
    if order == Order::Descending {
        found.reverse();
    }
    Ok((found, reached))
}

#[cfg(test)]
pub(crate) mod tests;
