//! Damage to the lists of what moved each balance is found, named, and told apart from what it leaves whole.

use engine::port::Movements;
use engine::verify::verify;
use ledger::EntryNumber;

use crate::damage::findings_after;
use crate::stored::{Stored, key, micros, posting, transaction};

/// Returns what operators read of a balance whose two sides differ.
fn differ(account: &str, asset: &str, found: usize, expected: usize) -> String {
    format!(
        "the movements of {account} {asset} differ from the log (entries found: {found}, expected: {expected})"
    )
}

fn numbers(numbers: &[u64]) -> Vec<EntryNumber> {
    numbers.iter().copied().map(EntryNumber).collect()
}

fn list(account: &str, asset: &str, until: Option<u64>, entries: &[u64]) -> Movements {
    Movements { key: key(account, asset), until: until.map(EntryNumber), entries: numbers(entries) }
}

#[tokio::test]
async fn a_missing_movement_is_found_and_its_balance_named() {
    let found = findings_after(|stored| stored.list("b", "USD/2", 1).entries.truncate(1)).await;
    assert_eq!(found, [differ("b", "USD/2", 1, 2)]);
}

#[tokio::test]
async fn missing_lists_are_found_whether_others_are_left_or_none() {
    let found = findings_after(|stored| stored.list("c", "EUR/2", 2).entries.clear()).await;
    assert_eq!(found, [differ("c", "EUR/2", 0, 1)]);
    for account in ["a", "d"] {
        let found =
            findings_after(|stored| stored.movements.retain(|list| list.key != key(account, "USD/2"))).await;
        assert_eq!(found, [differ(account, "USD/2", 0, if account == "a" { 2 } else { 1 })]);
    }
}

#[tokio::test]
async fn an_extra_movement_is_found_and_its_balance_named() {
    for (account, asset, extra, found) in [
        ("b", "USD/2", vec![1, 3, 3], differ("b", "USD/2", 3, 2)),
        ("b", "USD/2", vec![0, 1, 3], differ("b", "USD/2", 3, 2)),
        ("b", "USD/2", vec![1, 3, 4], differ("b", "USD/2", 3, 2)),
        ("d", "USD/2", vec![0, 3], differ("d", "USD/2", 2, 1)),
        // The account has moved, but not in this asset.
        ("b", "EUR/2", vec![3], differ("b", "EUR/2", 1, 0)),
        ("never-moved", "USD/2", vec![0], differ("never-moved", "USD/2", 1, 0)),
        ("never-moved", "GBP/2", vec![3, 3], differ("never-moved", "GBP/2", 2, 0)),
    ] {
        let lists = vec![list(account, asset, None, &extra)];
        assert_eq!(findings_after(|stored| stored.put_lists(lists)).await, [found]);
    }
}

#[tokio::test]
async fn other_entries_or_another_order_are_found_though_there_are_as_many() {
    for entries in [[0, 3], [1, 2], [2, 3], [1, u64::MAX], [3, 1], [1, 1], [3, 3]] {
        let lists = vec![list("b", "USD/2", None, &entries)];
        let found = findings_after(|stored| stored.put_lists(lists)).await;
        assert_eq!(found, [differ("b", "USD/2", 2, 2)], "{entries:?}");
    }
}

#[tokio::test]
async fn lists_of_a_balance_that_stand_in_another_order_are_found() {
    let lists = vec![list("b", "USD/2", Some(1), &[3]), list("b", "USD/2", None, &[1])];
    assert_eq!(findings_after(|stored| stored.put_lists(lists)).await, [differ("b", "USD/2", 2, 2)]);
}

#[tokio::test]
async fn lists_that_swapped_their_balances_are_found_on_both() {
    for ((a, b), found) in [
        ((("b", "USD/2"), ("d", "USD/2")), [differ("b", "USD/2", 1, 2), differ("d", "USD/2", 2, 1)]),
        ((("c", "EUR/2"), ("c", "USD/2")), [differ("c", "EUR/2", 1, 1), differ("c", "USD/2", 1, 1)]),
        ((("a", "USD/2"), ("b", "USD/2")), [differ("a", "USD/2", 2, 2), differ("b", "USD/2", 2, 2)]),
    ] {
        let swapped = |mut list: Movements| {
            let (a, b) = (key(a.0, a.1), key(b.0, b.1));
            match &list.key {
                key if *key == a => list.key = b,
                key if *key == b => list.key = a,
                _ => {}
            }
            list
        };
        let after = findings_after(|stored| {
            stored.movements = stored.movements.drain(..).map(swapped).collect();
            stored.movements.sort_by(|l, r| l.place().cmp(&r.place()));
        });
        assert_eq!(after.await, found);
    }
}

#[tokio::test]
async fn empty_lists_say_nothing() {
    let found = findings_after(|stored| {
        assert!(stored.movements.contains(&list("b", "USD/2", None, &[])), "the recent one of b is empty");
        stored.put_lists(vec![
            list("b", "USD/2", Some(1), &[1, 3]),
            list("b", "USD/2", Some(2), &[]),
            list("b", "USD/2", None, &[]),
        ]);
        stored.put_lists(vec![list("a", "USD/2", None, &[0, 1])]);
        stored.put_lists(vec![list("never-moved", "USD/2", None, &[])]);
    });
    assert_eq!(found.await, [""; 0]);
}

/// A balance of 23 entries, another of five of them, and some of two.
fn busy() -> Stored {
    Stored::after((0..23_i64).map(|n| {
        let mut postings = vec![posting("world", "a", "USD/2", 1)];
        if n % 5 == 2 {
            postings.extend([posting("world", "b", "USD/2", 1), posting("a", "b", "USD/2", 1)]);
        }
        if n % 11 == 3 {
            postings.push(posting("world", "a", "EUR/2", 1));
        }
        (transaction(postings), micros(n))
    }))
}

/// Damages one movement after the other, in every way that concerns one balance alone.
#[tokio::test]
async fn every_single_damage_is_found_wherever_it_is_and_wherever_lists_end() {
    type Damage = fn(&mut Stored, usize, usize) -> Option<usize>;
    // Each says how many movements its list has more or fewer, with 1 added.
    let damages: [(&str, Damage); 6] = [
        ("lost", |stored, list, place| {
            stored.movements[list].entries.remove(place);
            Some(0)
        }),
        ("twice", |stored, list, place| {
            let entries = &mut stored.movements[list].entries;
            entries.insert(place, entries[place]);
            Some(2)
        }),
        ("one more", |stored, list, place| {
            stored.movements[list].entries[place].0 += 1;
            Some(1)
        }),
        ("one less", |stored, list, place| {
            let entry = &mut stored.movements[list].entries[place].0;
            *entry = entry.checked_sub(1)?;
            Some(1)
        }),
        ("a digit less", |stored, list, place| {
            let entry = &mut stored.movements[list].entries[place].0;
            (*entry >= 10).then(|| *entry /= 10)?;
            Some(1)
        }),
        ("swapped with the next", |stored, list, place| {
            let entry = stored.movements[list].entries[place];
            let (others, key) = (place + 1, stored.movements[list].key.clone());
            let next = match stored.movements[list].entries.get(others) {
                Some(_) => (list, others),
                None => (list + 1, 0),
            };
            let there = stored.movements.get_mut(next.0).filter(|list| list.key == key)?;
            let other = std::mem::replace(there.entries.get_mut(next.1)?, entry);
            stored.movements[list].entries[place] = other;
            Some(1)
        }),
    ];
    let mut seen = [0; 6];
    for make in [Stored::small, busy] {
        for length in [1, 2, 3, 100] {
            let lists = {
                let mut whole = make();
                whole.cut_lists(length);
                assert!(verify(&mut whole, |_| {}).await.unwrap().is_clean());
                whole.movements
            };
            let places =
                lists.iter().enumerate().flat_map(|(n, list)| (0..list.entries.len()).map(move |p| (n, p)));
            for (list, place) in places {
                let key = &lists[list].key;
                let whole: usize =
                    lists.iter().filter(|list| list.key == *key).map(|list| list.entries.len()).sum();
                for ((name, damage), seen) in damages.iter().zip(&mut seen) {
                    let mut stored = Stored { movements: lists.clone(), ..make() };
                    let Some(more) = damage(&mut stored, list, place) else { continue };
                    *seen += 1;
                    let report = verify(&mut stored, |_| {}).await.unwrap();
                    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
                    let differ = differ(key.account.as_str(), key.asset.as_str(), whole + more - 1, whole);
                    assert_eq!(found, [differ], "{name}: movement {place} of {:?}", lists[list]);
                }
            }
        }
    }
    assert!(seen.iter().all(|seen| *seen > 100), "{seen:?}");
}
