//! Why commands change nothing.

use crate::{Address, Amount, Asset, Direction, EntryNumber, HoldState, Reference, Timestamp, Unmet};

/// Why a command changes nothing.
///
/// The variants stand in the order of precedence: what the command is about has to be there; then the reference
/// counts, then whether a hold can still be used, then the postings, which are judged one after the other, each in the
/// order of the variants below, and of its accounts the source before the destination; the expectations come last. The
/// last variants are for changes of accounts and transactions alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no hold of this number.
    HoldNotFound {
        /// The number.
        hold: EntryNumber,
    },
    /// There is no transaction of this number.
    TransactionNotFound {
        /// The number.
        transaction: EntryNumber,
    },
    /// An earlier entry has this reference.
    ReferenceTaken {
        /// The reference.
        reference: Reference,
        /// The entry that has it.
        entry: EntryNumber,
    },
    /// The hold would expire before it is made.
    HoldExpiryPassed {
        /// When it would expire.
        expires_at: Timestamp,
    },
    /// The hold has ended.
    HoldNotOpen {
        /// The hold.
        hold: EntryNumber,
        /// How it ended.
        state: HoldState,
    },
    /// The hold's time has not come. Only expiry by itself is told this.
    HoldNotDue {
        /// The hold.
        hold: EntryNumber,
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
    /// More would be captured than is left of the hold.
    HoldExceedsRemaining {
        /// The hold.
        hold: EntryNumber,
        /// The posting's place, from 0.
        posting: usize,
        /// What is left of the hold's postings of this source, destination and asset.
        remaining: Amount,
        /// What the posting would have moved.
        amount: Amount,
    },
    /// More would be reversed than is left of the transaction. Where all that is left is asked for and nothing is, this
    /// is said of the posting that would have come first, before anything is said of accounts.
    ReversalExceedsOriginal {
        /// The transaction.
        transaction: EntryNumber,
        /// The posting's place, from 0.
        posting: usize,
        /// What is left of the transaction's postings that this one would reverse.
        remaining: Amount,
        /// What the posting would have moved.
        amount: Amount,
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
    /// A balance would not be as the caller expects it, or an account is not.
    ExpectationFailed {
        /// The expectation's place, from 0.
        expectation: usize,
        /// The account.
        account: Address,
        /// The asset, where the expectation names one.
        asset: Option<Asset>,
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
    /// More would be kept beside a transaction than may be: [`Metadata::MAX_KEYS`](crate::Metadata::MAX_KEYS).
    TransactionTooLarge {
        /// The transaction.
        transaction: EntryNumber,
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
