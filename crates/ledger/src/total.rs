//! Totals: sums of as many amounts as there may be, and what they change by.

use std::fmt::{self, Write as _};

use crate::{Amount, Balance};

/// A sum of amounts, or a difference of such sums: a whole number of 256 bits with a sign, as two's complement.
///
/// An amount takes 127 bits, and a log has fewer than 2^64 entries of at most 1000 postings each: no sum of amounts over
/// the accounts of a ledger takes more than 202. So nothing here ever overflows; of damaged data it wraps around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Total {
    high: i128,
    low: u128,
}

/// The largest power of ten of 64 bits: how many digits are read and written at once.
const DIGITS: usize = 19;
const BASE: u64 = 10_u64.pow(19);

impl Total {
    /// Nothing.
    pub const ZERO: Self = Self { high: 0, low: 0 };

    /// Returns a number of 64 bits with a sign as a total.
    #[must_use]
    pub const fn signed(number: i64) -> Self {
        let number = number as i128;
        Self { high: number >> 127, low: number.cast_unsigned() }
    }

    /// Returns the sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self { high: self.high.wrapping_add(other.high).wrapping_add(carry as i128), low }
    }

    /// Returns the difference.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high.wrapping_sub(other.high).wrapping_sub(borrow as i128), low }
    }

    /// Says whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.high < 0
    }

    /// Returns it without its sign.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        if self.is_negative() { Self::ZERO.minus(self) } else { self }
    }

    /// Returns it as a number of 128 bits, or `None` where it is below zero or larger than that.
    #[must_use]
    pub const fn get(self) -> Option<u128> {
        if self.high == 0 { Some(self.low) } else { None }
    }

    /// Parses decimal digits, with a `-` before them where it is below zero, as [`Display`](fmt::Display) writes them;
    /// `None` where the text is anything else, or the number takes more than 76 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || digits.len() > 4 * DIGITS {
            return None;
        }
        let mut limbs = [0_u64; 4];
        for digit in digits.bytes() {
            let mut carry = u128::from(digit - b'0');
            for limb in &mut limbs {
                carry += u128::from(*limb) * 10;
                *limb = low_half(carry);
                carry >>= 64;
            }
        }
        let magnitude = Self::of_limbs(limbs);
        let total = if digits.len() < text.len() { Self::ZERO.minus(magnitude) } else { magnitude };
        // There is one way to write a number.
        (total.to_string() == text).then_some(total)
    }

    /// Returns 64 bits at a time, the lowest first.
    fn limbs(self) -> [u64; 4] {
        let high = self.high.cast_unsigned();
        [low_half(self.low), low_half(self.low >> 64), low_half(high), low_half(high >> 64)]
    }

    fn of_limbs([a, b, c, d]: [u64; 4]) -> Self {
        let join = |low, high| u128::from(low) | (u128::from(high) << 64);
        Self { high: join(c, d).cast_signed(), low: join(a, b) }
    }
}

/// Returns the lower half of the bits.
fn low_half(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).expect("half of the bits fit")
}

impl From<Amount> for Total {
    fn from(amount: Amount) -> Self {
        Self::from(amount.get())
    }
}

impl From<u128> for Total {
    fn from(low: u128) -> Self {
        Self { high: 0, low }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.magnitude().limbs();
        let mut parts = Vec::with_capacity(5);
        while limbs != [0; 4] {
            let mut rest = 0_u128;
            for limb in limbs.iter_mut().rev() {
                let dividend = (rest << 64) | u128::from(*limb);
                *limb = low_half(dividend / u128::from(BASE));
                rest = dividend % u128::from(BASE);
            }
            parts.push(rest);
        }
        let mut text = parts.pop().unwrap_or(0).to_string();
        for part in parts.into_iter().rev() {
            write!(text, "{part:0DIGITS$}")?;
        }
        f.pad_integral(!self.is_negative(), "", &text)
    }
}

/// Totals of the four counters of balances, or what these change by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BalanceTotal {
    /// Of all credits.
    pub posted_in: Total,
    /// Of all debits.
    pub posted_out: Total,
    /// Of held credits.
    pub pending_in: Total,
    /// Of held debits.
    pub pending_out: Total,
}

impl BalanceTotal {
    /// Adds other totals.
    pub fn add(&mut self, other: &Self) {
        self.posted_in = self.posted_in.plus(other.posted_in);
        self.posted_out = self.posted_out.plus(other.posted_out);
        self.pending_in = self.pending_in.plus(other.pending_in);
        self.pending_out = self.pending_out.plus(other.pending_out);
    }

    /// Adds a balance.
    pub fn add_balance(&mut self, balance: &Balance) {
        self.add(&Self::from(*balance));
    }
}

impl From<Balance> for BalanceTotal {
    fn from(balance: Balance) -> Self {
        let Balance { posted_in, posted_out, pending_in, pending_out } = balance;
        Self {
            posted_in: posted_in.into(),
            posted_out: posted_out.into(),
            pending_in: pending_in.into(),
            pending_out: pending_out.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2^128 and 2^127 − 1, four times.
    const OVER: &str = "340282366920938463463374607431768211456";
    const FOUR_FULL: &str = "680564733841876926926749214863536422908";

    fn total(text: &str) -> Total {
        Total::parse(text).unwrap()
    }

    #[test]
    fn totals_go_on_where_128_bits_end() {
        let full = Total::from(Amount::MAX);
        let four = (0..4).fold(Total::ZERO, |sum, _| sum.plus(full));
        assert_eq!(four.to_string(), FOUR_FULL);
        assert_eq!(four.get(), None);
        let one = four.minus(full).minus(full).minus(full);
        assert_eq!((one, one.get()), (full, Some(Amount::MAX.get())));
        assert_eq!(Total::from(u128::MAX).plus(Total::from(1)).to_string(), OVER);
        assert_eq!(total(OVER).minus(Total::from(1)).get(), Some(u128::MAX));
    }

    #[test]
    fn below_zero_is_below_zero() {
        let minus = Total::from(3).minus(Total::from(5));
        assert_eq!((minus.to_string().as_str(), minus.is_negative(), minus.get()), ("-2", true, None));
        assert_eq!((minus.magnitude(), minus.plus(Total::from(2))), (Total::from(2), Total::ZERO));
        let far = Total::ZERO.minus(total(FOUR_FULL));
        assert_eq!(far.to_string(), format!("-{FOUR_FULL}"));
        assert_eq!(far.plus(total(FOUR_FULL)), Total::ZERO);
        for number in [0, 1, -1, i64::MAX, i64::MIN] {
            assert_eq!(Total::signed(number).to_string(), number.to_string());
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let most = "9".repeat(76);
        for text in ["0", "-1", "10000000000000000000", "18446744073709551616", OVER, FOUR_FULL, &most] {
            assert_eq!(total(text).to_string(), text);
        }
        let too_long = format!("1{}", "0".repeat(76));
        for text in ["", "-", "-0", "+1", "01", "1.0", "1e3", " 1", "١", &too_long] {
            assert_eq!(Total::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn totals_of_balances_are_of_each_counter() {
        let balance = |n: u64| Balance {
            posted_in: Amount::from(n),
            posted_out: Amount::from(n + 1),
            pending_in: Amount::from(n + 2),
            pending_out: Amount::MAX,
        };
        let mut sum = BalanceTotal::default();
        sum.add_balance(&balance(1));
        sum.add_balance(&balance(10));
        let full = Total::from(Amount::MAX);
        assert_eq!(
            sum,
            BalanceTotal {
                posted_in: Total::from(11),
                posted_out: Total::from(13),
                pending_in: Total::from(15),
                pending_out: full.plus(full),
            }
        );
    }
}
