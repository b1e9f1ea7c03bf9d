//! Rows of companions, in memory: texts, which are there once the batch that wrote them is committed.

use engine::companion::StoreTransaction;

/// What a companion writes into, of a store in memory.
#[derive(Debug, Default)]
pub struct MemoryRows(Vec<String>);

impl MemoryRows {
    /// Adds a row.
    pub fn insert(&mut self, row: impl Into<String>) {
        self.0.push(row.into());
    }

    pub(crate) fn into_rows(self) -> Vec<String> {
        self.0
    }
}

/// Returns what a companion writes into, where the transaction is one of a store in memory.
pub fn connection<'t>(transaction: &'t mut StoreTransaction<'_>) -> Option<&'t mut MemoryRows> {
    transaction.connection()
}
