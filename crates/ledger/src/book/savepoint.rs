//! Savepoints: what a book has to remember to go back to how it was, as when one of several commands that happen
//! together or not at all is rejected.

use std::collections::HashMap;

use super::Book;
use crate::{
    Address, Balance, BalanceKey, EntryNumber, HoldStanding, Metadata, Policy, Reference, Remainder,
    Timestamp,
};

/// How a book was. Balances and policies, of which a book may hold many, are kept only where they have changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Savepoint {
    next: EntryNumber,
    last_recorded_at: Option<Timestamp>,
    balances: Vec<(BalanceKey, Option<Balance>)>,
    policies: Vec<(Address, Option<Policy>)>,
    references: HashMap<Reference, EntryNumber>,
    metadata: HashMap<Address, Metadata>,
    holds: HashMap<EntryNumber, HoldStanding>,
    unreversed: HashMap<EntryNumber, Remainder>,
    versions: HashMap<Address, u64>,
    transactions: HashMap<EntryNumber, Option<Metadata>>,
}

impl Savepoint {
    pub(super) fn balance(&mut self, key: &BalanceKey, before: Option<Balance>) {
        self.balances.push((key.clone(), before));
    }

    pub(super) fn policy(&mut self, account: &Address, before: Option<Policy>) {
        self.policies.push((account.clone(), before));
    }
}

impl Book {
    /// Remembers how the book is. What was remembered before is forgotten.
    pub fn savepoint(&mut self) {
        self.savepoint = Some(Box::new(Savepoint {
            next: self.next,
            last_recorded_at: self.last_recorded_at,
            balances: Vec::new(),
            policies: Vec::new(),
            references: self.references.clone(),
            metadata: self.metadata.clone(),
            holds: self.holds.clone(),
            unreversed: self.unreversed.clone(),
            versions: self.versions.clone(),
            transactions: self.transactions.clone(),
        }));
    }

    /// Forgets how the book was.
    pub fn release_savepoint(&mut self) {
        self.savepoint = None;
    }

    /// Makes the book as it was when it was last remembered: the entries applied since are not part of it. Nothing may
    /// have been loaded meanwhile.
    pub fn roll_back(&mut self) {
        let Some(savepoint) = self.savepoint.take() else { return };
        let Savepoint {
            next,
            last_recorded_at,
            references,
            metadata,
            holds,
            unreversed,
            versions,
            transactions,
            ..
        } = *savepoint;
        self.transactions = transactions;
        (self.next, self.last_recorded_at) = (next, last_recorded_at);
        (self.references, self.metadata, self.holds) = (references, metadata, holds);
        (self.unreversed, self.versions) = (unreversed, versions);
        // What changed several times goes back over the same way.
        for (key, before) in savepoint.balances.into_iter().rev() {
            match before {
                Some(balance) => self.balances.insert(key, balance),
                None => self.balances.remove(&key),
            };
        }
        for (account, before) in savepoint.policies.into_iter().rev() {
            match before {
                Some(policy) => self.policies.insert(account, policy),
                None => self.policies.remove(&account),
            };
        }
    }
}
