//! Balances that a lane remembers beside those in its book, in a form that takes a third of the room. All lanes share one
//! bound.
//!
//! Never knows more than a balance's counters: policies stay in the book. Never decides whether what it has still holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::HashMap;
use ledger::{Amount, Balance, BalanceKey};

/// About what one takes besides its account and asset: their place in memory, the counters, and free places of the table.
const OVERHEAD: usize = 72;

/// About how many bytes the packed balances of all lanes take together, and how many they may.
pub(crate) struct PackedBytes {
    max: usize,
    taken: AtomicUsize,
}

/// The packed balances of one lane.
///
/// There are two tables. When there is no room, the older one is forgotten and the younger one becomes the older one: what
/// moved since then is in both, and stays.
pub(crate) struct Packed {
    younger: Table,
    older: Table,
    bytes: Arc<PackedBytes>,
    /// What is being looked for.
    text: Vec<u8>,
}

#[derive(Default)]
struct Table {
    /// By account and asset, with a zero byte between them: what came in, and what went out.
    balances: HashMap<Box<[u8]>, [u64; 2]>,
    bytes: usize,
}

impl PackedBytes {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, taken: AtomicUsize::new(0) }
    }

    /// Takes so many if they are there.
    fn take(&self, bytes: usize) -> bool {
        let enough = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.max);
        // It guards no other memory.
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enough).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Packed {
    pub(crate) fn new(bytes: Arc<PackedBytes>) -> Self {
        Self { younger: Table::default(), older: Table::default(), bytes, text: Vec::new() }
    }

    /// Returns a balance as it was packed last.
    pub(crate) fn find(&mut self, key: &BalanceKey) -> Option<Balance> {
        if self.younger.balances.is_empty() && self.older.balances.is_empty() {
            return None;
        }
        write_text(&mut self.text, key);
        let find = |table: &Table| table.balances.get(&*self.text).copied();
        find(&self.younger).or_else(|| find(&self.older)).and_then(unpacked)
    }

    /// Packs balances, and hands back those that do not pack or find no room; what they were before is not remembered.
    /// For room, what was not used for longest is forgotten where it may be.
    pub(crate) fn pack(
        &mut self,
        balances: impl Iterator<Item = (BalanceKey, Balance)>,
        mut may_forget: bool,
    ) -> Vec<(BalanceKey, Balance)> {
        let mut left = Vec::new();
        for (key, balance) in balances {
            write_text(&mut self.text, &key);
            let Some(counters) = packed(&balance) else {
                self.remove();
                left.push((key, balance));
                continue;
            };
            if let Some(known) = self.younger.balances.get_mut(&*self.text) {
                *known = counters;
                continue;
            }
            let bytes = self.text.len() + OVERHEAD;
            let mut fits = self.bytes.take(bytes);
            if !fits && may_forget {
                // What a lane holds is given up for what it has just used, but once only: the rest may be another's.
                may_forget = false;
                self.forget_older();
                fits = self.bytes.take(bytes);
            }
            if fits {
                self.younger.balances.insert(self.text.as_slice().into(), counters);
                self.younger.bytes += bytes;
            } else {
                self.remove();
                left.push((key, balance));
            }
        }
        left
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        for table in [&mut self.younger, &mut self.older] {
            self.bytes.give_back(std::mem::take(table).bytes);
        }
    }

    fn forget_older(&mut self) {
        let younger = std::mem::take(&mut self.younger);
        self.bytes.give_back(std::mem::replace(&mut self.older, younger).bytes);
    }

    /// Forgets the balance that `text` names.
    fn remove(&mut self) {
        for table in [&mut self.younger, &mut self.older] {
            if table.balances.remove(&*self.text).is_some() {
                let bytes = self.text.len() + OVERHEAD;
                table.bytes -= bytes;
                self.bytes.give_back(bytes);
            }
        }
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        self.forget();
    }
}

fn write_text(text: &mut Vec<u8>, key: &BalanceKey) {
    text.clear();
    text.extend_from_slice(key.account.as_str().as_bytes());
    text.push(0);
    text.extend_from_slice(key.asset.as_str().as_bytes());
}

/// Packs what most balances are: with nothing pending, and with counters of 64 bits.
fn packed(balance: &Balance) -> Option<[u64; 2]> {
    if balance.pending_in != Amount::ZERO || balance.pending_out != Amount::ZERO {
        return None;
    }
    let [posted_in, posted_out] =
        [balance.posted_in, balance.posted_out].map(|sum| u64::try_from(sum.get()).ok());
    Some([posted_in?, posted_out?])
}

fn unpacked([posted_in, posted_out]: [u64; 2]) -> Option<Balance> {
    let [posted_in, posted_out] = [posted_in, posted_out].map(|sum| Amount::new(sum.into()));
    Some(Balance { posted_in: posted_in?, posted_out: posted_out?, ..Balance::default() })
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Asset};

    use super::*;

    fn key(account: &str) -> BalanceKey {
        BalanceKey { account: Address::parse(account).unwrap(), asset: Asset::parse("USD/2").unwrap() }
    }

    fn balance(posted_in: u128) -> Balance {
        Balance { posted_in: Amount::new(posted_in).unwrap(), ..Balance::default() }
    }

    /// Has room for so many accounts with names of one letter.
    fn room_for(count: usize) -> (Arc<PackedBytes>, Packed) {
        let bytes = Arc::new(PackedBytes::new(count * ("a\0USD/2".len() + OVERHEAD)));
        (Arc::clone(&bytes), Packed::new(bytes))
    }

    fn taken(bytes: &PackedBytes) -> usize {
        bytes.taken.load(Ordering::Relaxed)
    }

    #[test]
    fn a_balance_is_found_as_it_was_packed_last() {
        let (_, mut packed) = room_for(4);
        let full = Balance { posted_out: Amount::new(7).unwrap(), ..balance(u64::MAX.into()) };
        packed.pack([(key("a"), balance(1)), (key("b"), full)].into_iter(), true);
        packed.pack([(key("a"), balance(2))].into_iter(), true);
        assert_eq!((packed.find(&key("a")), packed.find(&key("b"))), (Some(balance(2)), Some(full)));
        let other = BalanceKey { asset: Asset::parse("EUR/2").unwrap(), ..key("a") };
        assert_eq!((packed.find(&key("c")), packed.find(&other)), (None, None));
    }

    #[test]
    fn a_balance_that_does_not_pack_is_forgotten_as_it_was_before() {
        let pending = Balance { pending_out: Amount::new(1).unwrap(), ..balance(1) };
        for large in [pending, balance(u128::from(u64::MAX) + 1)] {
            let (bytes, mut packed) = room_for(2);
            packed.pack([(key("a"), balance(1))].into_iter(), true);
            packed.forget_older();
            let left = packed.pack([(key("a"), balance(2)), (key("a"), large)].into_iter(), true);
            assert_eq!(left, [(key("a"), large)]);
            assert_eq!((packed.find(&key("a")), taken(&bytes)), (None, 0));
        }
    }

    #[test]
    fn what_moved_last_stays_where_there_is_no_room() {
        let (bytes, mut packed) = room_for(4);
        packed.pack(["a", "b"].map(|account| (key(account), balance(1))).into_iter(), true);
        packed.pack(["c", "d", "e"].map(|account| (key(account), balance(1))).into_iter(), true);
        packed.pack([(key("a"), balance(2))].into_iter(), true);
        packed.pack(["f", "g"].map(|account| (key(account), balance(1))).into_iter(), true);
        let found = |packed: &mut Packed| {
            ["a", "b", "c", "d", "e", "f", "g"].map(|account| packed.find(&key(account)).is_some())
        };
        let known = found(&mut packed);
        assert!(known[0] && known[5] && known[6] && !known[1], "{known:?}");
        assert_eq!(packed.find(&key("a")), Some(balance(2)));
        assert!(taken(&bytes) <= bytes.max);
    }

    #[test]
    fn nothing_is_forgotten_where_it_may_not_be() {
        let (bytes, mut packed) = room_for(2);
        packed.pack([(key("a"), balance(1)), (key("b"), balance(1))].into_iter(), true);
        let left = packed.pack([(key("c"), balance(1)), (key("a"), balance(2))].into_iter(), false);
        assert_eq!(left, [(key("c"), balance(1))]);
        let known = ["a", "b", "c"].map(|account| packed.find(&key(account)));
        assert_eq!(known, [Some(balance(2)), Some(balance(1)), None]);
        assert!(taken(&bytes) <= bytes.max);
    }

    #[test]
    fn what_finds_no_room_is_not_known_as_it_was_before() {
        let (bytes, mut packed) = room_for(2);
        let mut other = Packed::new(Arc::clone(&bytes));
        other.pack([(key("x"), balance(1))].into_iter(), true);
        packed.pack([(key("a"), balance(1))].into_iter(), true);
        // There is room for one again once this lane has given up what it holds, and then for none.
        packed.pack([(key("b"), balance(1)), (key("a"), balance(2))].into_iter(), true);
        assert_ne!(packed.find(&key("a")), Some(balance(1)));
        assert_eq!(other.find(&key("x")), Some(balance(1)));
        assert!(taken(&bytes) <= bytes.max);
    }

    #[test]
    fn a_lane_that_ends_gives_back_what_it_took() {
        let (bytes, mut packed) = room_for(2);
        packed.pack([(key("a"), balance(1)), (key("b"), balance(1))].into_iter(), true);
        packed.forget();
        assert_eq!((packed.find(&key("a")), taken(&bytes)), (None, 0));
        packed.pack([(key("a"), balance(1))].into_iter(), true);
        assert!(taken(&bytes) > 0);
        drop(packed);
        assert_eq!(taken(&bytes), 0);
    }
}
