//! Sums of balances by root, added up from all accounts under each.

use std::collections::BTreeMap;

use ledger::{BalanceTotal, Root, RootKey};

use super::Naive;

impl Naive {
    /// Returns the sums of the balances of all accounts under each root.
    #[must_use]
    pub fn sums(&self) -> BTreeMap<RootKey, BalanceTotal> {
        let mut sums = BTreeMap::<RootKey, BalanceTotal>::new();
        for (key, balance) in self.balances() {
            if let Some(root) = Root::of(&key.account) {
                sums.entry(RootKey { root, asset: key.asset }).or_default().add_balance(&balance);
            }
        }
        sums
    }
}
