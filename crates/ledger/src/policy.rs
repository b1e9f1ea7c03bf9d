//! Policies: what an account allows, and how that is changed. Whether a posting is allowed is not said here but by
//! [`decide`](crate::decide()).

use std::collections::BTreeMap;

use crate::{Address, Asset, Direction};

/// What an account allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far its available balances may fall.
    pub floors: Floors,
    /// Which postings it does not take part in for now.
    pub frozen: Frozen,
    /// Whether it takes part in none at all.
    pub closed: bool,
}

/// How far the available balances of an account may fall, asset by asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Floors {
    /// As far as amounts reach, in every asset.
    Unbounded,
    /// Never below so many minor units, which is a credit limit where it is negative; zero in assets that are not
    /// here. At most [`Floors::MAX`].
    PerAsset(BTreeMap<Asset, i128>),
}

impl Floors {
    /// How many assets may have a floor of their own.
    pub const MAX: usize = 64;
}

/// How far the available balance of an account in one asset may fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Never below this many minor units; a credit limit is a negative floor.
    AtLeast(i128),
    /// As far as amounts reach.
    Unbounded,
}

/// Which postings an account does not take part in, until that is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frozen {
    /// It takes part in all.
    #[default]
    None,
    /// None of which it is the source.
    Debits,
    /// None of which it is the destination.
    Credits,
    /// None at all.
    All,
}

impl Frozen {
    /// Says whether it keeps the account from being on a side of a posting.
    #[must_use]
    pub const fn bars(self, side: Direction) -> bool {
        match self {
            Self::None => false,
            Self::Debits => matches!(side, Direction::Debit),
            Self::Credits => matches!(side, Direction::Credit),
            Self::All => true,
        }
    }
}

/// The policy of `world` that nobody changed.
static OUTSIDE: Policy = Policy { floors: Floors::Unbounded, frozen: Frozen::None, closed: false };
/// The policy of every other account that nobody changed.
static PLAIN: Policy =
    Policy { floors: Floors::PerAsset(BTreeMap::new()), frozen: Frozen::None, closed: false };

impl Policy {
    /// Returns the policy of an account that nobody gave one: `world` is unbounded, all others stop
    /// at zero.
    #[must_use]
    pub fn standard(address: &Address) -> &'static Self {
        if address.is_world() { &OUTSIDE } else { &PLAIN }
    }

    /// Returns how far the available balance of an asset may fall.
    #[must_use]
    pub fn floor(&self, asset: &Asset) -> Floor {
        match &self.floors {
            Floors::Unbounded => Floor::Unbounded,
            Floors::PerAsset(floors) => Floor::AtLeast(floors.get(asset).copied().unwrap_or(0)),
        }
    }
}

/// A change of a policy. What is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyPatch {
    /// Other floors.
    pub floors: Option<FloorsPatch>,
    /// Which postings it does not take part in from now on.
    pub frozen: Option<Frozen>,
    /// Whether it is closed from now on.
    pub closed: Option<bool>,
}

/// A change of floors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorsPatch {
    /// There are none any more.
    Unbounded,
    /// Each of these assets gets this floor, or loses its own. All others keep theirs; where there were no floors,
    /// they are zero from now on.
    PerAsset(BTreeMap<Asset, Option<i128>>),
}

impl PolicyPatch {
    /// Returns the policy as it is after the change, which may have too many floors.
    #[must_use]
    pub fn applied_to(&self, policy: &Policy) -> Policy {
        Policy {
            floors: match &self.floors {
                None => policy.floors.clone(),
                Some(patch) => patch.applied_to(&policy.floors),
            },
            frozen: self.frozen.unwrap_or(policy.frozen),
            closed: self.closed.unwrap_or(policy.closed),
        }
    }
}

impl FloorsPatch {
    fn applied_to(&self, floors: &Floors) -> Floors {
        let Self::PerAsset(changes) = self else { return Floors::Unbounded };
        let mut floors = match floors {
            Floors::Unbounded => BTreeMap::new(),
            Floors::PerAsset(floors) => floors.clone(),
        };
        for (asset, change) in changes {
            match change {
                Some(floor) => floors.insert(asset.clone(), *floor),
                None => floors.remove(asset),
            };
        }
        Floors::PerAsset(floors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(text: &str) -> Asset {
        Asset::parse(text).unwrap()
    }

    fn per_asset(floors: &[(&str, i128)]) -> Floors {
        Floors::PerAsset(floors.iter().map(|(text, floor)| (asset(text), *floor)).collect())
    }

    fn patched(floors: &Floors, changes: &[(&str, Option<i128>)]) -> Floors {
        let changes = changes.iter().map(|(text, change)| (asset(text), *change)).collect();
        FloorsPatch::PerAsset(changes).applied_to(floors)
    }

    #[test]
    fn the_standard_policy_stops_at_zero_but_for_world() {
        let (world, other) = (Address::world(), Address::parse("worlds").unwrap());
        assert_eq!(Policy::standard(&world).floor(&asset("USD/2")), Floor::Unbounded);
        assert_eq!(Policy::standard(&other).floor(&asset("USD/2")), Floor::AtLeast(0));
        for address in [&world, &other] {
            let Policy { frozen, closed, .. } = Policy::standard(address);
            assert_eq!((*frozen, *closed), (Frozen::None, false));
        }
    }

    #[test]
    fn each_asset_has_a_floor_of_its_own_or_zero() {
        let policy = Policy { floors: per_asset(&[("USD/2", -5), ("EUR/2", 3)]), ..PLAIN.clone() };
        for (text, floor) in [("USD/2", -5), ("EUR/2", 3), ("USD", 0)] {
            assert_eq!(policy.floor(&asset(text)), Floor::AtLeast(floor), "{text}");
        }
    }

    #[test]
    fn a_freeze_bars_the_sides_that_it_names() {
        use Direction::{Credit, Debit};
        for (frozen, debits, credits) in [
            (Frozen::None, false, false),
            (Frozen::Debits, true, false),
            (Frozen::Credits, false, true),
            (Frozen::All, true, true),
        ] {
            assert_eq!((frozen.bars(Debit), frozen.bars(Credit)), (debits, credits), "{frozen:?}");
        }
    }

    #[test]
    fn what_a_patch_leaves_out_stays() {
        let before = Policy { floors: per_asset(&[("USD/2", -5)]), frozen: Frozen::Debits, closed: true };
        assert_eq!(PolicyPatch::default().applied_to(&before), before);
        let patch = PolicyPatch { frozen: Some(Frozen::None), ..PolicyPatch::default() };
        assert_eq!(patch.applied_to(&before), Policy { frozen: Frozen::None, ..before.clone() });
        let patch = PolicyPatch { closed: Some(false), ..PolicyPatch::default() };
        assert_eq!(patch.applied_to(&before), Policy { closed: false, ..before.clone() });
        let patch = PolicyPatch { floors: Some(FloorsPatch::Unbounded), ..PolicyPatch::default() };
        assert_eq!(patch.applied_to(&before), Policy { floors: Floors::Unbounded, ..before });
    }

    #[test]
    fn floors_change_asset_by_asset() {
        let before = per_asset(&[("USD/2", -5), ("EUR/2", -7)]);
        assert_eq!(patched(&before, &[]), before);
        assert_eq!(
            patched(&before, &[("USD/2", Some(-9)), ("EUR/2", None), ("GBP/2", None)]),
            per_asset(&[("USD/2", -9)])
        );
        assert_eq!(patched(&Floors::Unbounded, &[("USD/2", Some(1))]), per_asset(&[("USD/2", 1)]));
        assert_eq!(patched(&Floors::Unbounded, &[]), per_asset(&[]));
    }
}
