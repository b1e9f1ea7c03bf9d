//! Random postings and amounts.

use ledger::{Amount, Posting, Quantity};
use proptest::prelude::*;

use super::{ACCOUNTS, ASSETS, posting};

/// Postings, each asked for in some way.
pub(super) fn postings(amount: &BoxedStrategy<Amount>) -> BoxedStrategy<Vec<Posting<Quantity>>> {
    let postings = prop_oneof![
        6 => prop::collection::vec(any_posting(amount.clone()), 1..5),
        4 => chain(amount.clone()),
        1 => alike(amount.clone()),
    ];
    let kinds = prop::collection::vec(any_kind_of_quantity(), 5);
    (postings, kinds)
        .prop_map(|(postings, kinds)| {
            postings.iter().zip(kinds).map(|(posting, kind)| kind.of(posting)).collect()
        })
        .boxed()
}

/// One posting, asked for in some way.
pub(super) fn one_posting(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Posting<Quantity>> + use<> {
    (any_posting(amount.clone()), any_kind_of_quantity()).prop_map(|(posting, kind)| kind.of(&posting))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Exactly,
    UpTo,
    All,
}

impl Kind {
    /// Asks for a posting in this way. There is no all of `world`, so that is asked for up to the amount.
    fn of(self, posting: &Posting) -> Posting<Quantity> {
        posting.with_amount(match self {
            Self::Exactly => Quantity::Exactly(posting.amount()),
            Self::All if !posting.source().is_world() => Quantity::All,
            Self::UpTo | Self::All => Quantity::UpTo(posting.amount()),
        })
    }
}

fn any_kind_of_quantity() -> impl Strategy<Value = Kind> {
    prop_oneof![8 => Just(Kind::Exactly), 2 => Just(Kind::UpTo), 1 => Just(Kind::All)]
}

fn any_posting(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Posting> {
    let source = prop_oneof![2 => Just(0), 3 => 1..ACCOUNTS.len()];
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
    let more = prop_oneof![5 => Just(None), 1 => (0_usize..4).prop_map(Some)];
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

pub(super) fn small_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![1 => Just(0_u64), 6 => 1..10_u64, 3 => 10..1000_u64].prop_map(Amount::from)
}

pub(super) fn huge_amount() -> impl Strategy<Value = Amount> {
    let max = Amount::MAX.get();
    prop_oneof![
        Just(max),
        (1..10_u128).prop_map(move |less| max - less),
        (0..10_u128).prop_map(move |less| max / 2 - less),
        (1..=max),
    ]
    .prop_map(|minor_units| Amount::new(minor_units).unwrap())
}

/// Postings of which several have the same source, destination and asset, mostly out of `world`.
fn alike(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Vec<Posting>> {
    let one = prop_oneof![
        2 => any_posting(amount.clone()),
        1 => (1..ACCOUNTS.len(), amount.clone())
            .prop_map(|(to, amount)| posting(ACCOUNTS[0], ACCOUNTS[to], ASSETS[0], amount)),
    ];
    (one.clone(), one, prop::collection::vec(amount, 1..3)).prop_map(|(first, between, more)| {
        let again: Vec<_> = more.into_iter().map(|amount| first.with_amount(amount)).collect();
        [vec![first, between], again].concat()
    })
}
