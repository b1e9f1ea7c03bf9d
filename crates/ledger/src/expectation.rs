//! Expectations: what a caller wants to hold of balances once the postings of a transaction are through.
//!
//! They are judged and forgotten: no entry holds them.

use crate::{Address, Asset, Balance, BalanceKey};

/// What a caller expects of the balance of an account and asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    key: BalanceKey,
    posted: Bounds,
    available: Bounds,
}

/// Bounds of a figure in minor units, any of them left out. All that are there have to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The figure is this or more.
    pub at_least: Option<i128>,
    /// The figure is this or less.
    pub at_most: Option<i128>,
    /// The figure is this.
    pub equals: Option<i128>,
}

/// One bound of a figure, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The figure is this or more.
    AtLeast(i128),
    /// The figure is this or less.
    AtMost(i128),
    /// The figure is this.
    Equals(i128),
}

/// A figure of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// [`Balance::posted`].
    Posted,
    /// [`Balance::available`].
    Available,
}

/// Where a balance is not as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The figure.
    pub figure: Figure,
    /// The bound that it is beyond.
    pub bound: Bound,
    /// What it is, in minor units.
    pub actual: i128,
}

/// Why parts do not make an [`Expectation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectationError {
    /// Neither figure has a bound: every balance would do.
    NoBound,
}

impl Expectation {
    /// Puts an expectation together.
    ///
    /// # Errors
    /// When neither figure has a bound.
    pub fn new(
        account: Address,
        asset: Asset,
        posted: Bounds,
        available: Bounds,
    ) -> Result<Self, ExpectationError> {
        if posted.is_empty() && available.is_empty() {
            return Err(ExpectationError::NoBound);
        }
        Ok(Self { key: BalanceKey { account, asset }, posted, available })
    }

    /// Returns which balance it is about.
    #[must_use]
    pub fn key(&self) -> &BalanceKey {
        &self.key
    }

    /// Returns the bounds of what is posted.
    #[must_use]
    pub fn posted(&self) -> Bounds {
        self.posted
    }

    /// Returns the bounds of what is available.
    #[must_use]
    pub fn available(&self) -> Bounds {
        self.available
    }

    /// Returns the first bound that a balance is beyond, if any: those of `posted` first, each figure's in the
    /// order of the fields of [`Bounds`].
    #[must_use]
    pub fn unmet(&self, balance: &Balance) -> Option<Unmet> {
        let figures = [
            (Figure::Posted, self.posted, balance.posted()),
            (Figure::Available, self.available, balance.available()),
        ];
        figures.into_iter().find_map(|(figure, bounds, actual)| {
            bounds.first_beyond(actual).map(|bound| Unmet { figure, bound, actual })
        })
    }
}

impl Bounds {
    /// Says whether every figure is within them, as there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn first_beyond(&self, actual: i128) -> Option<Bound> {
        let Self { at_least, at_most, equals } = *self;
        None.or(at_least.filter(|bound| actual < *bound).map(Bound::AtLeast))
            .or(at_most.filter(|bound| actual > *bound).map(Bound::AtMost))
            .or(equals.filter(|bound| actual != *bound).map(Bound::Equals))
    }
}

/// The expectations of one transaction, in order: at most [`Expectations::MAX`], and often none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations(Box<[Expectation]>);

/// A list that is longer than [`Expectations::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyExpectations;

impl Expectations {
    /// How many expectations a transaction may have.
    pub const MAX: usize = 100;

    /// Checks the length.
    ///
    /// # Errors
    /// When there are more than [`Expectations::MAX`].
    pub fn new(expectations: Vec<Expectation>) -> Result<Self, TooManyExpectations> {
        if expectations.len() > Self::MAX {
            return Err(TooManyExpectations);
        }
        Ok(Self(expectations.into()))
    }

    /// Returns the expectations in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Expectation] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Amount;

    fn expectation(posted: Bounds, available: Bounds) -> Result<Expectation, ExpectationError> {
        Expectation::new(Address::parse("a").unwrap(), Asset::parse("USD/2").unwrap(), posted, available)
    }

    #[test]
    fn an_expectation_has_a_bound() {
        let (none, some) = (Bounds::default(), Bounds { equals: Some(0), ..Bounds::default() });
        assert_eq!(expectation(none, none), Err(ExpectationError::NoBound));
        assert!(expectation(some, none).is_ok());
        assert!(expectation(none, some).is_ok());
    }

    #[test]
    fn a_transaction_has_up_to_a_hundred_expectations() {
        let one = expectation(Bounds { at_most: Some(0), ..Bounds::default() }, Bounds::default()).unwrap();
        assert!(Expectations::new(vec![]).is_ok());
        assert!(Expectations::new(vec![one.clone(); 100]).is_ok());
        assert_eq!(Expectations::new(vec![one; 101]), Err(TooManyExpectations));
    }

    #[test]
    fn bounds_hold_up_to_themselves() {
        let one = |at_least, at_most, equals| Bounds { at_least, at_most, equals };
        for (bounds, actual, beyond) in [
            (one(Some(3), None, None), 3, None),
            (one(Some(3), None, None), 2, Some(Bound::AtLeast(3))),
            (one(None, Some(-3), None), -3, None),
            (one(None, Some(-3), None), -2, Some(Bound::AtMost(-3))),
            (one(None, None, Some(0)), 0, None),
            (one(None, None, Some(0)), -1, Some(Bound::Equals(0))),
            (one(Some(1), Some(5), Some(3)), 3, None),
            // Of several, the first in their order is told.
            (one(Some(1), Some(-1), Some(7)), 0, Some(Bound::AtLeast(1))),
            (one(Some(0), Some(-1), Some(7)), 0, Some(Bound::AtMost(-1))),
        ] {
            assert_eq!(bounds.first_beyond(actual), beyond, "{actual} within {bounds:?}");
        }
    }

    #[test]
    fn posted_is_judged_before_available_each_by_its_own_figure() {
        let (posted_in, pending_out) = (Amount::from(10), Amount::from(4));
        let balance = Balance { posted_in, pending_out, ..Balance::default() };
        let equals = |figure| Bounds { equals: Some(figure), ..Bounds::default() };
        let unmet = |posted, available| expectation(posted, available).unwrap().unmet(&balance);
        let beyond = |figure, bound, actual| Some(Unmet { figure, bound: Bound::Equals(bound), actual });
        assert_eq!(unmet(equals(10), equals(6)), None);
        assert_eq!(unmet(equals(6), equals(10)), beyond(Figure::Posted, 6, 10));
        assert_eq!(unmet(equals(10), equals(10)), beyond(Figure::Available, 10, 6));
    }
}
