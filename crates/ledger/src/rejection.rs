//! Why commands change nothing.

use crate::{Address, Amount, Asset, Direction, EntryNumber, Reference, Unmet};

/// Why a command changes nothing.
///
/// The variants stand in the order of precedence: the reference counts before the postings, which are judged one
/// after the other, each in the order of the variants below, and of its accounts the source before the
/// destination; the expectations come last. The last variant is for changes of accounts alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// An earlier entry has this reference.
    ReferenceTaken {
        /// The reference.
        reference: Reference,
        /// The entry that has it.
        entry: EntryNumber,
    },
    /// An account of a posting is closed.
    AccountClosed {
        /// The posting's place, from 0.
        posting: usize,
        /// The account.
        account: Address,
    },
    /// An account of a posting is frozen for the side on which it is. Of a source that is frozen this is said before
    /// anything is said of the destination.
    AccountFrozen {
        /// The posting's place, from 0.
        posting: usize,
        /// The account.
        account: Address,
        /// The side on which it is.
        side: Direction,
    },
    /// All of an account is asked for that has no floor.
    AccountUnbounded {
        /// The posting's place, from 0.
        posting: usize,
        /// The account.
        account: Address,
        /// The asset.
        asset: Asset,
    },
    /// The source's available balance would fall under its floor.
    InsufficientFunds {
        /// The posting's place, from 0.
        posting: usize,
        /// The source.
        account: Address,
        /// What it lacks.
        asset: Asset,
        /// What it had when this posting's turn came, in minor units.
        available: i128,
        /// What the posting would have moved.
        amount: Amount,
        /// How much is missing.
        shortfall: Amount,
    },
    /// A counter would reach 2^127.
    AmountOverflow {
        /// The posting's place, from 0.
        posting: usize,
        /// The account whose counter it is.
        account: Address,
        /// The asset.
        asset: Asset,
    },
    /// A balance would not be as the caller expects it.
    ExpectationFailed {
        /// The expectation's place, from 0.
        expectation: usize,
        /// The account.
        account: Address,
        /// The asset.
        asset: Asset,
        /// What was expected, and what would be.
        unmet: Unmet,
    },
    /// An account would keep more than it may.
    AccountTooLarge {
        /// The account.
        account: Address,
        /// Of what.
        part: AccountPart,
    },
}

/// A part of an account that has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountPart {
    /// Its metadata: [`Metadata::MAX_KEYS`](crate::Metadata::MAX_KEYS).
    Metadata,
    /// Its floors: [`Floors::MAX`](crate::Floors::MAX).
    Floors,
}
