//! What is remembered of ledgers that were written to: the numbers by which the database knows them, and the sums that
//! their last batches left.
//!
//! Never decides anything. Whoever advances a head says the ledger's name, its number and where the head is expected,
//! and nothing is written where that is not so: with a head that stands where it was left, all sums do.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::port::Head;
use ledger::{BalanceTotal, LedgerName, RootKey};

/// Beyond so many ledgers, it begins anew.
const LEDGERS_MAX: usize = 10_000;

/// Beyond so many sums of all ledgers together, none is remembered. Each takes about a third of a kilobyte.
const SUMS_MAX: usize = 10_000;

/// A sum: which, and what it is or what it changes by.
pub(crate) type Sum = (RootKey, BalanceTotal);

/// Ledgers that were written to.
#[derive(Default)]
pub(crate) struct KnownLedgers(Mutex<Ledgers>);

#[derive(Default)]
struct Ledgers {
    known: HashMap<LedgerName, Known>,
    /// How many sums there are of all of them.
    sums: usize,
}

#[derive(Default)]
struct Known {
    id: i64,
    /// Where the head was when its sums were these.
    at: Option<Head>,
    sums: HashMap<RootKey, BalanceTotal>,
}

impl KnownLedgers {
    /// Returns a ledger's number.
    pub(crate) fn id(&self, ledger: &LedgerName) -> Option<i64> {
        self.lock().known.get(ledger).map(|known| known.id)
    }

    /// Remembers a ledger's number.
    pub(crate) fn keep_id(&self, ledger: &LedgerName, id: i64) {
        let ledgers = &mut *self.lock();
        if let Some(known) = ledgers.known.get_mut(ledger) {
            known.id = id;
            return;
        }
        if ledgers.known.len() >= LEDGERS_MAX {
            *ledgers = Ledgers::default();
        }
        ledgers.known.insert(ledger.clone(), Known { id, ..Known::default() });
    }

    /// Adds to what sums change by what they are with the head at `at`. Returns those that are known, and then the others
    /// as they came.
    pub(crate) fn add_known(&self, ledger: &LedgerName, at: Head, changes: Vec<Sum>) -> (Vec<Sum>, Vec<Sum>) {
        let ledgers = self.lock();
        let Some(known) = ledgers.known.get(ledger).filter(|known| known.at == Some(at)) else {
            return (Vec::new(), changes);
        };
        let (mut added, mut others) = (Vec::with_capacity(changes.len()), Vec::new());
        for (key, mut sum) in changes {
            match known.sums.get(&key) {
                Some(so_far) => {
                    sum.add(so_far);
                    added.push((key, sum));
                }
                None => others.push((key, sum)),
            }
        }
        (added, others)
    }

    /// Remembers the sums that a batch left which has taken the head from one place to another.
    pub(crate) fn keep_sums(&self, ledger: &LedgerName, from: Head, to: Head, sums: Vec<Sum>) {
        let Ledgers { known: ledgers, sums: count } = &mut *self.lock();
        let Some(known) = ledgers.get_mut(ledger) else { return };
        *count -= known.sums.len();
        if known.at != Some(from) {
            known.sums.clear();
        }
        known.at = Some(to);
        known.sums.extend(sums);
        *count += known.sums.len();
        if *count > SUMS_MAX {
            for known in ledgers.values_mut() {
                (known.at, known.sums) = (None, HashMap::new());
            }
            *count = 0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ledgers> {
        // No step panics halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Amount, Asset, EntryNumber, Root, Total};
    use test_support::ledger_name;

    use super::*;

    fn head(next: u64) -> Head {
        Head { next: EntryNumber(next), last_recorded_at: None }
    }

    fn sum(root: &str, posted_in: u64) -> Sum {
        let key = RootKey { root: Root::parse(root).unwrap(), asset: Asset::parse("USD/2").unwrap() };
        let posted_in = Total::from(Amount::from(posted_in));
        (key, BalanceTotal { posted_in, ..BalanceTotal::default() })
    }

    #[test]
    fn sums_are_known_where_the_head_was_left() {
        let (known, main) = (KnownLedgers::default(), ledger_name("main"));
        known.keep_sums(&main, head(0), head(1), vec![sum("a", 1)]);
        assert_eq!(known.add_known(&main, head(1), vec![sum("a", 2)]), (vec![], vec![sum("a", 2)]));
        known.keep_id(&main, 1);
        known.keep_sums(&main, head(0), head(1), vec![sum("a", 1)]);
        known.keep_sums(&main, head(1), head(3), vec![sum("b", 10)]);
        let changes = || vec![sum("a", 2), sum("b", 2), sum("c", 2)];
        let (added, others) = known.add_known(&main, head(3), changes());
        assert_eq!((added, others), (vec![sum("a", 3), sum("b", 12)], vec![sum("c", 2)]));
        for other in [head(1), head(4)] {
            assert_eq!(known.add_known(&main, other, changes()), (vec![], changes()));
        }
        // Somebody else has taken the head on.
        known.keep_sums(&main, head(5), head(6), vec![sum("b", 20)]);
        let (added, others) = known.add_known(&main, head(6), changes());
        assert_eq!((added, others), (vec![sum("b", 22)], vec![sum("a", 2), sum("c", 2)]));
        assert_eq!(known.id(&main), Some(1));
    }

    #[test]
    fn of_too_many_sums_none_is_remembered() {
        let known = KnownLedgers::default();
        let names = ["main", "other"].map(ledger_name);
        let many = |count: usize| (0..count).map(|n| sum(&format!("r{n}"), 1)).collect::<Vec<_>>();
        for name in &names {
            known.keep_id(name, 1);
            known.keep_sums(name, head(0), head(1), many(SUMS_MAX / 2));
        }
        assert_eq!(known.add_known(&names[0], head(1), vec![sum("r0", 1)]).0, [sum("r0", 2)]);
        // As many again, of which all but one are known.
        known.keep_sums(&names[1], head(1), head(2), many(SUMS_MAX / 2 + 1));
        for (name, at) in names.iter().zip([head(1), head(2)]) {
            assert_eq!(known.add_known(name, at, vec![sum("r0", 1)]).1, [sum("r0", 1)]);
        }
        known.keep_sums(&names[0], head(1), head(2), many(1));
        assert_eq!(known.add_known(&names[0], head(2), vec![sum("r0", 1)]).0, [sum("r0", 2)]);
    }
}
