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
/// What went out and what is pending out stay below 2^127 together, and so does what came in with what is pending in.
/// So every figure derived from the counters fits an `i128`, and what is held can always be captured.
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
        posted_in.checked_add(self.pending_in)?;
        Some(Self { posted_in, ..self })
    }

    /// Returns the balance after a debit is held, or `None` where a counter would reach 2^127.
    #[must_use]
    pub fn debit_held(self, amount: Amount) -> Option<Self> {
        let pending_out = self.pending_out.checked_add(amount)?;
        pending_out.checked_add(self.posted_out)?;
        Some(Self { pending_out, ..self })
    }

    /// Returns the balance after a credit is held, or `None` where a counter would reach 2^127.
    #[must_use]
    pub fn credit_held(self, amount: Amount) -> Option<Self> {
        let pending_in = self.pending_in.checked_add(amount)?;
        pending_in.checked_add(self.posted_in)?;
        Some(Self { pending_in, ..self })
    }

    /// Returns the balance after a debit that is no longer held, or `None` where less than that is held.
    #[must_use]
    pub fn debit_let_go(self, amount: Amount) -> Option<Self> {
        Some(Self { pending_out: self.pending_out.checked_sub(amount)?, ..self })
    }

    /// Returns the balance after a credit that is no longer held, or `None` where less than that is held.
    #[must_use]
    pub fn credit_let_go(self, amount: Amount) -> Option<Self> {
        Some(Self { pending_in: self.pending_in.checked_sub(amount)?, ..self })
    }

    /// Returns the balance after a debit that was held, or `None` where less than that is held.
    #[must_use]
    pub fn debit_settled(self, amount: Amount) -> Option<Self> {
        self.debit_let_go(amount)?.debited(amount)
    }

    /// Returns the balance after a credit that was held, or `None` where less than that is held.
    #[must_use]
    pub fn credit_settled(self, amount: Amount) -> Option<Self> {
        self.credit_let_go(amount)?.credited(amount)
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
        let held = Balance { pending_in: Amount::from(1), ..Balance::default() };
        assert_eq!(held.credited(Amount::MAX), None);
        assert_eq!((full.debit_held(Amount::from(1)), full.credit_held(Amount::from(1))), (None, None));
    }

    #[test]
    fn what_is_held_is_settled_or_let_go_and_no_more_than_that() {
        let (three, four) = (Amount::from(3), Amount::from(4));
        let held = Balance::default().debit_held(three).unwrap().credit_held(four).unwrap();
        assert_eq!((held.posted(), held.available()), (0, -3));
        let settled = held.debit_settled(three).unwrap().credit_settled(four).unwrap();
        assert_eq!(settled, Balance { posted_in: four, posted_out: three, ..Balance::default() });
        let gone = held.debit_let_go(three).unwrap().credit_let_go(four).unwrap();
        assert_eq!(gone, Balance::default());
        let (more, most) = (four, Amount::from(5));
        assert_eq!((held.debit_settled(more), held.debit_let_go(more)), (None, None));
        assert_eq!((held.credit_settled(most), held.credit_let_go(most)), (None, None));
        // What is held stays within what fits, so settling never overflows.
        let full = Balance::default().debit_held(Amount::MAX).unwrap().credit_held(Amount::MAX).unwrap();
        assert!(full.debit_settled(Amount::MAX).is_some_and(|b| b.credit_settled(Amount::MAX).is_some()));
    }
}
