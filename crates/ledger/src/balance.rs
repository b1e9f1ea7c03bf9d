//! Balances: the four counters of an account and asset, and how postings move them.

use crate::{Address, Amount, Asset};

/// Which balance: an account and an asset, ordered by account first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BalanceKey {
    /// The account.
    pub account: Address,
    /// The asset.
    pub asset: Asset,
}

/// The four counters of an account and asset, in minor units. They only ever grow, but for pending.
///
/// What went out and what is pending out stay below 2^127 together, so that every figure derived
/// from the counters fits an `i128`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The sum of all credits.
    pub posted_in: Amount,
    /// The sum of all debits.
    pub posted_out: Amount,
    /// Held credits.
    pub pending_in: Amount,
    /// Held debits.
    pub pending_out: Amount,
}

impl Balance {
    /// Returns what the account has: credits less debits. Negative where it went below zero.
    #[must_use]
    pub const fn posted(&self) -> i128 {
        self.posted_in.signed() - self.posted_out.signed()
    }

    /// Returns what the account can spend before its floor counts: posted less held debits.
    #[must_use]
    pub const fn available(&self) -> i128 {
        self.posted() - self.pending_out.signed()
    }

    /// Returns the balance after a debit, or `None` where a counter would reach 2^127.
    #[must_use]
    pub fn debited(self, amount: Amount) -> Option<Self> {
        let posted_out = self.posted_out.checked_add(amount)?;
        posted_out.checked_add(self.pending_out)?;
        Some(Self { posted_out, ..self })
    }

    /// Returns the balance after a credit, or `None` where a counter would reach 2^127.
    #[must_use]
    pub fn credited(self, amount: Amount) -> Option<Self> {
        let posted_in = self.posted_in.checked_add(amount)?;
        Some(Self { posted_in, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_figures_follow_the_counters() {
        let balance = Balance {
            posted_in: Amount::from(10),
            posted_out: Amount::from(14),
            pending_in: Amount::from(100),
            pending_out: Amount::from(3),
        };
        assert_eq!(balance.posted(), -4);
        assert_eq!(balance.available(), -7);
    }

    #[test]
    fn counters_stop_below_two_to_the_127() {
        let full = Balance { posted_in: Amount::MAX, posted_out: Amount::MAX, ..Balance::default() };
        assert_eq!(full.debited(Amount::from(1)), None);
        assert_eq!(full.credited(Amount::from(1)), None);
        assert_eq!(full.debited(Amount::ZERO), Some(full));
        let held = Balance { pending_out: Amount::from(1), ..Balance::default() };
        assert_eq!(held.debited(Amount::MAX), None);
    }
}
