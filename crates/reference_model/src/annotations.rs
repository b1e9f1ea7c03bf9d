//! What the model knows of what is kept beside transactions, by going through all changes of it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{ChangeTransaction, EntryBody, EntryNumber, Metadata, Rejection, TransactionChange};

use super::Model;

impl Model {
    pub(super) fn annotate(&mut self, change: &ChangeTransaction) -> Result<EntryBody, Rejection> {
        let transaction = change.transaction;
        // Every transaction has postings, and nothing else has posted any.
        if self.moved_by(transaction.0).is_empty() {
            return Err(Rejection::TransactionNotFound { transaction });
        }
        self.annotations.push(change.clone());
        let kept = self.kept_beside(transaction.0);
        if kept.len() > 64 {
            self.annotations.pop();
            return Err(Rejection::TransactionTooLarge { transaction });
        }
        let metadata = Metadata::new(kept).unwrap();
        Ok(EntryBody::TransactionChange(TransactionChange { transaction, metadata }))
    }

    /// Returns what is kept beside a transaction.
    ///
    /// # Panics
    /// Never: no change that kept too much was ever taken.
    #[must_use]
    pub fn beside(&self, transaction: EntryNumber) -> Metadata {
        Metadata::new(self.kept_beside(transaction.0)).unwrap()
    }

    /// Returns what is kept beside a transaction: under each key what was said last of it, when it was recorded or
    /// later.
    fn kept_beside(&self, transaction: u64) -> BTreeMap<String, String> {
        let recorded = self.recorded_beside.iter().filter(|(number, _)| *number == transaction);
        let recorded = recorded.flat_map(|(_, metadata)| metadata.as_map());
        let changes = self.annotations.iter().filter(|change| change.transaction.0 == transaction);
        let changes = changes.flat_map(|change| change.metadata.as_map());
        let said: Vec<_> = recorded
            .map(|(key, value)| (key, Some(value)))
            .chain(changes.map(|(key, value)| (key, value.as_ref())))
            .collect();
        let keys: BTreeSet<_> = said.iter().map(|(key, _)| *key).collect();
        let last = |key| said.iter().rfind(|(of, _)| *of == key)?.1;
        keys.into_iter().filter_map(|key| Some((key.clone(), last(key)?.clone()))).collect()
    }
}
