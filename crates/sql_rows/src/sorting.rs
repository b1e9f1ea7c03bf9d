//! Entries of a way in the order of their effective times. Most count when they were recorded: these are in that order by
//! their numbers, and only the few that a page may need are looked up. Never reads an entry.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::query::Order;
use ledger::Timestamp;

use crate::failure::{Corruption, Failure};
use crate::spans::{EffectivePlace, EffectivePlaces};

/// So few entries are sorted as they are.
const FEW: usize = 100;

/// What is asked of a store to sort entries, of one ledger.
#[async_trait]
pub trait SortingReads: Send {
    /// Returns how many entries the log has.
    fn next(&self) -> i64;

    /// Returns how many entries were recorded before a time.
    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure>;

    /// Returns those of the entries that count at another time than they were recorded at, with the time when they count.
    async fn shifted_among(&mut self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, Failure>;
}

/// Entries of a way that are to be sorted by effective time.
pub enum ByEffectiveTime {
    /// So few that all of them may be looked up.
    Few(Vec<i64>),
    /// More, by whether they count when they were recorded.
    Many {
        /// Those that do, in order.
        plain: Vec<i64>,
        /// Where those are that do not, in order.
        shifted: Vec<EffectivePlace>,
    },
}

impl ByEffectiveTime {
    /// Takes entries in any order.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn of(reads: &mut dyn SortingReads, numbers: Vec<i64>) -> Result<Self, Failure> {
        if numbers.len() <= FEW {
            return Ok(Self::Few(numbers));
        }
        let times: BTreeMap<i64, i64> = reads.shifted_among(&numbers).await?.into_iter().collect();
        let mut plain = numbers;
        plain.retain(|number| !times.contains_key(number));
        plain.sort_unstable();
        let mut shifted: Vec<EffectivePlace> =
            times.into_iter().map(|(number, time)| EffectivePlace { time, number }).collect();
        shifted.sort_unstable();
        Ok(Self::Many { plain, shifted })
    }

    /// Returns those that may be among the first `rows` that lie within places, in any order.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn first(
        &self,
        reads: &mut dyn SortingReads,
        places: EffectivePlaces,
        order: Order,
        rows: i64,
    ) -> Result<Vec<i64>, Failure> {
        let (plain, shifted) = match self {
            Self::Few(numbers) => return Ok(numbers.clone()),
            Self::Many { plain, shifted } => (plain, shifted),
        };
        let (from, before) = (number_at(reads, places.from).await?, number_at(reads, places.before).await?);
        let plain = between(plain, &from, &before);
        let shifted = between(shifted, &places.from, &places.before);
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut first: Vec<i64> = ends(plain, order, rows).to_vec();
        first.extend(ends(shifted, order, rows).iter().map(|place| place.number));
        Ok(first)
    }
}

/// Returns what lies from one place on and before another.
pub(crate) fn between<'a, T: Ord>(sorted: &'a [T], from: &T, before: &T) -> &'a [T] {
    let (from, before) =
        (sorted.partition_point(|one| one < from), sorted.partition_point(|one| one < before));
    &sorted[from.min(before)..before]
}

/// Returns the first ones in an order, `rows` at most.
pub(crate) fn ends<T>(sorted: &[T], order: Order, rows: usize) -> &[T] {
    match order {
        Order::Ascending => &sorted[..rows.min(sorted.len())],
        Order::Descending => &sorted[sorted.len().saturating_sub(rows)..],
    }
}

/// Returns the number from which on entries lie at a place or behind it, of those that count when they were recorded.
pub(crate) async fn number_at<R: SortingReads + ?Sized>(
    reads: &mut R,
    place: EffectivePlace,
) -> Result<i64, Failure> {
    let bad = || Corruption::new("a place in a list", format!("{} as a time", place.time));
    let time = Timestamp::from_micros(place.time).ok_or_else(bad)?;
    if time == Timestamp::MIN && place.number <= 0 {
        return Ok(0);
    }
    let Some(behind) = time.next() else { return Ok(reads.next()) };
    let first = reads.recorded_before(time).await?;
    if place.number <= first {
        return Ok(first);
    }
    Ok(place.number.min(reads.recorded_before(behind).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movements::tests::ready;

    /// Entries by number: when they were recorded, and when they count.
    struct Log(Vec<(i64, i64)>);

    #[async_trait]
    impl SortingReads for Log {
        fn next(&self) -> i64 {
            i64::try_from(self.0.len()).unwrap()
        }

        async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure> {
            let before = self.0.partition_point(|(recorded, _)| *recorded < time.micros());
            Ok(i64::try_from(before).unwrap())
        }

        async fn shifted_among(&mut self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, Failure> {
            let times = |number: &i64| self.0[usize::try_from(*number).unwrap()];
            let shifted = numbers.iter().filter(|number| times(number).0 != times(number).1);
            Ok(shifted.map(|number| (*number, times(number).1)).collect())
        }
    }

    #[test]
    fn the_first_ones_are_among_them_from_any_place_and_few_others() {
        // Three of a microsecond each; every seventh counts long before or long after.
        let times = |n: i64| match n % 14 {
            0 => (n / 3, n / 3 - 50),
            7 => (n / 3, n / 3 + 40),
            _ => (n / 3, n / 3),
        };
        let mut log = Log((0..600).map(times).collect());
        let numbers: Vec<i64> = (0..600).filter(|n| n % 2 == 1 || n % 14 == 0).collect();
        let sorting = ready(ByEffectiveTime::of(&mut log, numbers.clone())).unwrap();
        let all: Vec<EffectivePlace> =
            numbers.iter().map(|n| EffectivePlace { time: times(*n).1, number: *n }).collect();
        let far = |time| EffectivePlace { time, number: 0 };
        let mut places = all.clone();
        places.extend([far(Timestamp::MIN.micros()), far(-20), far(77), far(300)]);
        let last = EffectivePlace { time: Timestamp::MAX.micros(), number: i64::MAX };
        for from in places.iter().step_by(5) {
            for before in places.iter().step_by(7).chain([&last]) {
                for order in [Order::Ascending, Order::Descending] {
                    let within = EffectivePlaces { from: *from, before: *before };
                    let mut expected: Vec<_> =
                        all.iter().filter(|place| from <= *place && *place < before).collect();
                    expected.sort_unstable();
                    if order == Order::Descending {
                        expected.reverse();
                    }
                    let first = ready(sorting.first(&mut log, within, order, 9)).unwrap();
                    assert!(first.len() <= 18);
                    for place in expected.into_iter().take(9) {
                        assert!(first.contains(&place.number), "{place:?} {within:?} {order:?}");
                    }
                }
            }
        }
    }
}
