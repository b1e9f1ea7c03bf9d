//! Random changes of accounts, and random expectations of them.

use ledger::{
    Bounds, ChangeAccount, Command, Expectation, ExpectedBounds, Floors, FloorsPatch, Frozen, Metadata,
    MetadataPatch, PolicyPatch,
};
use proptest::prelude::*;

use super::{ACCOUNTS, ASSETS, address, asset, perhaps};

/// A change of an account, most of which let money through.
pub(super) fn change() -> impl Strategy<Value = Command> {
    let command = |(account, policy, metadata): (&str, PolicyPatch, MetadataPatch)| {
        Command::ChangeAccount(ChangeAccount { account: address(account), policy, metadata })
    };
    prop_oneof![
        3 => (prop::sample::select(&ACCOUNTS[..]), policy(), metadata()).prop_map(command),
        // All that an account may keep, or less, or one more than that.
        1 => (Just("fees"), many_floors(), many_keys()).prop_map(command),
    ]
}

fn policy() -> impl Strategy<Value = PolicyPatch> {
    let floor =
        prop::option::weighted(0.8, prop::sample::select(&[-1000_i128, -1000, -1000, -10, 0, 20][..]));
    let floors = prop::collection::btree_map(prop::sample::select(&ASSETS[..]).prop_map(asset), floor, 0..3);
    let floors = prop_oneof![3 => floors.prop_map(FloorsPatch::PerAsset), 2 => Just(FloorsPatch::Unbounded)];
    let frozen = prop_oneof![
        3 => Just(Frozen::None),
        1 => prop::sample::select(&[Frozen::Debits, Frozen::Credits, Frozen::All][..]),
    ];
    let closed = prop::bool::weighted(0.3);
    (
        prop::option::weighted(0.8, floors),
        prop::option::weighted(0.3, frozen),
        prop::option::weighted(0.2, closed),
    )
        .prop_map(|(floors, frozen, closed)| PolicyPatch { floors, frozen, closed })
}

pub(super) fn metadata() -> impl Strategy<Value = MetadataPatch> {
    let key = prop::sample::select(&["k", "l"][..]).prop_map(str::to_owned);
    let value = prop::option::of(prop::sample::select(&["", "x"][..]).prop_map(str::to_owned));
    prop::collection::btree_map(key, value, 0..2).prop_map(|map| MetadataPatch::new(map).unwrap())
}

fn many_floors() -> impl Strategy<Value = PolicyPatch> {
    prop::sample::select(&[0, 0, 0, 1, Floors::MAX, Floors::MAX + 1][..]).prop_map(|floors| {
        let floors = (0..floors).map(|n| (asset(&format!("USD/{n}")), Some(-10))).collect();
        PolicyPatch { floors: Some(FloorsPatch::PerAsset(floors)), ..PolicyPatch::default() }
    })
}

pub(super) fn many_keys() -> impl Strategy<Value = MetadataPatch> {
    (0..4_usize, prop::sample::select(&[0, Metadata::MAX_KEYS, Metadata::MAX_KEYS][..])).prop_map(
        |(from, keys)| {
            let keys = (from..from + keys).map(|n| (n.to_string(), Some(String::new())));
            MetadataPatch::new(keys.collect()).unwrap()
        },
    )
}

/// None most of the time, else a few that are met often enough.
pub(super) fn expectations() -> impl Strategy<Value = Vec<Expectation>> {
    let bound = |values: &'static [i128]| perhaps(values, 7 * values.len());
    let bounds = move |least, most, equals| {
        (bound(least), bound(most), bound(equals)).prop_map(|(at_least, at_most, equals)| Bounds {
            at_least,
            at_most,
            equals,
        })
    };
    let figure = || bounds(&[-1000, -1, 0, 1, 20], &[-20, 0, 20, 1_000_000], &[0, 0, 0, 5]);
    let version = bounds(&[0, 1, 2, 5], &[0, 4, 9, 20], &[0, 0, 1, 2]);
    let asset_text = (0..ASSETS.len() + 1).prop_map(|n| ASSETS.get(n).copied());
    let one = (prop::sample::select(&ACCOUNTS[..]), asset_text, figure(), figure(), version).prop_map(
        |(account, asset_text, posted, available, version)| {
            let mut bounds = match asset_text {
                Some(_) => ExpectedBounds { posted, available, version },
                None => ExpectedBounds { version, ..ExpectedBounds::default() },
            };
            if bounds == ExpectedBounds::default() {
                bounds.version.at_least = Some(0);
            }
            Expectation::new(address(account), asset_text.map(asset), bounds).unwrap()
        },
    );
    prop_oneof![7 => Just(vec![]), 3 => prop::collection::vec(one, 1..4)]
}
