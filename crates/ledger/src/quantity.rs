//! Quantities: how much a posting is to move, which may depend on what its source has when it comes to it.

use crate::{Amount, Floor};

/// How much a posting of a command is to move. What is recorded is always an [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// This amount, or the command is rejected.
    Exactly(Amount),
    /// As much of this amount as the source's floor allows, which may be nothing.
    UpTo(Amount),
    /// As much as the source's floor allows, which may be nothing.
    All,
}

impl Quantity {
    /// Returns the most that it may be.
    pub(crate) fn at_most(self) -> Amount {
        match self {
            Self::Exactly(amount) | Self::UpTo(amount) => amount,
            Self::All => Amount::MAX,
        }
    }

    /// Returns what moves out of a source that has so much available over such a floor; `None` for all of a
    /// source without a floor, which no amount is.
    pub(crate) fn out_of(self, available: i128, floor: Floor) -> Option<Amount> {
        match (self, floor) {
            (Self::Exactly(amount), _) | (Self::UpTo(amount), Floor::Unbounded) => Some(amount),
            (Self::UpTo(amount), Floor::AtLeast(floor)) => Some(amount.min(room(available, floor))),
            (Self::All, Floor::AtLeast(floor)) => Some(room(available, floor)),
            (Self::All, Floor::Unbounded) => None,
        }
    }
}

impl From<Amount> for Quantity {
    fn from(amount: Amount) -> Self {
        Self::Exactly(amount)
    }
}

/// Returns how far `available` lies above the floor: zero where it does not, the largest amount where it is more.
fn room(available: i128, floor: i128) -> Amount {
    match u128::try_from(available.saturating_sub(floor)) {
        Ok(room) => Amount::new(room).unwrap_or(Amount::MAX),
        Err(_) => Amount::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_what_lies_above_the_floor() {
        let max = Amount::MAX.signed();
        for (available, floor, room) in [
            (0, 0, 0),
            (10, 0, 10),
            (0, -5, 5),
            (-5, -5, 0),
            (10, 3, 7),
            // Under its floor already, as a floor may be raised later.
            (-7, 0, 0),
            (2, 3, 0),
            (max, -max, max),
            (i128::MIN, max, 0),
        ] {
            let moved = |quantity: Quantity| {
                quantity.out_of(available, Floor::AtLeast(floor)).expect("there is a floor").signed()
            };
            assert_eq!(moved(Quantity::All), room, "all of {available} over {floor}");
            assert_eq!(moved(Quantity::UpTo(Amount::MAX)), room, "much of {available} over {floor}");
            assert_eq!(moved(Quantity::UpTo(Amount::from(4))), room.min(4), "4 of {available} over {floor}");
            assert_eq!(moved(Quantity::UpTo(Amount::ZERO)), 0);
            assert_eq!(moved(Quantity::Exactly(Amount::MAX)), max, "what is asked for exactly stays so");
        }
    }

    #[test]
    fn a_source_without_a_floor_gives_the_whole_of_an_amount_and_has_no_all() {
        let four = Amount::from(4);
        for available in [i128::MIN, -1, 0, 9] {
            assert_eq!(Quantity::UpTo(four).out_of(available, Floor::Unbounded), Some(four));
            assert_eq!(Quantity::Exactly(four).out_of(available, Floor::Unbounded), Some(four));
            assert_eq!(Quantity::All.out_of(available, Floor::Unbounded), None);
        }
    }
}
