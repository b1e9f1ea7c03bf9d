//! The pure core: what money is, what a posting is, and which commands a ledger accepts.
//!
//! Everything here is a function of its arguments. The crate never does I/O, never reads a clock,
//! never draws a random number, and knows no wire or storage format: time and numbers arrive as
//! arguments, text is parsed into types at the edge and handed in.

mod address;
mod amount;
mod asset;
mod balance;
mod book;
mod decide;
mod entry;
mod expectation;
mod hold;
mod metadata;
mod name;
mod policy;
mod posting;
mod quantity;
mod reference;
mod rejection;
mod remainder;
mod root;
mod time;
mod total;
mod transaction_change;

pub use address::{Address, AddressError};
pub use amount::{Amount, AmountError};
pub use asset::{Asset, AssetError};
pub use balance::{Balance, BalanceKey};
pub use book::Book;
pub use decide::{
    CaptureHold, ChangeAccount, Command, CreateHold, PostTransaction, ReleaseHold, ReverseTransaction,
    decide, find_target,
};
pub use entry::{
    AccountChange, Capture, Direction, Entry, EntryBody, EntryNumber, Hold, Origin, Release, ReleaseCause,
    Reversal, StatementLine, Transaction,
};
pub use expectation::{
    Bound, Bounds, Expectation, ExpectationError, Expectations, ExpectedBounds, Figure, TooManyExpectations,
    Unmet,
};
pub use hold::{HoldStanding, HoldState};
pub use metadata::{Metadata, MetadataError, MetadataPatch};
pub use name::{LedgerName, LedgerNameError};
pub use policy::{Floor, Floors, FloorsPatch, Frozen, Policy, PolicyPatch};
pub use posting::{Posting, PostingError, Postings, PostingsError};
pub use quantity::Quantity;
pub use reference::{Reference, ReferenceError};
pub use rejection::{AccountPart, Rejection};
pub use remainder::{Exceeded, Remainder};
pub use root::{Root, RootKey, SumChanges};
pub use time::Timestamp;
pub use total::{BalanceTotal, Total};
pub use transaction_change::{ChangeTransaction, TransactionChange};
