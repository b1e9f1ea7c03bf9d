//! What is merged is held to all entries of an account, sorted.

use ledger::Timestamp;
use test_support::Seed;

use super::*;
use crate::movements::ListRow;
use crate::movements::tests::ready;

/// The movements of one account in a log.
struct Account {
    /// By number: when each entry was recorded, and when it counts.
    log: Vec<(i64, i64)>,
    /// Those that moved the account, and whether they posted something.
    moved: Vec<(i64, bool)>,
    /// How many numbers were looked at.
    looked_at: usize,
    /// How many entries were sorted.
    sorted: usize,
}

impl Account {
    fn place(&self, number: i64) -> EffectivePlace {
        EffectivePlace { time: self.log[usize::try_from(number).unwrap()].1, number }
    }

    fn is_shifted(&self, number: i64) -> bool {
        let (recorded, effective) = self.log[usize::try_from(number).unwrap()];
        recorded != effective
    }
}

#[async_trait]
impl ListReads for Account {
    async fn lists(&mut self, range: Numbers, order: Order, max: i64) -> Result<Vec<ListRow>, Failure> {
        // Lists of eight each, of which the last one is not full.
        let mut lists: Vec<(Option<i64>, Vec<i64>)> = Vec::new();
        let mut rest: Vec<i64> = self.moved.iter().map(|(number, _)| *number).collect();
        while rest.len() >= 8 {
            let behind = rest.split_off(8);
            lists.push((rest.last().copied(), rest));
            rest = behind;
        }
        let first_behind = lists.iter().position(|(last, _)| *last >= Some(range.before));
        lists.truncate(first_behind.map_or(lists.len(), |first| first + 1));
        lists.retain(|(last, _)| *last >= Some(range.from));
        if order == Order::Descending {
            lists.reverse();
        }
        lists.truncate(usize::try_from(max).unwrap());
        lists.push((None, rest));
        let text = |numbers: Vec<i64>| numbers.iter().flat_map(|n| [n.to_string(), " ".to_owned()]).collect();
        let row = |(last, numbers)| ListRow {
            address: "a".into(),
            asset: "USD/2".into(),
            last,
            numbers: text(numbers),
        };
        Ok(lists.into_iter().map(row).collect())
    }
}

#[async_trait]
impl SortingReads for Account {
    fn next(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap()
    }

    async fn recorded_before(&mut self, time: Timestamp) -> Result<i64, Failure> {
        let before = self.log.partition_point(|(recorded, _)| *recorded < time.micros());
        Ok(i64::try_from(before).unwrap())
    }

    async fn shifted_among(&mut self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, Failure> {
        self.looked_at += numbers.len();
        let shifted = numbers.iter().filter(|number| self.is_shifted(**number));
        Ok(shifted.map(|number| (*number, self.place(*number).time)).collect())
    }
}

#[async_trait]
impl MovedReads for Account {
    async fn shifted(&mut self, _: EffectivePlaces, rows: i64) -> Result<Vec<EffectivePlace>, Failure> {
        let posted = self.moved.iter().filter(|(number, posted)| *posted && self.is_shifted(*number));
        // Each of them twice, as of an entry with two balances.
        let places = posted.flat_map(|(number, _)| [self.place(*number); 2]);
        Ok(places.take(usize::try_from(rows).unwrap()).collect())
    }

    async fn sorted(
        &mut self,
        numbers: &[i64],
        places: EffectivePlaces,
        order: Order,
        rows: i64,
    ) -> Result<Vec<i64>, Failure> {
        self.sorted += numbers.len();
        let mut sorted: Vec<EffectivePlace> = numbers.iter().map(|number| self.place(*number)).collect();
        sorted.retain(|place| places.from <= *place && *place < places.before);
        sorted.sort_unstable();
        if order == Order::Descending {
            sorted.reverse();
        }
        Ok(sorted.iter().map(|place| place.number).take(usize::try_from(rows).unwrap()).collect())
    }
}

/// Everywhere.
fn all() -> EffectivePlaces {
    let place = |time: Timestamp, number| EffectivePlace { time: time.micros(), number };
    EffectivePlaces { from: place(Timestamp::MIN, 0), before: place(Timestamp::MAX, i64::MAX) }
}

fn any_account(seed: &mut Seed) -> Account {
    let (often, shifted_often) = (seed.pick(&(1..6)), seed.pick(&(1..30)));
    let (mut log, mut moved) = (Vec::new(), Vec::new());
    for number in 0..seed.pick(&(1..400_i64)) {
        // Three of a microsecond each.
        let recorded = number / 3;
        let shift = if seed.pick(&(0..shifted_often)) == 0 { seed.pick(&(-90..90_i64)) } else { 0 };
        log.push((recorded, recorded + shift));
        if seed.pick(&(0..often)) == 0 {
            moved.push((number, seed.pick(&(0..8)) > 0));
        }
    }
    Account { log, moved, looked_at: 0, sorted: 0 }
}

#[test]
fn pages_follow_each_other_through_all_entries_with_a_posting() {
    let mut seed = Seed::draw();
    for _ in 0..400 {
        let mut account = any_account(&mut seed);
        let order = if seed.pick(&(0..2)) == 0 { Order::Ascending } else { Order::Descending };
        let (from, to) = (seed.pick(&(-50..100_i64)), seed.pick(&(50..200_i64)));
        let within = match seed.pick(&(0..3)) {
            0 => EffectivePlaces {
                from: EffectivePlace { time: from, number: seed.pick(&(0..300_i64)) },
                before: EffectivePlace { time: to, number: seed.pick(&(0..300_i64)) },
            },
            _ => all(),
        };
        // One that posted nothing and counts when it was recorded has its place by its number, and may be there.
        let of_interest =
            |account: &Account, number: i64, posted: bool| posted || !account.is_shifted(number);
        let mut expected: Vec<EffectivePlace> = account
            .moved
            .iter()
            .filter(|(number, posted)| of_interest(&account, *number, *posted))
            .map(|(number, _)| account.place(*number))
            .filter(|place| within.from <= *place && *place < within.before)
            .collect();
        expected.sort_unstable();
        if order == Order::Descending {
            expected.reverse();
        }
        let rows = seed.pick(&(1..60_i64));
        let moved = ready(MovedByEffectiveTime::of(&mut account, within)).unwrap().unwrap();
        let (mut found, mut places) = (Vec::new(), within);
        loop {
            let page = ready(moved.first(&mut account, places, order, rows)).unwrap().unwrap();
            let Some(last) = page.last().map(|last| account.place(*last)) else { break };
            match order {
                Order::Ascending => places.from = last.next(),
                Order::Descending => places.before = last,
            }
            found.extend(page.iter().map(|number| account.place(*number)));
        }
        assert_eq!(found, expected, "{within:?} {order:?} {rows}");
    }
}

#[test]
fn a_page_looks_at_few_more_than_it_has() {
    let log = (0..100_000).map(|n| if n % 200 == 7 { (n, n - 5_000) } else { (n, n) }).collect();
    let mut account =
        Account { log, moved: (0..100_000).map(|n| (n, true)).collect(), looked_at: 0, sorted: 0 };
    for order in [Order::Ascending, Order::Descending] {
        (account.looked_at, account.sorted) = (0, 0);
        let moved = ready(MovedByEffectiveTime::of(&mut account, all())).unwrap().unwrap();
        assert_eq!(ready(moved.first(&mut account, all(), order, 51)).unwrap().unwrap().len(), 51);
        assert!(
            account.looked_at <= 102 && account.sorted <= 102,
            "{} {}",
            account.looked_at,
            account.sorted
        );
    }
}

#[test]
fn what_counts_when_it_was_recorded_is_not_sorted() {
    let log = (0..1_000).map(|n| (n, n)).collect();
    let mut account =
        Account { log, moved: (0..1_000).map(|n| (n, true)).collect(), looked_at: 0, sorted: 0 };
    let moved = ready(MovedByEffectiveTime::of(&mut account, all())).unwrap().unwrap();
    let first = ready(moved.first(&mut account, all(), Order::Descending, 3)).unwrap();
    assert_eq!((first, account.sorted), (Some(vec![999, 998, 997]), 0));
}

#[test]
fn too_many_at_other_times_are_left_to_a_walk() {
    let many = i64::try_from(SORTED_MAX).unwrap() + 1;
    let log = (0..3 * many).map(|n| (n, n + 1)).collect();
    // Each is there twice.
    let moved = (0..many).map(|n| (n, true)).collect();
    let mut account = Account { log, moved, looked_at: 0, sorted: 0 };
    assert!(ready(MovedByEffectiveTime::of(&mut account, all())).unwrap().is_none());
    // None of these posted anything: what leads to them does not say that they are shifted.
    account.moved = (0..3 * many).map(|n| (n, false)).collect();
    let moved = ready(MovedByEffectiveTime::of(&mut account, all())).unwrap().unwrap();
    assert_eq!(ready(moved.first(&mut account, all(), Order::Descending, 51)).unwrap(), None);
}
