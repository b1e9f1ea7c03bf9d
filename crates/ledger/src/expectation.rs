//! Expectations: what a caller wants to hold of balances once the postings of a transaction are through, and of the
//! versions of accounts before that.
//!
//! They are judged and forgotten: no entry holds them.

use crate::{Address, Asset, Balance, BalanceKey};

/// What a caller expects of an account, and of its balance in one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    account: Address,
    key: Option<BalanceKey>,
    bounds: ExpectedBounds,
}

/// Bounds of all the figures that something may be expected of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedBounds {
    /// Of what is posted, in minor units.
    pub posted: Bounds,
    /// Of what is available, in minor units.
    pub available: Bounds,
    /// Of the account's version before the transaction: 0 where nothing ever touched it, else the number of the last
    /// entry that did, plus one.
    pub version: Bounds,
}

/// Bounds of a figure, any of them left out. All that are there have to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The figure is this or more.
    pub at_least: Option<i128>,
    /// The figure is this or less.
    pub at_most: Option<i128>,
    /// The figure is this.
    pub equals: Option<i128>,
}

/// One bound of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The figure is this or more.
    AtLeast(i128),
    /// The figure is this or less.
    AtMost(i128),
    /// The figure is this.
    Equals(i128),
}

/// A figure of a balance, or of its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// [`Balance::posted`].
    Posted,
    /// [`Balance::available`].
    Available,
    /// The account's version.
    Version,
}

/// Where a balance is not as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The figure.
    pub figure: Figure,
    /// The bound that it is beyond.
    pub bound: Bound,
    /// What it is.
    pub actual: i128,
}

/// Why parts do not make an [`Expectation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectationError {
    /// No figure has a bound: everything would do.
    NoBound,
    /// A figure of a balance has a bound, and no asset says of which one.
    NoAsset,
}

impl Expectation {
    /// Puts an expectation together.
    ///
    /// # Errors
    /// When no figure has a bound, or a figure of a balance has one and there is no asset.
    pub fn new(
        account: Address,
        asset: Option<Asset>,
        bounds: ExpectedBounds,
    ) -> Result<Self, ExpectationError> {
        if bounds == ExpectedBounds::default() {
            return Err(ExpectationError::NoBound);
        }
        if asset.is_none() && !(bounds.posted.is_empty() && bounds.available.is_empty()) {
            return Err(ExpectationError::NoAsset);
        }
        let key = asset.map(|asset| BalanceKey { account: account.clone(), asset });
        Ok(Self { account, key, bounds })
    }

    /// Returns which account it is about.
    #[must_use]
    pub fn account(&self) -> &Address {
        &self.account
    }

    /// Returns which balance it is about, if it is about one.
    #[must_use]
    pub fn key(&self) -> Option<&BalanceKey> {
        self.key.as_ref()
    }

    /// Returns the bounds.
    #[must_use]
    pub fn bounds(&self) -> ExpectedBounds {
        self.bounds
    }

    /// Says whether the account's version has to be known to judge it.
    #[must_use]
    pub fn is_about_version(&self) -> bool {
        !self.bounds.version.is_empty()
    }

    /// Returns the first bound that a figure is beyond, if any: those of `posted` first, then those of `available`,
    /// then those of the version, each figure's in the order of the fields of [`Bounds`].
    #[must_use]
    pub fn unmet(&self, balance: &Balance, version: u64) -> Option<Unmet> {
        let figures = [
            (Figure::Posted, self.bounds.posted, balance.posted()),
            (Figure::Available, self.bounds.available, balance.available()),
            (Figure::Version, self.bounds.version, i128::from(version)),
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
        let bounds = ExpectedBounds { posted, available, ..ExpectedBounds::default() };
        Expectation::new(Address::parse("a").unwrap(), Some(Asset::parse("USD/2").unwrap()), bounds)
    }

    #[test]
    fn a_version_needs_no_asset_and_a_balance_does() {
        let some = Bounds { equals: Some(3), ..Bounds::default() };
        let of = |bounds| Expectation::new(Address::parse("a").unwrap(), None, bounds);
        let expected = of(ExpectedBounds { version: some, ..ExpectedBounds::default() }).unwrap();
        assert_eq!((expected.key(), expected.is_about_version()), (None, true));
        assert_eq!(expected.unmet(&Balance::default(), 3), None);
        let beyond = Unmet { figure: Figure::Version, bound: Bound::Equals(3), actual: 4 };
        assert_eq!(expected.unmet(&Balance::default(), 4), Some(beyond));
        for bounds in [
            ExpectedBounds { posted: some, ..ExpectedBounds::default() },
            ExpectedBounds { available: some, version: some, ..ExpectedBounds::default() },
        ] {
            assert_eq!(of(bounds), Err(ExpectationError::NoAsset));
        }
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
        let unmet = |posted, available| expectation(posted, available).unwrap().unmet(&balance, 0);
        let beyond = |figure, bound, actual| Some(Unmet { figure, bound: Bound::Equals(bound), actual });
        assert_eq!(unmet(equals(10), equals(6)), None);
        assert_eq!(unmet(equals(6), equals(10)), beyond(Figure::Posted, 6, 10));
        assert_eq!(unmet(equals(10), equals(10)), beyond(Figure::Available, 10, 6));
    }
}
