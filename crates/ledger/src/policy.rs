//! Policies: what an account allows.

use crate::{Address, Asset};

/// What an account allows. Today every account has the standard policy of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    floor: Floor,
}

/// How far an account's available balance may fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Never below this many minor units; a credit limit is a negative floor.
    AtLeast(i128),
    /// As far as amounts reach.
    Unbounded,
}

impl Policy {
    /// Returns the policy of an account that nobody gave one: `world` is unbounded, all others stop
    /// at zero.
    #[must_use]
    pub fn standard(address: &Address) -> Self {
        Self { floor: if address.is_world() { Floor::Unbounded } else { Floor::AtLeast(0) } }
    }

    /// Returns how far the available balance of an asset may fall.
    #[must_use]
    pub fn floor(&self, _asset: &Asset) -> Floor {
        self.floor
    }
}
