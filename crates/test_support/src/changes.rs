//! Random changes of accounts. Most leave an account open and its postings allowed: a ledger in which everything is
//! frozen has little left to decide.

use std::collections::BTreeMap;

use ledger::{
    ChangeAccount, ChangeTransaction, EntryNumber, FloorsPatch, Frozen, MetadataPatch, PolicyPatch,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::builders::{address, asset};
use crate::pools::{ACCOUNTS, ASSETS, PAIRS};

/// Makes changes.
pub fn any_change() -> impl Strategy<Value = ChangeAccount> {
    (select(ACCOUNTS), any_policy_patch(), any_metadata_patch())
        .prop_map(|(account, policy, metadata)| ChangeAccount { account: address(account), policy, metadata })
}

/// Makes changes of transactions, some of which are none.
pub fn any_transaction_change() -> impl Strategy<Value = ChangeTransaction> {
    (0..24_u64, any_metadata_patch()).prop_map(|(transaction, metadata)| ChangeTransaction {
        transaction: EntryNumber(transaction),
        metadata,
    })
}

fn any_policy_patch() -> impl Strategy<Value = PolicyPatch> {
    let floor = prop::option::weighted(0.8, prop_oneof![4 => -500..=0_i128, 1 => 1..50_i128]);
    let floors = prop::collection::btree_map(select(ASSETS).prop_map(asset), floor, 0..3);
    let floors = prop_oneof![
        4 => floors.prop_map(FloorsPatch::PerAsset),
        1 => Just(FloorsPatch::Unbounded),
    ];
    let frozen = prop_oneof![
        3 => Just(Frozen::None),
        1 => select(vec![Frozen::Debits, Frozen::Credits, Frozen::All]),
    ];
    let closed = prop_oneof![3 => Just(false), 1 => Just(true)];
    (
        prop::option::weighted(0.5, floors),
        prop::option::weighted(0.4, frozen),
        prop::option::weighted(0.3, closed),
    )
        .prop_map(|(floors, frozen, closed)| PolicyPatch { floors, frozen, closed })
}

fn any_metadata_patch() -> impl Strategy<Value = MetadataPatch> {
    prop::collection::vec((select(PAIRS), prop::bool::weighted(0.7)), 0..3).prop_map(|changes| {
        let changes = changes.into_iter();
        let changes: BTreeMap<_, _> = changes
            .map(|((key, value), is_set)| (key.to_owned(), is_set.then(|| value.to_owned())))
            .collect();
        MetadataPatch::new(changes).expect("a few short texts")
    })
}
