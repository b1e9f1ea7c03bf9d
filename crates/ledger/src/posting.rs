//! Postings: the single movements that transactions consist of.

use crate::{Address, Amount, Asset, Quantity};

/// One movement of an asset from a source to another account: of an [`Amount`] once it is decided, of a
/// [`Quantity`] as long as a command asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting<A = Amount> {
    source: Address,
    destination: Address,
    asset: Asset,
    amount: A,
}

/// Why parts do not make a [`Posting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingError {
    /// Source and destination are the same account: nothing would move.
    SameAccount,
}

impl<A: Copy> Posting<A> {
    /// Puts a posting together.
    ///
    /// # Errors
    /// When source and destination are the same account.
    pub fn new(source: Address, destination: Address, asset: Asset, amount: A) -> Result<Self, PostingError> {
        if source == destination {
            return Err(PostingError::SameAccount);
        }
        Ok(Self { source, destination, asset, amount })
    }

    /// Returns the account that is debited.
    #[must_use]
    pub fn source(&self) -> &Address {
        &self.source
    }

    /// Returns the account that is credited.
    #[must_use]
    pub fn destination(&self) -> &Address {
        &self.destination
    }

    /// Returns what moves.
    #[must_use]
    pub fn asset(&self) -> &Asset {
        &self.asset
    }

    /// Returns how much moves.
    #[must_use]
    pub fn amount(&self) -> A {
        self.amount
    }

    /// Returns the movement back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { source: self.destination.clone(), destination: self.source.clone(), ..self.clone() }
    }

    /// Returns the same movement of another amount.
    #[must_use]
    pub fn with_amount<B>(&self, amount: B) -> Posting<B> {
        Posting {
            source: self.source.clone(),
            destination: self.destination.clone(),
            asset: self.asset.clone(),
            amount,
        }
    }
}

impl From<Posting> for Posting<Quantity> {
    fn from(posting: Posting) -> Self {
        let Posting { source, destination, asset, amount } = posting;
        Self { source, destination, asset, amount: amount.into() }
    }
}

/// The postings of one transaction, in order: 1 to [`Postings::MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postings<A = Amount>(Box<[Posting<A>]>);

/// Why a list is not [`Postings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingsError {
    /// The list is empty.
    None,
    /// The list is longer than [`Postings::MAX`].
    TooMany,
}

impl Postings {
    /// How many postings a transaction may have.
    pub const MAX: usize = 1000;
}

impl<A> Postings<A> {
    /// Checks the length.
    ///
    /// # Errors
    /// When there is no posting, or more than [`Postings::MAX`].
    pub fn new(postings: Vec<Posting<A>>) -> Result<Self, PostingsError> {
        match postings.len() {
            0 => Err(PostingsError::None),
            1..=Postings::MAX => Ok(Self(postings.into())),
            _ => Err(PostingsError::TooMany),
        }
    }

    /// Returns the postings in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Posting<A>] {
        &self.0
    }

    /// Makes another posting of each, in order, until one cannot be made.
    pub(crate) fn try_map<B, E>(
        &self,
        each: impl FnMut((usize, &Posting<A>)) -> Result<Posting<B>, E>,
    ) -> Result<Postings<B>, E> {
        self.0.iter().enumerate().map(each).collect::<Result<_, E>>().map(Postings)
    }
}

impl From<Postings> for Postings<Quantity> {
    fn from(postings: Postings) -> Self {
        Self(postings.0.into_iter().map(Posting::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(source: &str, destination: &str) -> Result<Posting, PostingError> {
        Posting::new(
            Address::parse(source).unwrap(),
            Address::parse(destination).unwrap(),
            Asset::parse("USD/2").unwrap(),
            Amount::from(1),
        )
    }

    #[test]
    fn a_posting_needs_two_accounts() {
        assert!(posting("a", "b").is_ok());
        assert_eq!(posting("a", "a"), Err(PostingError::SameAccount));
    }

    #[test]
    fn a_transaction_has_one_to_a_thousand_postings() {
        let one = posting("a", "b").unwrap();
        assert_eq!(Postings::<Amount>::new(vec![]), Err(PostingsError::None));
        assert!(Postings::new(vec![one.clone(); 1000]).is_ok());
        assert_eq!(Postings::new(vec![one; 1001]), Err(PostingsError::TooMany));
    }
}
