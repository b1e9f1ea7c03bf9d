//! What the model knows of accounts, by going through all changes of them.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    AccountChange, AccountPart, Address, Asset, ChangeAccount, EntryBody, Floors, FloorsPatch, Frozen,
    Metadata, Policy, Rejection,
};

use crate::Model;

impl Model {
    pub(crate) fn change(&mut self, change: &ChangeAccount) -> Result<EntryBody, Rejection> {
        let account = &change.account;
        self.changes.push((self.next(), change.clone()));
        let (kept, floors) = (self.kept(account), self.floors(account));
        let too_many_floors = matches!(&floors, Floors::PerAsset(floors) if floors.len() > 64);
        if kept.len() > 64 || too_many_floors {
            self.changes.pop();
            let part = if kept.len() > 64 { AccountPart::Metadata } else { AccountPart::Floors };
            return Err(Rejection::AccountTooLarge { account: account.clone(), part });
        }
        let policy = Policy { floors, frozen: self.frozen(account), closed: self.is_closed(account) };
        let metadata = Metadata::new(kept).unwrap();
        Ok(EntryBody::Account(AccountChange { account: account.clone(), policy, metadata }))
    }

    /// Returns what an account allows, and what is kept beside it.
    ///
    /// # Panics
    /// Never: no change that kept too much was ever taken.
    #[must_use]
    pub fn account(&self, account: &Address) -> (Policy, Metadata) {
        let policy = Policy {
            floors: self.floors(account),
            frozen: self.frozen(account),
            closed: self.is_closed(account),
        };
        (policy, Metadata::new(self.kept(account)).unwrap())
    }

    /// Returns every account that was ever changed.
    #[must_use]
    pub fn changed(&self) -> BTreeSet<Address> {
        self.changes.iter().map(|(_, change)| change.account.clone()).collect()
    }

    fn changes_of(&self, account: &Address) -> impl DoubleEndedIterator<Item = &ChangeAccount> {
        self.changes.iter().map(|(_, change)| change).filter(move |change| change.account == *account)
    }

    /// Returns how far an account may fall; `None` where it may without end.
    pub(crate) fn floor(&self, account: &Address, asset: &Asset) -> Option<i128> {
        match self.floors(account) {
            Floors::Unbounded => None,
            Floors::PerAsset(floors) => Some(floors.get(asset).copied().unwrap_or(0)),
        }
    }

    fn floors(&self, account: &Address) -> Floors {
        let said: Vec<_> =
            self.changes_of(account).filter_map(|change| change.policy.floors.as_ref()).collect();
        let Some(last) = said.last() else {
            return if account.as_str() == "world" {
                Floors::Unbounded
            } else {
                Floors::PerAsset(BTreeMap::new())
            };
        };
        if **last == FloorsPatch::Unbounded {
            return Floors::Unbounded;
        }
        // What was said of an asset before all floors went does not count any more.
        let since =
            said.iter().rposition(|patch| **patch == FloorsPatch::Unbounded).map_or(0, |last| last + 1);
        let mut floors = BTreeMap::new();
        for patch in &said[since..] {
            let FloorsPatch::PerAsset(patch) = patch else { unreachable!("it comes after the last of them") };
            for (asset, floor) in patch {
                floors.insert(asset.clone(), *floor);
            }
        }
        Floors::PerAsset(floors.into_iter().filter_map(|(asset, floor)| Some((asset, floor?))).collect())
    }

    pub(crate) fn is_closed(&self, account: &Address) -> bool {
        self.changes_of(account).filter_map(|change| change.policy.closed).next_back().unwrap_or(false)
    }

    pub(crate) fn frozen(&self, account: &Address) -> Frozen {
        self.changes_of(account).filter_map(|change| change.policy.frozen).next_back().unwrap_or(Frozen::None)
    }

    /// Returns what is kept beside an account: under each key what was said last of it.
    fn kept(&self, account: &Address) -> BTreeMap<String, String> {
        let patches = || self.changes_of(account).map(|change| change.metadata.as_map());
        let keys: BTreeSet<_> = patches().flat_map(BTreeMap::keys).collect();
        let last = |key: &String| patches().filter_map(|patch| patch.get(key)).next_back();
        keys.into_iter().filter_map(|key| Some((key.clone(), last(key)?.clone()?))).collect()
    }

    /// Returns the version that an account has before the next entry: of the entries that moved, reserved or let go
    /// anything of it, or changed it, the last one's number and one.
    #[must_use]
    pub fn version(&self, account: &Address) -> u64 {
        let touching = self.movements.iter().filter(|m| m.source == *account || m.destination == *account);
        let changing = self.changes.iter().filter(|(_, change)| change.account == *account);
        touching
            .map(|m| m.entry)
            .chain(changing.map(|(entry, _)| *entry))
            .filter(|entry| *entry < self.next())
            .max()
            .map_or(0, |entry| entry + 1)
    }
}
