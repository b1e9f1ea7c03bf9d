//! Remainders: what is left of postings that are used up in parts, as holds are by captures and transactions by
//! reversals.

use std::ops::Range;

use crate::{Address, Amount, Asset, Posting, Postings, Quantity};

/// Postings with how much of each is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remainder {
    postings: Postings,
    left: Box<[Amount]>,
    /// The places of all postings, those of the same source, destination and asset side by side and in order. Both the
    /// postings and what is taken of them may be a thousand, which would be a million to compare.
    places: Box<[usize]>,
}

/// More was asked for than is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// What was asked for.
    pub asked: Amount,
    /// What is left of all postings of the same source, destination and asset.
    pub left: Amount,
}

impl Remainder {
    /// Returns postings of which everything is left.
    #[must_use]
    pub fn whole(postings: Postings) -> Self {
        let left = postings.as_slice().iter().map(Posting::amount).collect();
        Self::of(postings, left)
    }

    /// Returns postings of which so much of each is used; `None` where that is more than there was, or the lists are
    /// not equally long.
    #[must_use]
    pub fn after(postings: Postings, used: &[Amount]) -> Option<Self> {
        if used.len() != postings.as_slice().len() {
            return None;
        }
        let amounts = postings.as_slice().iter().map(Posting::amount);
        let left =
            amounts.zip(used).map(|(amount, used)| amount.checked_sub(*used)).collect::<Option<_>>()?;
        Some(Self::of(postings, left))
    }

    fn of(postings: Postings, left: Box<[Amount]>) -> Self {
        let mut places: Box<[usize]> = (0..left.len()).collect();
        // Stable: places of postings that are alike stay in order.
        places.sort_by(|one, other| {
            let [one, other] = [one, other].map(|place| kind(&postings.as_slice()[*place]));
            one.cmp(&other)
        });
        Self { postings, left, places }
    }

    /// Returns the postings as they were.
    #[must_use]
    pub fn postings(&self) -> &Postings {
        &self.postings
    }

    /// Returns how much of each posting is used.
    #[must_use]
    pub fn used(&self) -> Vec<Amount> {
        let amounts = self.postings.as_slice().iter().map(Posting::amount);
        amounts.zip(&self.left).map(|(amount, left)| amount.checked_sub(*left).unwrap_or_default()).collect()
    }

    /// Says whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.iter().all(|left| *left == Amount::ZERO)
    }

    /// Returns what is left, in order; postings of which nothing is left are not there.
    #[must_use]
    pub fn rest(&self) -> Vec<Posting> {
        self.postings
            .as_slice()
            .iter()
            .zip(&self.left)
            .filter(|(_, left)| **left > Amount::ZERO)
            .map(|(posting, left)| posting.with_amount(*left))
            .collect()
    }

    /// Returns what is left as postings, in order: where nothing is, all postings with nothing.
    pub(crate) fn rest_or_nothing(&self) -> Postings {
        Postings::new(self.rest()).unwrap_or_else(|_| {
            let nothing = |posting: &Posting| posting.with_amount(Amount::ZERO);
            Postings::new(self.postings.as_slice().iter().map(nothing).collect())
                .expect("as many as there were")
        })
    }

    /// Returns what moves back all that is left, the last posting first; `None` where nothing is left.
    pub(crate) fn rest_reversed(&self) -> Option<Postings> {
        Postings::new(self.rest().iter().rev().map(Posting::reversed).collect()).ok()
    }

    /// Returns what is asked for of the postings that are alike, at the most what is left of them.
    ///
    /// # Errors
    /// When an amount is asked for exactly, and less than that is left; and when no posting is alike, however much is
    /// asked for: whoever mistakes an account is better told.
    pub(crate) fn cap(&self, asked: &Posting<Quantity>) -> Result<Quantity, Exceeded> {
        let alike = self.alike(asked);
        if alike.is_empty() {
            let (Quantity::Exactly(amount) | Quantity::UpTo(amount)) = asked.amount() else {
                return Err(Exceeded { asked: Amount::ZERO, left: Amount::ZERO });
            };
            return Err(Exceeded { asked: amount, left: Amount::ZERO });
        }
        let left = self.left_of(alike);
        match asked.amount() {
            Quantity::Exactly(amount) if amount > left => Err(Exceeded { asked: amount, left }),
            Quantity::Exactly(_) => Ok(asked.amount()),
            Quantity::UpTo(most) => Ok(Quantity::UpTo(most.min(left))),
            Quantity::All => Ok(Quantity::UpTo(left)),
        }
    }

    /// Uses up an amount of the postings that are alike, of the first that have something left.
    ///
    /// # Errors
    /// When less than that is left. Then nothing is used up.
    pub fn take(&mut self, taken: &Posting) -> Result<(), Exceeded> {
        let alike = self.alike(taken);
        let (asked, left) = (taken.amount(), self.left_of(alike.clone()));
        if asked > left {
            return Err(Exceeded { asked, left });
        }
        let mut missing = asked;
        for place in &self.places[alike] {
            let left = &mut self.left[*place];
            let part = missing.min(*left);
            *left = left.checked_sub(part).unwrap_or_default();
            missing = missing.checked_sub(part).unwrap_or_default();
        }
        Ok(())
    }

    /// Returns where among the places those of the postings are that are alike.
    fn alike<A: Copy>(&self, posting: &Posting<A>) -> Range<usize> {
        let kind_at = |place: &usize| kind(&self.postings.as_slice()[*place]);
        let start = self.places.partition_point(|place| kind_at(place) < kind(posting));
        let alike = self.places[start..].partition_point(|place| kind_at(place) == kind(posting));
        start..start + alike
    }

    /// Returns what is left of postings that are alike; the largest amount, where it is more.
    fn left_of(&self, alike: Range<usize>) -> Amount {
        let left = self.places[alike].iter().map(|place| self.left[*place]);
        left.fold(Amount::ZERO, |sum, left| sum.checked_add(left).unwrap_or(Amount::MAX))
    }
}

/// Returns what postings that are alike have in common.
fn kind<A: Copy>(posting: &Posting<A>) -> (&Address, &Address, &Asset) {
    (posting.source(), posting.destination(), posting.asset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(source: &str, destination: &str, amount: u64) -> Posting {
        Posting::new(
            Address::parse(source).unwrap(),
            Address::parse(destination).unwrap(),
            Asset::parse("USD/2").unwrap(),
            Amount::from(amount),
        )
        .unwrap()
    }

    fn remainder(amounts: &[(&str, u64)]) -> Remainder {
        let postings = amounts.iter().map(|(destination, amount)| posting("a", destination, *amount));
        Remainder::whole(Postings::new(postings.collect()).unwrap())
    }

    fn used(remainder: &Remainder) -> Vec<u128> {
        remainder.used().into_iter().map(Amount::get).collect()
    }

    #[test]
    fn postings_that_are_alike_are_used_up_from_the_first() {
        let mut left = remainder(&[("b", 5), ("c", 9), ("b", 7)]);
        left.take(&posting("a", "b", 6)).unwrap();
        assert_eq!(used(&left), [5, 0, 1]);
        let exceeded = Exceeded { asked: Amount::from(7), left: Amount::from(6) };
        assert_eq!(left.take(&posting("a", "b", 7)), Err(exceeded));
        assert_eq!(used(&left), [5, 0, 1]);
        left.take(&posting("a", "b", 6)).unwrap();
        assert_eq!(left.rest(), [posting("a", "c", 9)]);
        left.take(&posting("a", "c", 9)).unwrap();
        assert!(left.is_empty());
    }

    #[test]
    fn each_posting_is_found_among_many_in_any_order() {
        let names: Vec<_> = (0..100_u64).map(|n| format!("a{}", n * 37 % 50)).collect();
        let amounts: Vec<_> = names.iter().map(String::as_str).zip(1..).collect();
        let mut left = remainder(&amounts);
        for (destination, amount) in amounts[50..].iter().rev() {
            left.take(&posting("a", destination, *amount)).unwrap();
        }
        // Of two that are alike, fifty places and fifty units apart, the first is used up, and fifty of the second.
        assert_eq!(used(&left), (1..=50).chain([50; 50]).collect::<Vec<_>>());
        for (destination, amount) in &amounts[..50] {
            left.take(&posting("a", destination, *amount)).unwrap();
        }
        assert!(left.is_empty());
    }

    #[test]
    fn of_postings_that_are_not_there_nothing_is_left() {
        let mut left = remainder(&[("b", 5)]);
        for other in [posting("b", "a", 1), posting("a", "c", 1)] {
            assert_eq!(left.take(&other), Err(Exceeded { asked: Amount::from(1), left: Amount::ZERO }));
        }
        left.take(&posting("b", "a", 0)).unwrap();
        assert_eq!(used(&left), [0]);
    }

    #[test]
    fn what_is_asked_for_is_capped_by_what_is_left_unless_it_is_asked_for_exactly() {
        let left = remainder(&[("b", 5), ("b", 1)]);
        let cap = |quantity| left.cap(&posting("a", "b", 0).with_amount(quantity));
        let amount = Amount::from;
        assert_eq!(cap(Quantity::All), Ok(Quantity::UpTo(amount(6))));
        assert_eq!(cap(Quantity::UpTo(amount(9))), Ok(Quantity::UpTo(amount(6))));
        assert_eq!(cap(Quantity::UpTo(amount(2))), Ok(Quantity::UpTo(amount(2))));
        assert_eq!(cap(Quantity::Exactly(amount(6))), Ok(Quantity::Exactly(amount(6))));
        assert_eq!(cap(Quantity::Exactly(amount(7))), Err(Exceeded { asked: amount(7), left: amount(6) }));
    }

    #[test]
    fn of_postings_that_are_not_there_not_even_nothing_can_be_asked_for() {
        let left = remainder(&[("b", 5)]);
        let cap = |quantity| left.cap(&posting("a", "c", 0).with_amount(quantity));
        let exceeded = |asked: u64| Err(Exceeded { asked: Amount::from(asked), left: Amount::ZERO });
        assert_eq!(cap(Quantity::Exactly(Amount::ZERO)), exceeded(0));
        assert_eq!(cap(Quantity::UpTo(Amount::from(7))), exceeded(7));
        assert_eq!(cap(Quantity::All), exceeded(0));
    }

    #[test]
    fn amounts_that_no_sum_holds_are_used_up_all_the_same() {
        let postings = Postings::new(vec![posting("a", "b", 0).with_amount(Amount::MAX); 2]).unwrap();
        let mut left = Remainder::whole(postings);
        for _ in 0..2 {
            left.take(&posting("a", "b", 0).with_amount(Amount::MAX)).unwrap();
        }
        assert!(left.is_empty());
    }

    #[test]
    fn the_rest_is_reversed_from_the_last_posting_on() {
        let mut left = remainder(&[("b", 5), ("c", 9)]);
        left.take(&posting("a", "b", 1)).unwrap();
        let back = left.rest_reversed().unwrap();
        assert_eq!(back.as_slice(), [posting("c", "a", 9), posting("b", "a", 4)]);
        assert_eq!(remainder(&[("b", 0)]).rest_reversed(), None);
        assert_eq!(remainder(&[("b", 0)]).rest_or_nothing().as_slice(), [posting("a", "b", 0)]);
    }

    #[test]
    fn what_is_used_gives_back_what_is_left() {
        let postings = remainder(&[("b", 5), ("c", 9)]).postings;
        let amounts = |used: &[u64]| used.iter().copied().map(Amount::from).collect::<Vec<_>>();
        let left = Remainder::after(postings.clone(), &amounts(&[5, 2])).unwrap();
        assert_eq!((left.rest(), used(&left)), (vec![posting("a", "c", 7)], vec![5, 2]));
        for used in [&[6, 0][..], &[0], &[0, 0, 0]] {
            assert_eq!(Remainder::after(postings.clone(), &amounts(used)), None, "{used:?}");
        }
    }
}
