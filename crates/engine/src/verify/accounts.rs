//! Compares what is kept beside accounts, and the list of their changes, with what follows from the log. Of metadata
//! and of lists it keeps digests alone.

use std::collections::HashMap;

use ledger::{AccountChange, Address, Book, EntryNumber, Metadata};
use sha2::{Digest, Sha256};

use super::Finding;
use super::finding::AccountFault;
use super::movements::Seen;
use super::transactions::PairSum;
use crate::codec::encode_metadata;
use crate::pair::MetadataPair;
use crate::port::KeptAccount;

/// Every account that was ever changed, as far as it has been seen from both sides.
#[derive(Default)]
pub(super) struct Accounts {
    accounts: HashMap<Address, BothSides>,
}

#[derive(Default)]
struct BothSides {
    /// The changes that follow from the log.
    expected: Seen,
    /// The changes that the projection has.
    found: Seen,
    /// Of the metadata that follows from the log.
    metadata: [u8; 16],
    /// Whether the projection has the account.
    is_kept: bool,
    /// What it is found by, as follows from the log.
    pairs: PairSum,
    /// What the projection finds it by.
    found_by: PairSum,
}

pub(super) fn digest(metadata: &Metadata) -> [u8; 16] {
    let digest = Sha256::digest(encode_metadata(metadata).as_bytes());
    let mut front = [0; 16];
    front.copy_from_slice(&digest[..16]);
    front
}

impl Accounts {
    /// Returns how many accounts the log changes.
    pub(super) fn len(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// Takes a change from the log.
    pub(super) fn expect(&mut self, entry: EntryNumber, change: &AccountChange) {
        let account = self.accounts.entry(change.account.clone()).or_default();
        account.expected.add(entry);
        account.metadata = digest(&change.metadata);
        account.pairs = PairSum::of(&change.metadata);
    }

    /// Takes an account of the projection, and says what of it does not follow from the log. The book has the policies
    /// that do.
    pub(super) fn find(&mut self, book: &Book, kept: &KeptAccount) -> Vec<Finding> {
        let fault = |fault| Finding::AccountDiffers { account: kept.address.clone(), fault };
        let Some(expected) =
            self.accounts.get_mut(&kept.address).filter(|account| account.expected.count() > 0)
        else {
            return vec![fault(AccountFault::Unexpected)];
        };
        expected.is_kept = true;
        let mut findings = Vec::new();
        if *book.policy(&kept.address) != kept.policy {
            findings.push(fault(AccountFault::Policy));
        }
        if expected.metadata != digest(&kept.metadata) {
            findings.push(fault(AccountFault::Metadata));
        }
        findings
    }

    /// Takes a change that the projection lists.
    pub(super) fn find_change(&mut self, account: &Address, entry: EntryNumber) {
        self.accounts.entry(account.clone()).or_default().found.add(entry);
    }

    /// Takes what the projection finds an account by.
    pub(super) fn find_by(&mut self, pair: MetadataPair, account: &Address) {
        self.accounts.entry(account.clone()).or_default().found_by.add(pair);
    }

    /// Returns what is missing in the projection, and whose changes differ, by address.
    pub(super) fn differences(self) -> impl Iterator<Item = Finding> {
        let mut accounts: Vec<_> = self.accounts.into_iter().collect();
        accounts.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        accounts.into_iter().flat_map(|(account, sides)| {
            let missing = !sides.is_kept && sides.expected.count() > 0;
            let missing = missing.then_some(AccountFault::Missing);
            let changes = (sides.expected != sides.found).then_some(AccountFault::Changes);
            let index = (sides.pairs != sides.found_by).then_some(AccountFault::Index);
            missing
                .into_iter()
                .chain(changes)
                .chain(index)
                .map(move |fault| Finding::AccountDiffers { account: account.clone(), fault })
        })
    }
}
