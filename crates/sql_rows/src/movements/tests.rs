//! What is read from lists is held to the plainest way to read them.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ledger::{Address, Asset};
use test_support::Seed;

use super::*;

/// Lists of one account in memory: for each asset those that have ended, then the last one.
struct Lists {
    assets: BTreeMap<String, (Vec<Vec<i64>>, Vec<i64>)>,
    /// Whether a list is left out where it has no entry in the range. A store cannot always tell.
    precise: bool,
    reads: usize,
}

fn row(asset: &str, last: Option<i64>, numbers: &[i64]) -> ListRow {
    let numbers = numbers.iter().flat_map(|number| [number.to_string(), " ".to_owned()]).collect();
    ListRow { address: "a".into(), asset: asset.into(), last, numbers }
}

#[async_trait]
impl ListReads for Lists {
    async fn lists(&mut self, range: Numbers, order: Order, max: i64) -> Result<Vec<ListRow>, Failure> {
        self.reads += 1;
        let max = usize::try_from(max).unwrap();
        let mut rows = Vec::new();
        for (asset, (ended, recent)) in &self.assets {
            rows.push(row(asset, None, recent));
            let last = |list: &[i64]| *list.last().unwrap();
            let behind = ended.iter().position(|list| last(list) >= range.before);
            let mut wanted: Vec<&Vec<i64>> = ended[..behind.map_or(ended.len(), |first| first + 1)]
                .iter()
                .filter(|list| last(list) >= range.from)
                .filter(|list| !self.precise || list.iter().any(|n| (range.from..range.before).contains(n)))
                .collect();
            if order == Order::Descending {
                wanted.reverse();
            }
            rows.extend(wanted.into_iter().take(max).map(|list| row(asset, Some(last(list)), list)));
        }
        Ok(rows)
    }
}

/// Returns what a future that never waits comes to.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

/// Makes lists of several assets in a log of `log` entries, cut at random places.
fn any_lists(seed: &mut Seed, log: i64) -> Lists {
    let mut assets = BTreeMap::new();
    for asset in 0..seed.pick(&(1..5)) {
        let (often, list_length) = (seed.pick(&(1..12)), seed.pick(&(1..20)));
        let (mut ended, mut recent) = (Vec::new(), Vec::new());
        for number in 0..log {
            if seed.pick(&(0..often)) == 0 {
                recent.push(number);
                if seed.pick(&(0..list_length)) == 0 {
                    ended.push(std::mem::take(&mut recent));
                }
            }
        }
        assets.insert(format!("A{asset}"), (ended, recent));
    }
    Lists { assets, precise: seed.pick(&(0..2)) == 0, reads: 0 }
}

#[test]
fn lists_cut_anywhere_say_what_moved_an_account() {
    let mut seed = Seed::draw();
    let mut several_reads = 0;
    for _ in 0..200 {
        let log = seed.pick(&(0..400_i64));
        let mut lists = any_lists(&mut seed, log);
        let in_lists =
            |(ended, recent): &(Vec<Vec<i64>>, Vec<i64>)| [ended.concat(), recent.clone()].concat();
        let all: BTreeSet<i64> = lists.assets.values().flat_map(in_lists).collect();
        for _ in 0..20 {
            let range = Numbers { from: seed.pick(&(0..=log)), before: seed.pick(&(0..=log + 2)) };
            let rows = match seed.pick(&(0..3)) {
                0 => seed.pick(&(0..5_i64)),
                1 => seed.pick(&(0..100_i64)),
                _ => log + 10,
            };
            for order in [Order::Ascending, Order::Descending] {
                lists.reads = 0;
                let found = ready(entries_that_moved(&mut lists, range, order, rows)).unwrap();
                let mut expected: Vec<i64> =
                    all.iter().copied().filter(|n| range.from <= *n && *n < range.before).collect();
                if order == Order::Descending {
                    expected.reverse();
                }
                expected.truncate(usize::try_from(rows).unwrap());
                assert_eq!(found, expected, "{range:?} {order:?} {rows} {:?}", lists.assets);
                several_reads += usize::from(lists.reads > 1);
            }
        }
    }
    assert!(several_reads > 100, "{several_reads} of 8000 took more than one read");
}

#[test]
fn few_entries_of_many_take_one_read() {
    let ended: Vec<Vec<i64>> = (0..10_000).map(|n| (n * 16..(n + 1) * 16).collect()).collect();
    let assets = BTreeMap::from([("USD/2".to_owned(), (ended, vec![160_000]))]);
    let mut lists = Lists { assets, precise: false, reads: 0 };
    for order in [Order::Ascending, Order::Descending] {
        let range = Numbers { from: 3, before: 150_003 };
        lists.reads = 0;
        assert_eq!(ready(entries_that_moved(&mut lists, range, order, 101)).unwrap().len(), 101);
        assert_eq!(lists.reads, 1);
    }
}

fn key(account: &str, asset: &str) -> BalanceKey {
    BalanceKey { account: Address::parse(account).unwrap(), asset: Asset::parse(asset).unwrap() }
}

#[test]
fn new_movements_are_written_as_they_are_read() {
    let mut new = NewMovements::default();
    for number in [0, 7, 8, 1_000_000] {
        new.add(&key("a", "USD/2"), EntryNumber(number));
    }
    assert_eq!((new.numbers.as_str(), new.last), ("0 7 8 1000000 ", EntryNumber(1_000_000)));
    let list = row("USD/2", Some(1_000_000), &[0, 7, 8, 1_000_000]);
    assert_eq!(list.numbers, new.numbers);
    let movements = list.movements().unwrap();
    assert_eq!((movements.key, movements.until), (key("a", "USD/2"), Some(new.last)));
    assert_eq!(movements.entries, [0, 7, 8, 1_000_000].map(EntryNumber));
    assert_eq!(row("USD/2", None, &[]).movements().unwrap().entries, []);
}

/// Also where balances are always moved together, and for those that move once.
#[test]
fn lists_end_now_and_then_each_at_its_own_time() {
    let ends = |account: &str, asset: &str| -> BTreeSet<u64> {
        let key = key(account, asset);
        (0..16_000).filter(|number| ends_a_list(&key, EntryNumber(*number))).collect()
    };
    let all = [ends("world", "USD/2"), ends("world", "EUR/2"), ends("a", "USD/2"), ends("b", "USD/2")];
    for (n, ends) in all.iter().enumerate() {
        assert!((800..1_200).contains(&ends.len()), "{} lists", ends.len());
        let gap = ends.iter().zip(ends.iter().skip(1)).map(|(a, b)| b - a).max().unwrap();
        assert!(gap < 16 * 20, "a list of {gap}");
        for others in &all[n + 1..] {
            let together = ends.intersection(others).count();
            assert!(together < 150, "{together} lists end together");
        }
    }
    let once = (0..16_000).filter(|n| ends_a_list(&key(&format!("users:{n}"), "USD/2"), EntryNumber(*n)));
    assert!((800..1_200).contains(&once.count()));
}

#[test]
fn numbers_that_cannot_be_are_named() {
    for (last, numbers) in [
        (None, "x "),
        (None, " "),
        (None, "1  2 "),
        (None, "-1 "),
        (None, "1 1 "),
        (None, "2 1 "),
        (None, "9223372036854775808 "),
        (Some(2), ""),
        (Some(2), "1 "),
        (Some(2), "1 2 3 "),
    ] {
        let list = ListRow { address: "a".into(), asset: "USD/2".into(), last, numbers: numbers.into() };
        let error = list.movements().unwrap_err().to_string();
        assert!(error.starts_with("the movements of a in USD/2: "), "{error}");
    }
    for (address, asset) in [("a b", "USD/2"), ("a", "usd")] {
        let list = ListRow { address: address.into(), asset: asset.into(), last: None, numbers: "1 ".into() };
        assert!(list.movements().is_err());
    }
    // A read that meets them does not go on with a part.
    let assets = BTreeMap::from([("USD/2".to_owned(), (vec![vec![1, 2]], vec![4, 3]))]);
    let mut lists = Lists { assets, precise: false, reads: 0 };
    let range = Numbers { from: 0, before: 2 };
    assert!(ready(entries_that_moved(&mut lists, range, Order::Ascending, 1)).is_err());
}

/// The largest number there is has nothing behind it.
#[test]
fn a_walk_ends_at_the_largest_number() {
    let ended = (0..9).rev().map(|n| vec![i64::MAX - n]).collect();
    let assets = BTreeMap::from([("USD/2".to_owned(), (ended, Vec::new()))]);
    let mut lists = Lists { assets, precise: false, reads: 0 };
    let range = Numbers { from: 0, before: i64::MAX };
    let found = ready(entries_that_moved(&mut lists, range, Order::Ascending, 20)).unwrap();
    assert_eq!(found.len(), 8);
}

#[test]
fn the_last_list_of_a_balance_stands_behind_those_that_have_ended() {
    assert_eq!(lists_after(None), ("", "", -1));
    let ended = row("USD/2", Some(7), &[1, 7]).movements().unwrap();
    assert_eq!(lists_after(Some(&ended)), ("a", "USD/2", 7));
    let recent = row("USD/2", None, &[8]).movements().unwrap();
    assert_eq!(lists_after(Some(&recent)), ("a", "USD/2", i64::MAX));
}
