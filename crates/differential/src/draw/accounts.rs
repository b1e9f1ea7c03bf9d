//! Random changes of accounts, and random expectations of them.

use ledger::{
    BalanceKey, Bounds, ChangeAccount, Command, Expectation, Expectations, ExpectedBounds, Floors,
    FloorsPatch, Frozen, Metadata, MetadataPatch, PolicyPatch,
};
use reference_model::Model;

use super::{Draw, address, asset};

impl Draw {
    /// Draws a change of an account. Most let money through, and undo what others barred.
    pub(super) fn account(&mut self) -> Command {
        if self.chance(2) {
            return self.large_account();
        }
        let account = self.an_account();
        let floors = self.chance(50).then(|| self.floors());
        let frozen = self.chance(60).then(|| match self.random.u32(..16) {
            0 => Frozen::Debits,
            1 => Frozen::Credits,
            2 => Frozen::All,
            _ => Frozen::None,
        });
        let closed = self.chance(60).then(|| self.chance(10));
        let metadata = self.metadata_patch(20);
        let policy = PolicyPatch { floors, frozen, closed };
        Command::ChangeAccount(ChangeAccount { account, policy, metadata })
    }

    fn floors(&mut self) -> FloorsPatch {
        if self.chance(15) {
            return FloorsPatch::Unbounded;
        }
        let floor = match self.random.u32(..10) {
            0 | 1 => None,
            2..6 => Some(-1000),
            6 | 7 => Some(-10),
            8 => Some(0),
            _ => Some(20),
        };
        FloorsPatch::PerAsset([(self.an_asset(), floor)].into())
    }

    /// Draws a change of what is kept beside something: each key so often in a hundred times.
    pub(super) fn metadata_patch(&mut self, per_hundred: u32) -> MetadataPatch {
        let mut metadata = Vec::new();
        for key in ["k", "l"] {
            if self.chance(per_hundred) {
                let value = [None, Some(""), Some("x")][self.random.usize(..3)];
                metadata.push((key.to_owned(), value.map(str::to_owned)));
            }
        }
        MetadataPatch::new(metadata.into_iter().collect()).expect("it is short")
    }

    /// Draws a change of as many keys as there may be.
    pub(super) fn large_metadata(&mut self) -> MetadataPatch {
        let from = self.random.usize(..3);
        let value = if self.chance(50) { None } else { Some(String::new()) };
        let keys = (from..from + Metadata::MAX_KEYS).map(|n| (n.to_string(), value.clone()));
        MetadataPatch::new(keys.collect()).expect("there are as many as there may be")
    }

    /// Draws a change to all that an account may keep, or to one more than that.
    fn large_account(&mut self) -> Command {
        let (mut policy, mut metadata) = (PolicyPatch::default(), MetadataPatch::default());
        if self.chance(50) {
            let from = self.random.usize(..3);
            let floor = if self.chance(50) { None } else { Some(-10) };
            let floors = (from..from + Floors::MAX).map(|n| (asset(&format!("USD/{n}")), floor));
            policy.floors = Some(FloorsPatch::PerAsset(floors.collect()));
        } else {
            metadata = self.large_metadata();
        }
        Command::ChangeAccount(ChangeAccount { account: address("users:10"), policy, metadata })
    }

    /// Draws expectations near what there is, so that many of them are met.
    pub(super) fn expectations(&mut self, model: &Model) -> Expectations {
        let count = self.random.usize(1..4);
        let expectations = (0..count).map(|_| self.expectation(model)).collect();
        Expectations::new(expectations).expect("there are a few")
    }

    fn expectation(&mut self, model: &Model) -> Expectation {
        let (account, asset) = (self.an_account(), self.an_asset());
        let mut bounds = ExpectedBounds::default();
        if self.chance(50) {
            bounds.version = self.bounds(i128::from(model.version(&account)), 3);
        }
        if bounds == ExpectedBounds::default() || self.chance(50) {
            let balance = model.balance(&BalanceKey { account: account.clone(), asset: asset.clone() });
            if self.chance(50) {
                bounds.posted = self.bounds(balance.posted(), 1000);
            } else {
                bounds.available = self.bounds(balance.available(), 1000);
            }
            return Expectation::new(account, Some(asset), bounds).expect("it has a bound");
        }
        Expectation::new(account, None, bounds).expect("it has a bound")
    }

    /// Draws bounds around what a figure is.
    fn bounds(&mut self, actual: i128, width: i128) -> Bounds {
        let limit = i128::MAX / 2;
        let near = |distance: i128| actual.clamp(-limit, limit) + distance;
        let off = if self.chance(10) { width } else { -width };
        match self.random.u32(..4) {
            0 => Bounds { at_least: Some(near(off)), ..Bounds::default() },
            1 => Bounds { at_most: Some(near(-off)), ..Bounds::default() },
            2 => Bounds { at_least: Some(near(-width)), at_most: Some(near(width)), equals: None },
            _ => Bounds { equals: Some(actual), ..Bounds::default() },
        }
    }
}
