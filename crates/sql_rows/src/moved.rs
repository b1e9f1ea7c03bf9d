//! Entries that moved accounts in the order of their effective times, merged from two ways: those that count when they
//! were recorded are in that order by their numbers, and those that do not are kept by account. Never looks at many more
//! than a page may need, however many there are, and never reads an entry that is not among the first.

use std::collections::BTreeSet;

use async_trait::async_trait;
use engine::query::{Order, SORTED_MAX};

use crate::failure::{Corruption, Failure};
use crate::movements::{ListReads, entries_that_moved};
use crate::rows::{one_more, stored_limit};
use crate::sorting::{SortingReads, between, ends, number_at};
use crate::spans::{EffectivePlace, EffectivePlaces, Numbers};

/// What is asked of a store to merge the two, of the accounts of one ledger that the lists are of.
#[async_trait]
pub trait MovedReads: ListReads + SortingReads {
    /// Returns where entries are that posted to the accounts or from them, in any asset, and count at another time than they
    /// were recorded at: up to `rows`, in any order, some of them several times. Those outside of the places may be left
    /// out.
    async fn shifted(&mut self, places: EffectivePlaces, rows: i64) -> Result<Vec<EffectivePlace>, Failure>;

    /// Returns up to `rows` of the entries that lie within places, by effective time.
    async fn sorted(
        &mut self,
        numbers: &[i64],
        places: EffectivePlaces,
        order: Order,
        rows: i64,
    ) -> Result<Vec<i64>, Failure>;
}

/// A row of `shifted_movements`, with the time when its entry counts.
pub struct ShiftedPlaceRow {
    /// The entry.
    pub number: i64,
    /// When it counts; none where the index of such entries does not have it.
    pub time: Option<i64>,
}

impl ShiftedPlaceRow {
    /// Returns where the entry is. Nobody can say of one that is missing which pages it belongs to, so it is never
    /// overlooked.
    ///
    /// # Errors
    /// Where the entry is missing.
    pub fn place(&self) -> Result<EffectivePlace, Corruption> {
        let number = self.number;
        let missing =
            || Corruption::new("the log", format!("entry {number} is missing, though it moved an account"));
        Ok(EffectivePlace { time: self.time.ok_or_else(missing)?, number })
    }
}

/// What is known of accounts before any page of their entries by effective time is read.
pub struct MovedByEffectiveTime {
    /// Where the entries are that count at another time than they were recorded at, in order.
    shifted: Vec<EffectivePlace>,
}

impl MovedByEffectiveTime {
    /// Begins with what lies within places; `None` where that is too much to be sorted for one page.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn of(reads: &mut dyn MovedReads, places: EffectivePlaces) -> Result<Option<Self>, Failure> {
        let mut shifted = reads.shifted(places, one_more(SORTED_MAX)).await?;
        if shifted.len() > SORTED_MAX {
            return Ok(None);
        }
        shifted.sort_unstable();
        shifted.dedup();
        Ok(Some(Self { shifted }))
    }

    /// Returns the first `rows` entries within places with a posting of one of the accounts, or all there are, in order, and
    /// among them some in other assets than the lists are of; `None` where that would take too much. The places have to lie
    /// within those that this began with.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn first(
        &self,
        reads: &mut dyn MovedReads,
        places: EffectivePlaces,
        order: Order,
        rows: i64,
    ) -> Result<Option<Vec<i64>>, Failure> {
        let range = Numbers {
            from: number_at(reads, places.from).await?,
            before: number_at(reads, places.before).await?,
        };
        let most = usize::try_from(rows).unwrap_or(usize::MAX);
        let Some(mut first) = self.plain(reads, range, order, most).await? else { return Ok(None) };
        let shifted = ends(between(&self.shifted, &places.from, &places.before), order, most);
        if shifted.is_empty() {
            return Ok(Some(first));
        }
        first.extend(shifted.iter().map(|place| place.number));
        Ok(Some(reads.sorted(&first, places, order, rows).await?))
    }

    /// Returns the first entries of a range that count when they were recorded, in order. One that posted nothing and counts
    /// at another time is not in `shifted`: it is left out here as well.
    async fn plain(
        &self,
        reads: &mut dyn MovedReads,
        mut range: Numbers,
        order: Order,
        most: usize,
    ) -> Result<Option<Vec<i64>>, Failure> {
        let is_within = |place: &&EffectivePlace| range.from <= place.number && place.number < range.before;
        let shifted = self.shifted.iter().filter(is_within).count();
        let (mut plain, mut looked_at, mut spare) = (Vec::new(), 0, most);
        while plain.len() < most {
            if looked_at > most.saturating_add(2 * SORTED_MAX) {
                return Ok(None);
            }
            // As many as will be left out, if these come first; at the start they seldom do.
            let asked = (most - plain.len()).saturating_add(spare.min(shifted));
            let found = entries_that_moved(reads, range, order, stored_limit(asked)).await?;
            let others = reads.shifted_among(&found).await?;
            let others: BTreeSet<i64> = others.into_iter().map(|(number, _)| number).collect();
            plain.extend(found.iter().filter(|number| !others.contains(number)));
            match found.last() {
                Some(last) if found.len() >= asked => match order {
                    Order::Ascending => range.from = last.saturating_add(1),
                    Order::Descending => range.before = *last,
                },
                _ => break,
            }
            looked_at += found.len();
            spare = spare.saturating_mul(2);
        }
        plain.truncate(most);
        Ok(Some(plain))
    }
}

#[cfg(test)]
mod tests;
