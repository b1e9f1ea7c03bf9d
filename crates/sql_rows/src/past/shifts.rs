//! Entries that had been recorded by a moment and count later, and those that were recorded later and count by then: by
//! the effective clock they are what tells one from the other.

use std::collections::{BTreeMap, BTreeSet};

use engine::query::{LOOKS_MAX, PAGE_WEIGHT_MAX, SHIFTS_MAX};
use ledger::{Address, Balance, BalanceKey, Entry};

use super::{ApartRow, Past, Posted, Scope, add, impossible, with_pending};
use crate::failure::Failure;
use crate::rows::one_more;

/// How large such entries may be together.
const BYTES_MAX: usize = 16 * PAGE_WEIGHT_MAX;

/// What such entries moved, by balance.
pub(super) type Shifts = BTreeMap<BalanceKey, Shift>;

/// What such entries moved of one balance.
#[derive(Default)]
pub(super) struct Shift {
    /// What is to be added to what was recorded by then.
    moved: Sums,
    /// Whether an entry that was recorded later counts by then.
    has_earlier: bool,
    /// The entries that had been recorded by then and count later.
    pub(super) later: BTreeSet<i64>,
}

/// What was posted to an account and from it.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) posted_in: i128,
    pub(super) posted_out: i128,
}

/// Returns the balances that an entry posted to or from; of an entry that only touched what is pending, those of which
/// it did.
pub(super) fn moved_by(entry: &Entry) -> BTreeMap<BalanceKey, Sums> {
    let mut moved = BTreeMap::<BalanceKey, Sums>::new();
    if entry.body.postings().is_empty() {
        moved.extend(entry.balances.iter().map(|(key, _)| (key.clone(), Sums::default())));
    }
    for posting in entry.body.postings() {
        let key = |account: &Address| BalanceKey { account: account.clone(), asset: posting.asset().clone() };
        // Saturating, as an entry read from a damaged log may hold anything.
        let sums = moved.entry(key(posting.source())).or_default();
        sums.posted_out = sums.posted_out.saturating_add(posting.amount().signed());
        let sums = moved.entry(key(posting.destination())).or_default();
        sums.posted_in = sums.posted_in.saturating_add(posting.amount().signed());
    }
    moved
}

impl Past<'_> {
    /// Finds such entries; `None` where there are too many of them.
    pub(super) async fn shifts(&mut self, scope: Scope<'_>) -> Result<Option<Shifts>, Failure> {
        let apart = self.reads.apart(self.time, one_more(LOOKS_MAX / 2)).await?;
        if apart.len() > LOOKS_MAX / 2 {
            return Ok(None);
        }
        self.look(apart.len())?;
        let (time, recorded, next) = (self.time.micros(), self.recorded, self.reads.next());
        let is_between = |row: &ApartRow| row.number < next && row.recorded_at.min(row.effective_at) <= time;
        let numbers: BTreeSet<i64> =
            apart.iter().filter(|row| is_between(row)).map(|row| row.number).collect();
        if numbers.len() > SHIFTS_MAX {
            return Ok(None);
        }
        let mut shifts = Shifts::new();
        let numbers: Vec<i64> = numbers.into_iter().collect();
        for part in numbers.chunks(READ_AT_ONCE) {
            if self.bytes > BYTES_MAX {
                return Ok(None);
            }
            self.read(part.iter().copied(), |entry| {
                let number = entry.number.0.cast_signed();
                for (key, moved) in moved_by(entry) {
                    if !scope.contains(&key.account) {
                        continue;
                    }
                    let shift = shifts.entry(key).or_default();
                    if number < recorded {
                        shift.later.insert(number);
                        shift.moved.posted_in = shift.moved.posted_in.saturating_sub(moved.posted_in);
                        shift.moved.posted_out = shift.moved.posted_out.saturating_sub(moved.posted_out);
                    } else {
                        shift.has_earlier = true;
                        shift.moved.posted_in = shift.moved.posted_in.saturating_add(moved.posted_in);
                        shift.moved.posted_out = shift.moved.posted_out.saturating_add(moved.posted_out);
                    }
                }
                Ok(())
            })
            .await?;
        }
        Ok(Some(shifts))
    }

    /// Adds to what was recorded by then, and takes off, what such entries moved.
    pub(super) async fn shifted(
        &mut self,
        mut balances: BTreeMap<BalanceKey, Balance>,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<BTreeMap<BalanceKey, Balance>, Failure> {
        let Posted::Shifted(all) = &mut self.posted else { return Ok(balances) };
        // Each account is asked for once: what concerns it is not needed again.
        let mut own = Shifts::new();
        for address in addresses {
            let from = super::lowest(address);
            let keys: Vec<BalanceKey> = all
                .range(from..)
                .take_while(|(key, _)| key.account == *address)
                .map(|(key, _)| key.clone())
                .collect();
            own.extend(keys.into_iter().filter_map(|key| all.remove_entry(&key)));
        }
        for (key, shift) in own {
            if asset.is_some_and(|asset| asset != key.asset.as_str()) {
                continue;
            }
            if !shift.has_earlier && !self.moved_otherwise(&key, &shift).await? {
                balances.remove(&key);
                continue;
            }
            let before = balances.get(&key).copied().unwrap_or_default();
            let posted_in = add(before.posted_in, shift.moved.posted_in);
            let posted_out = add(before.posted_out, shift.moved.posted_out);
            let (posted_in, posted_out) = posted_in.zip(posted_out).ok_or_else(|| impossible(&key))?;
            let after = Balance { posted_in, posted_out, ..Balance::default() };
            balances.insert(key, with_pending(after, Some(&before)));
        }
        Ok(balances)
    }
}

/// How many entries are read before their size is looked at.
const READ_AT_ONCE: usize = 500;
