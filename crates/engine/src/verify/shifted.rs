//! Compares what moved balances at another time than it was recorded, without keeping it: a count and a digest for each
//! balance. A digest is a sum over all movements: they may come in any order.

use std::collections::HashMap;

use ledger::{BalanceKey, Entry};
use sha2::{Digest, Sha256};

use super::Finding;
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
    /// Returns how many such movements follow from the log.
    pub(super) fn movements(&self) -> u64 {
        self.movements
    }

    /// Takes an entry of the log.
    pub(super) fn expect(&mut self, entry: &Entry) {
        for movement in ShiftedMovement::all_of(entry) {
            self.balances.entry(movement.key.clone()).or_default().expected.add(&movement);
            self.movements += 1;
        }
    }

    /// Takes a movement of the projection.
    pub(super) fn find(&mut self, movement: &ShiftedMovement) {
        self.balances.entry(movement.key.clone()).or_default().found.add(movement);
    }

    /// Returns a finding for every balance whose two sides differ, by account and asset.
    pub(super) fn differences(self) -> impl Iterator<Item = Finding> {
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
