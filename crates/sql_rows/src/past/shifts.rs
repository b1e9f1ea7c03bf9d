//! What had been recorded by a moment and counts later, and what was recorded later and counts by then: by the effective
//! clock that is what tells one from the other.

use std::collections::{BTreeMap, BTreeSet};

use engine::query::LOOKS_MAX;
use engine::shifted::ShiftedMovement;
use ledger::{Address, Amount, Balance, BalanceKey, EntryNumber};

use super::Past;
use crate::failure::{Corruption, Failure};
use crate::movements::Moved;
use crate::rows::{entry_number, one_more, stored_limit, stored_number};

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
    later: BTreeSet<EntryNumber>,
}

/// What was posted to an account and from it.
#[derive(Default)]
struct Sums {
    posted_in: i128,
    posted_out: i128,
}

impl Shift {
    fn add(&mut self, movement: &ShiftedMovement, recorded: EntryNumber) {
        let (posted_in, posted_out) = (movement.posted_in.signed(), movement.posted_out.signed());
        // Saturating, as damage may go past every bound.
        if movement.entry < recorded {
            self.later.insert(movement.entry);
            self.moved.posted_in = self.moved.posted_in.saturating_sub(posted_in);
            self.moved.posted_out = self.moved.posted_out.saturating_sub(posted_out);
        } else {
            self.has_earlier = true;
            self.moved.posted_in = self.moved.posted_in.saturating_add(posted_in);
            self.moved.posted_out = self.moved.posted_out.saturating_add(posted_out);
        }
    }
}

impl Past<'_> {
    /// Finds what such entries moved of accounts: of the first of them, as many as may be looked at; and says how many
    /// these are, one at least.
    pub(super) async fn shifts(
        &mut self,
        addresses: &[Address],
        asset: Option<&str>,
    ) -> Result<(usize, Shifts), Failure> {
        let time = self.as_of.time;
        let (recorded, next) = (entry_number(self.recorded)?, entry_number(self.reads.next())?);
        let texts: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        let mut accounts = addresses.len();
        loop {
            let most = LOOKS_MAX - self.looks;
            let found = self.reads.shifted(&texts[..accounts], asset, time, one_more(most)).await?;
            if found.len() > most {
                // The last one may have more, and in whatever order they came, these are fewer.
                let seen: BTreeSet<&Address> = found.iter().map(|movement| &movement.key.account).collect();
                accounts = seen.len().min(accounts).saturating_sub(1);
                if accounts == 0 {
                    return Err(Failure::TooMuchToLookAt);
                }
                continue;
            }
            self.look(found.len())?;
            let mut shifts = Shifts::new();
            for movement in found.iter().filter(|it| it.earlier_at <= time && it.entry < next) {
                shifts.entry(movement.key.clone()).or_default().add(movement, recorded);
            }
            return Ok((accounts, shifts));
        }
    }

    /// Adds to what was recorded by then, and takes off, what such entries moved.
    pub(super) async fn shift(
        &mut self,
        balances: &mut BTreeMap<BalanceKey, Balance>,
        shifts: Shifts,
    ) -> Result<(), Failure> {
        for (key, shift) in shifts {
            let before = balances.get(&key).copied().unwrap_or_default();
            let posted_in = add(before.posted_in, shift.moved.posted_in);
            let posted_out = add(before.posted_out, shift.moved.posted_out);
            let (posted_in, posted_out) = posted_in.zip(posted_out).ok_or_else(|| impossible(&key))?;
            let is_there = shift.has_earlier
                || (posted_in, posted_out) != (Amount::ZERO, Amount::ZERO)
                || self.moved_otherwise(&key, &shift).await?;
            if is_there {
                balances.insert(key, Balance { posted_in, posted_out, ..before });
            } else {
                balances.remove(&key);
            }
        }
        Ok(())
    }

    /// Says whether an account had moved by then in an asset, beside the entries that count later.
    async fn moved_otherwise(&mut self, key: &BalanceKey, shift: &Shift) -> Result<bool, Failure> {
        let moved = Moved { account: key.account.as_str(), asset: Some(key.asset.as_str()) };
        self.look(shift.later.len())?;
        let rows = stored_limit(shift.later.len() + 1);
        let first = self.reads.first_movements(moved, self.recorded, rows).await?;
        let later: BTreeSet<i64> = shift.later.iter().copied().map(stored_number).collect();
        Ok(first.iter().any(|number| !later.contains(number)))
    }
}

fn add(counter: Amount, moved: i128) -> Option<Amount> {
    let sum = counter.signed().checked_add(moved)?;
    u128::try_from(sum).ok().and_then(Amount::new)
}

fn impossible(key: &BalanceKey) -> Corruption {
    let place = format!("the movements of {} in {}", key.account, key.asset);
    Corruption::new(place, "together they are no amount")
}
