//! Random postings and amounts.

use ledger::{Amount, Posting, Quantity};
use proptest::prelude::*;

use super::{ACCOUNTS, ASSETS, posting};

/// Amounts of which so many in a hundred are huge.
pub(super) fn amounts(huge_per_hundred: u8) -> BoxedStrategy<Amount> {
    (0..100_u8, small_amount(), huge_amount())
        .prop_map(move |(n, small, huge)| if n < 100 - huge_per_hundred { small } else { huge })
        .boxed()
}

/// Postings, each asked for in some way.
pub(super) fn postings(amount: &BoxedStrategy<Amount>) -> BoxedStrategy<Vec<Posting<Quantity>>> {
    asked(prop_oneof![
        6 => prop::collection::vec(any_posting(amount.clone()), 1..5),
        4 => chain(amount.clone()),
        1 => alike(amount.clone()),
    ])
}

/// Postings that do not rest on each other, as what is reserved for an account is not available to it yet.
pub(super) fn single_postings(amount: &BoxedStrategy<Amount>) -> BoxedStrategy<Vec<Posting<Quantity>>> {
    asked(prop_oneof![
        4 => prop::collection::vec(any_posting(amount.clone()), 1..3),
        3 => prop::collection::vec(from_world(amount.clone()), 1..4),
        2 => alike(amount.clone()),
    ])
}

fn asked(postings: impl Strategy<Value = Vec<Posting>> + 'static) -> BoxedStrategy<Vec<Posting<Quantity>>> {
    (postings, prop::collection::vec(any_kind_of_quantity(), 5))
        .prop_map(|(postings, kinds)| {
            postings.iter().zip(kinds).map(|(posting, kind)| kind.of(posting)).collect()
        })
        .boxed()
}

/// One posting, asked for in some way.
pub(super) fn one_posting(
    amount: &BoxedStrategy<Amount>,
) -> impl Strategy<Value = Posting<Quantity>> + use<> {
    (any_posting(amount.clone()), any_kind_of_quantity()).prop_map(|(posting, kind)| kind.of(&posting))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Exactly,
    UpTo,
    /// All there is, or up to the amount where that is `world`'s, of which there is no all.
    All,
    AllOfAnything,
}

impl Kind {
    /// Asks for a posting in this way.
    fn of(self, posting: &Posting) -> Posting<Quantity> {
        posting.with_amount(match self {
            Self::Exactly => Quantity::Exactly(posting.amount()),
            Self::All if posting.source().is_world() => Quantity::UpTo(posting.amount()),
            Self::UpTo => Quantity::UpTo(posting.amount()),
            Self::All | Self::AllOfAnything => Quantity::All,
        })
    }
}

fn any_kind_of_quantity() -> impl Strategy<Value = Kind> {
    (0..44_u8).prop_map(|n| match n {
        0..32 => Kind::Exactly,
        32..40 => Kind::UpTo,
        40..43 => Kind::All,
        _ => Kind::AllOfAnything,
    })
}

fn any_posting(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Posting> {
    let source = (0..20_usize).prop_map(|n| n.saturating_sub(5) / 3);
    (source, 1..ACCOUNTS.len(), prop::sample::select(&ASSETS[..]), amount).prop_map(
        |(source, step, asset_text, amount)| {
            let destination = (source + step) % ACCOUNTS.len();
            posting(ACCOUNTS[source], ACCOUNTS[destination], asset_text, amount)
        },
    )
}

/// Postings that pass one amount on from account to account, where all but the first have only what
/// reached them in the same transaction; sometimes one of them passes on a little more. Accounts may
/// come again, so that huge amounts pass them often enough to overflow.
fn chain(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Vec<Posting>> {
    let steps = prop::collection::vec(1..ACCOUNTS.len(), 2..5);
    let more = (0_usize..24).prop_map(|n| n.checked_sub(20));
    (steps, prop::sample::select(&ASSETS[..]), amount, more).prop_map(|(steps, asset_text, amount, more)| {
        let mut source = 0;
        let mut postings = Vec::with_capacity(steps.len());
        for (index, step) in steps.into_iter().enumerate() {
            let destination = (source + step) % ACCOUNTS.len();
            let one_more = if more == Some(index) { Amount::from(1) } else { Amount::ZERO };
            let moved = amount.checked_add(one_more).unwrap_or(amount);
            postings.push(posting(ACCOUNTS[source], ACCOUNTS[destination], asset_text, moved));
            source = destination;
        }
        postings
    })
}

fn small_amount() -> impl Strategy<Value = Amount> {
    (0..10_u8, 1..10_u64, 10..1000_u64)
        .prop_map(|(n, small, larger)| match n {
            0 => 0,
            1..7 => small,
            _ => larger,
        })
        .prop_map(Amount::from)
}

fn huge_amount() -> impl Strategy<Value = Amount> {
    let max = Amount::MAX.get();
    (0..4_u8, 0..10_u128, 1..=max)
        .prop_map(move |(n, less, any)| match n {
            0 => max,
            1 => max - less,
            2 => max / 2 - less,
            _ => any,
        })
        .prop_map(|minor_units| Amount::new(minor_units).unwrap())
}

fn from_world(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Posting> {
    (1..ACCOUNTS.len(), prop::sample::select(&ASSETS[..]), amount)
        .prop_map(|(to, asset_text, amount)| posting(ACCOUNTS[0], ACCOUNTS[to], asset_text, amount))
}

/// Postings of which several have the same source, destination and asset.
fn alike(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Vec<Posting>> {
    let between = any_posting(amount.clone());
    (from_world(amount.clone()), between, prop::collection::vec(amount, 1..3)).prop_map(
        |(first, between, more)| {
            let again: Vec<_> = more.into_iter().map(|amount| first.with_amount(amount)).collect();
            [vec![first, between], again].concat()
        },
    )
}
