//! Random commands: from few accounts, assets, references and moments, so that they meet each other.
//!
//! A case is drawn with a kind of amounts for all of it, as one huge movement leaves little that later
//! ones could still do. How often each outcome occurs is itself tested.

use ledger::{
    Address, Amount, Asset, Bounds, ChangeAccount, Command, Expectation, Expectations, FloorsPatch, Frozen,
    Metadata, MetadataPatch, PolicyPatch, PostTransaction, Posting, Postings, Quantity, Reference, Timestamp,
};
use proptest::prelude::*;

/// A command and what the clock says when it is decided on.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) command: Command,
    pub(crate) now: Timestamp,
}

/// Where money comes from and goes to. `world` stands first, and is drawn most.
pub(crate) const ACCOUNTS: [&str; 5] = ["world", "users:1", "users:2", "fees", "users:1:savings"];
const ASSETS: [&str; 2] = ["USD/2", "BTC/8"];
pub(crate) const REFERENCES: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn asset(text: &str) -> Asset {
    Asset::parse(text).unwrap()
}

pub(crate) fn posting(source: &str, destination: &str, asset_text: &str, amount: Amount) -> Posting {
    Posting::new(address(source), address(destination), asset(asset_text), amount).unwrap()
}

pub(crate) fn transaction(postings: Vec<Posting>) -> PostTransaction {
    asking(postings.into_iter().map(Posting::from).collect())
}

pub(crate) fn asking(postings: Vec<Posting<Quantity>>) -> PostTransaction {
    PostTransaction {
        postings: Postings::new(postings).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }
}

pub(crate) fn expecting(account: &str, asset_text: &str, posted: Bounds, available: Bounds) -> Expectation {
    Expectation::new(address(account), asset(asset_text), posted, available).unwrap()
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// Sequences of commands, each to be decided on in turn.
pub(crate) fn histories() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        4 => history_of(small_amount().boxed()),
        3 => history_of(prop_oneof![8 => small_amount(), 1 => huge_amount()].boxed()),
        3 => history_of(prop_oneof![2 => small_amount(), 1 => huge_amount()].boxed()),
    ]
}

fn history_of(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(amount), 1..20)
}

fn step(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Step> {
    prop_oneof![6 => transaction_step(amount), 1 => change_step()]
}

/// A change of an account, most of which let money through.
fn change_step() -> impl Strategy<Value = Step> {
    let floor =
        prop::option::weighted(0.8, prop::sample::select(&[-1000_i128, -1000, -1000, -10, 0, 20][..]));
    let floors = prop::collection::btree_map(prop::sample::select(&ASSETS[..]).prop_map(asset), floor, 0..3);
    let floors = prop_oneof![3 => floors.prop_map(FloorsPatch::PerAsset), 2 => Just(FloorsPatch::Unbounded)];
    let frozen = prop_oneof![
        3 => Just(Frozen::None),
        1 => prop::sample::select(&[Frozen::Debits, Frozen::Credits, Frozen::All][..]),
    ];
    let closed = prop::bool::weighted(0.3);
    let policy = (
        prop::option::weighted(0.8, floors),
        prop::option::weighted(0.3, frozen),
        prop::option::weighted(0.2, closed),
    )
        .prop_map(|(floors, frozen, closed)| PolicyPatch { floors, frozen, closed });
    let value = prop::option::of(prop::sample::select(&["", "x"][..]).prop_map(str::to_owned));
    let metadata = prop::collection::btree_map(
        prop::sample::select(&["k", "l"][..]).prop_map(str::to_owned),
        value,
        0..2,
    );
    (prop::sample::select(&ACCOUNTS[..]), policy, metadata, 0_i64..100).prop_map(
        |(account, policy, metadata, now)| Step {
            command: Command::ChangeAccount(ChangeAccount {
                account: address(account),
                policy,
                metadata: MetadataPatch::new(metadata).unwrap(),
            }),
            now: micros(now),
        },
    )
}

fn transaction_step(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Step> {
    let postings = prop_oneof![
        3 => prop::collection::vec(any_posting(amount.clone()), 1..5),
        2 => chain(amount),
    ];
    let used_reference = prop::option::weighted(0.4, prop::sample::select(&REFERENCES[..]));
    let effective_at = prop::option::weighted(0.3, -50_i64..150);
    let kinds = prop::collection::vec(any_kind_of_quantity(), 5);
    (postings, kinds, used_reference, effective_at, expectations(), 0_i64..100).prop_map(
        |(postings, kinds, used, effective_at, expectations, now)| {
            let postings = postings.iter().zip(kinds).map(|(posting, kind)| kind.of(posting)).collect();
            Step {
                command: Command::PostTransaction(PostTransaction {
                    reference: used.map(reference),
                    effective_at: effective_at.map(micros),
                    expectations: Expectations::new(expectations).unwrap(),
                    ..asking(postings)
                }),
                now: micros(now),
            }
        },
    )
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

/// None most of the time, else a few that are met often enough.
fn expectations() -> impl Strategy<Value = Vec<Expectation>> {
    let bound = |values: &'static [i128]| prop::option::weighted(0.15, prop::sample::select(values));
    let bounds = || {
        (bound(&[-1000, -1, 0, 1, 20]), bound(&[-20, 0, 20, 1_000_000]), bound(&[0, 0, 0, 5]))
            .prop_map(|(at_least, at_most, equals)| Bounds { at_least, at_most, equals })
    };
    let account = prop::sample::select(&ACCOUNTS[..]);
    let one = (account, prop::sample::select(&ASSETS[..]), bounds(), bounds()).prop_map(
        |(account, asset_text, mut posted, available)| {
            if posted.is_empty() && available.is_empty() {
                posted.at_least = Some(i128::MIN);
            }
            expecting(account, asset_text, posted, available)
        },
    );
    prop_oneof![7 => Just(vec![]), 3 => prop::collection::vec(one, 1..4)]
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

fn small_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![1 => Just(0_u64), 6 => 1..10_u64, 3 => 10..1000_u64].prop_map(Amount::from)
}

fn huge_amount() -> impl Strategy<Value = Amount> {
    let max = Amount::MAX.get();
    prop_oneof![
        Just(max),
        (1..10_u128).prop_map(move |less| max - less),
        (0..10_u128).prop_map(move |less| max / 2 - less),
        (1..=max),
    ]
    .prop_map(|minor_units| Amount::new(minor_units).unwrap())
}
