//! Sums of balances, which may be larger than any amount: up to 2^128 − 1, which stands for all that is more.

use ledger::{Amount, Balance};

/// What one upper half is worth.
const BASE: i128 = 10_i128.pow(30);

/// A sum, in two halves: neither is ever near the end of what fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    upper: i128,
    lower: i128,
}

impl Sum {
    fn of(amount: Amount) -> Self {
        let base = BASE.unsigned_abs();
        let half = |units: u128| i128::try_from(units).expect("amounts are below 2^127");
        Self { upper: half(amount.get() / base), lower: half(amount.get() % base) }
    }

    fn plus(self, other: Self) -> Self {
        Self { upper: self.upper + other.upper, lower: self.lower + other.lower }
    }

    fn minus(self, other: Self) -> Self {
        Self { upper: self.upper - other.upper, lower: self.lower - other.lower }
    }

    /// Returns it with a lower half that is positive and below the base.
    fn normal(self) -> (i128, i128) {
        (self.upper + self.lower.div_euclid(BASE), self.lower.rem_euclid(BASE))
    }

    /// Returns it as a sum that is shown.
    fn shown(self) -> Self {
        let most = u128::MAX;
        let base = BASE.unsigned_abs();
        let half = |units: u128| i128::try_from(units).expect("it is below 2^127");
        let most = Self { upper: half(most / base), lower: half(most % base) };
        if self.normal() > most.normal() { most } else { self }
    }

    /// Writes it with all its digits.
    pub(crate) fn text(self) -> String {
        match self.normal() {
            (0, lower) => lower.to_string(),
            (-1, lower) if lower > 0 => format!("-{}", BASE - lower),
            (upper, lower) if upper < 0 && lower > 0 => format!("{}{:030}", upper + 1, BASE - lower),
            (upper, lower) => format!("{upper}{lower:030}"),
        }
    }
}

/// The sums of some balances of one asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    posted_in: Sum,
    posted_out: Sum,
    pending_in: Sum,
    pending_out: Sum,
}

impl Sums {
    pub(crate) fn add(&mut self, balance: &Balance) {
        let Balance { posted_in, posted_out, pending_in, pending_out } = *balance;
        self.posted_in = self.posted_in.plus(Sum::of(posted_in));
        self.posted_out = self.posted_out.plus(Sum::of(posted_out));
        self.pending_in = self.pending_in.plus(Sum::of(pending_in));
        self.pending_out = self.pending_out.plus(Sum::of(pending_out));
    }

    /// Returns every figure with its name.
    pub(crate) fn figures(&self) -> [(&'static str, Sum); 6] {
        let [posted_in, posted_out, pending_in, pending_out] =
            [self.posted_in, self.posted_out, self.pending_in, self.pending_out].map(Sum::shown);
        [
            ("posted_in", posted_in),
            ("posted_out", posted_out),
            ("pending_in", pending_in),
            ("pending_out", pending_out),
            ("posted", posted_in.minus(posted_out)),
            ("available", posted_in.minus(posted_out.plus(pending_out).shown())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_all_their_digits() {
        let most = Sum::of(Amount::MAX);
        let zero = Sum::default();
        assert_eq!(zero.text(), "0");
        assert_eq!(most.text(), i128::MAX.to_string());
        assert_eq!(zero.minus(most).text(), (-i128::MAX).to_string());
        assert_eq!(most.plus(most).text(), "340282366920938463463374607431768211454");
        assert_eq!(zero.minus(most).minus(most).text(), "-340282366920938463463374607431768211454");
        let of = |units: u64| Sum::of(Amount::from(units));
        assert_eq!(of(3).minus(of(5)).text(), "-2");
        let base = Sum { upper: 1, lower: 0 };
        assert_eq!(base.minus(of(1)).text(), (BASE - 1).to_string());
        assert_eq!(zero.minus(base).text(), (-BASE).to_string());
        assert_eq!(zero.minus(base).minus(of(7)).text(), (-BASE - 7).to_string());
        assert_eq!(zero.minus(base).plus(of(7)).text(), (7 - BASE).to_string());
        let more = most.plus(most).plus(most);
        assert_eq!(more.shown().text(), u128::MAX.to_string());
        assert_eq!(of(7).shown(), of(7));
    }
}
