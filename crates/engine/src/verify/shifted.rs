//! Compares what moved balances at another time than it was recorded, without keeping it: a count and a digest for each
//! balance. A digest is a sum over all movements: they may come in any order.

use std::collections::HashMap;

use ledger::{BalanceKey, Entry};
use sha2::{Digest, Sha256};

use super::{Finding, Progress, ROWS_PER_READ, Report, Stage, goes_back};
use crate::port::{ReadError, Snapshot};
use crate::shifted::ShiftedMovement;

/// Such movements of every balance that has any, as far as they have been seen from both sides.
#[derive(Default)]
pub(super) struct Shifted {
    balances: HashMap<BalanceKey, BothSides>,
    movements: u64,
}

#[derive(Default)]
struct BothSides {
    /// What follows from the log.
    expected: Sum,
    /// What the projection has.
    found: Sum,
}

#[derive(Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    digest: u128,
}

impl Sum {
    fn add(&mut self, movement: &ShiftedMovement) {
        let mut hash = Sha256::new();
        for time in [movement.later_at, movement.earlier_at] {
            hash.update(time.micros().to_be_bytes());
        }
        hash.update(movement.entry.0.to_be_bytes());
        for amount in [movement.posted_in, movement.posted_out] {
            hash.update(amount.get().to_be_bytes());
        }
        let mut front = [0; 16];
        front.copy_from_slice(&hash.finalize()[..16]);
        self.count += 1;
        self.digest = self.digest.wrapping_add(u128::from_be_bytes(front));
    }
}

impl Shifted {
    /// Takes an entry of the log.
    pub(super) fn expect(&mut self, entry: &Entry) {
        for movement in ShiftedMovement::all_of(entry) {
            self.balances.entry(movement.key.clone()).or_default().expected.add(&movement);
            self.movements += 1;
        }
    }

    /// Compares it with all of the projection.
    pub(super) async fn compare(
        mut self,
        snapshot: &mut dyn Snapshot,
        report: &mut Report,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), ReadError> {
        let (stage, total) = (Stage::ShiftedMovements, self.movements);
        let mut after: Option<ShiftedMovement> = None;
        loop {
            progress(Progress { stage, done: report.shifted_movements, total });
            let found = snapshot.shifted_movements(after.as_ref(), ROWS_PER_READ).await?;
            let Some(last) = found.last() else { break };
            if after.as_ref().is_some_and(|after| last.place() <= after.place()) {
                return Err(goes_back(stage));
            }
            for movement in &found {
                self.find(movement);
            }
            report.shifted_movements += found.len() as u64;
            after = found.into_iter().next_back();
        }
        self.differences().for_each(|finding| report.add(finding));
        Ok(())
    }

    /// Takes a movement of the projection.
    fn find(&mut self, movement: &ShiftedMovement) {
        self.balances.entry(movement.key.clone()).or_default().found.add(movement);
    }

    /// Returns a finding for every balance whose two sides differ, by account and asset.
    fn differences(self) -> impl Iterator<Item = Finding> {
        let mut different: Vec<_> =
            self.balances.into_iter().filter(|(_, balance)| balance.expected != balance.found).collect();
        different.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        different.into_iter().map(|(key, balance)| Finding::ShiftedMovementsDiffer {
            account: key.account,
            asset: key.asset,
            expected_movements: balance.expected.count,
            found_movements: balance.found.count,
        })
    }
}
