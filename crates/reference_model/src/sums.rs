//! What the model counts, each time anew, over all movements.

use std::collections::BTreeSet;

use ledger::{Address, Amount, Asset, Balance, BalanceKey, EntryNumber};

use crate::{Kind, Model, Movement};

impl Model {
    /// Returns the sum of all that ever reached an account.
    pub(crate) fn posted_in(&self, account: &Address, asset: &Asset) -> u128 {
        self.posted_sum(|m| m.destination == *account && m.asset == *asset)
    }

    /// Returns the sum of all that ever left an account.
    pub(crate) fn posted_out(&self, account: &Address, asset: &Asset) -> u128 {
        self.posted_sum(|m| m.source == *account && m.asset == *asset)
    }

    /// Returns what is reserved to reach an account.
    pub(crate) fn pending_in(&self, account: &Address, asset: &Asset) -> u128 {
        self.pending_sum(|m| m.destination == *account && m.asset == *asset)
    }

    /// Returns what is reserved to leave an account.
    pub(crate) fn pending_out(&self, account: &Address, asset: &Asset) -> u128 {
        self.pending_sum(|m| m.source == *account && m.asset == *asset)
    }

    pub(crate) fn posted(&self, account: &Address, asset: &Asset) -> i128 {
        let credits = i128::try_from(self.posted_in(account, asset)).unwrap();
        credits - i128::try_from(self.posted_out(account, asset)).unwrap()
    }

    pub(crate) fn available(&self, account: &Address, asset: &Asset) -> i128 {
        self.posted(account, asset) - i128::try_from(self.pending_out(account, asset)).unwrap()
    }

    fn posted_sum(&self, counts: impl Fn(&Movement) -> bool) -> u128 {
        self.movements.iter().filter(|m| m.kind.is_posted() && counts(m)).map(|m| m.amount).sum()
    }

    /// One after the other, as all that was ever reserved is more than fits.
    fn pending_sum(&self, counts: impl Fn(&Movement) -> bool) -> u128 {
        self.movements.iter().filter(|m| counts(m)).fold(0, |sum, m| match m.kind {
            Kind::Posted | Kind::Reversed(_) => sum,
            Kind::Reserved => sum + m.amount,
            Kind::Captured(_) | Kind::LetGo(_) => sum - m.amount,
        })
    }

    /// Returns a balance.
    ///
    /// # Panics
    /// Never: no sum that is larger than an amount was ever let in.
    #[must_use]
    pub fn balance(&self, key: &BalanceKey) -> Balance {
        let (account, asset) = (&key.account, &key.asset);
        let amount = |sum| Amount::new(sum).unwrap();
        Balance {
            posted_in: amount(self.posted_in(account, asset)),
            posted_out: amount(self.posted_out(account, asset)),
            pending_in: amount(self.pending_in(account, asset)),
            pending_out: amount(self.pending_out(account, asset)),
        }
    }

    /// Returns every balance that an entry touched, as it is now.
    pub(crate) fn balances_touched_by(&self, entry: u64) -> Vec<(BalanceKey, Balance)> {
        let keys = self.keys(|m| m.entry == entry);
        keys.into_iter().map(|key| (key.clone(), self.balance(&key))).collect()
    }

    /// Returns every account and asset that was ever touched.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<BalanceKey> {
        self.keys(|_| true)
    }

    fn keys(&self, counts: impl Fn(&Movement) -> bool) -> BTreeSet<BalanceKey> {
        let key =
            |account: &Address, m: &Movement| BalanceKey { account: account.clone(), asset: m.asset.clone() };
        let counted = self.movements.iter().filter(|m| counts(m));
        counted.flat_map(|m| [key(&m.source, m), key(&m.destination, m)]).collect()
    }

    /// Returns what an account had after the posting of that place in that entry.
    ///
    /// # Panics
    /// Never: no sum that is larger than an amount was ever let in.
    #[must_use]
    pub fn posted_after(&self, account: &Address, asset: &Asset, entry: EntryNumber, posting: usize) -> i128 {
        let posted = || self.movements.iter().filter(|m| m.kind.is_posted());
        let earlier = posted().filter(|m| m.entry < entry.0);
        let own = posted().filter(|m| m.entry == entry.0).take(posting + 1);
        earlier.chain(own).filter(|m| m.asset == *asset).fold(0, |sum, m| {
            let amount = i128::try_from(m.amount).unwrap();
            if m.destination == *account {
                sum + amount
            } else if m.source == *account {
                sum - amount
            } else {
                sum
            }
        })
    }
}
