//! What a ledger is filled with: how often each kind of command comes, out of a thousand.

/// A kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Money between two users, and nothing else.
    Transfer,
    /// The same, with a time in the past at which it counts.
    Backdated,
    /// Money from outside.
    Deposit,
    /// A user pays a shop, and the shop a fee: with a reference and metadata.
    Order,
    /// Several users get another currency.
    Payout,
    Hold,
    Capture,
    Void,
    Reversal,
    AccountChange,
}

/// How many of a thousand commands are of each kind. The rest are transfers. Beside them, every thousand commands change
/// what is kept with one transaction.
const OF_A_THOUSAND: [(Kind, u32); 9] = [
    (Kind::Order, 100),
    (Kind::Deposit, 50),
    (Kind::Payout, 20),
    (Kind::Hold, 10),
    (Kind::Backdated, 5),
    (Kind::Capture, 3),
    (Kind::Void, 2),
    (Kind::Reversal, 1),
    (Kind::AccountChange, 1),
];

/// Shuffles the kinds of a thousand commands.
pub(super) fn a_thousand(random: &mut fastrand::Rng) -> Vec<Kind> {
    let mut kinds: Vec<_> =
        OF_A_THOUSAND.into_iter().flat_map(|(kind, count)| (0..count).map(move |_| kind)).collect();
    kinds.resize(1000, Kind::Transfer);
    random.shuffle(&mut kinds);
    kinds
}

#[cfg(test)]
mod tests {
    use super::{Kind, OF_A_THOUSAND, a_thousand};

    #[test]
    fn every_kind_comes_as_often_as_it_should() {
        let kinds = a_thousand(&mut fastrand::Rng::with_seed(1));
        let count = |wanted| kinds.iter().filter(|kind| **kind == wanted).count();
        assert!(OF_A_THOUSAND.iter().all(|(kind, times)| count(*kind) == *times as usize));
        assert_eq!((kinds.len(), count(Kind::Transfer)), (1000, 808));
    }
}
