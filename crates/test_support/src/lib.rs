//! What tests share: builders, a driver that appends to a store, a naive evaluation of every read, and the
//! contract that every store keeps.
//!
//! Used by tests only, so it panics where something is not as a test needs it. It never names a concrete
//! store.

mod append;
mod builders;
mod changes;
pub mod contract;
mod fixture;
mod histories;
mod movements;
mod naive;
mod paging;
pub mod pools;
mod questions;
mod seed;

pub use append::{append, decide_batch, head_before};
pub use builders::{
    Request, address, annotate, asking, asset, at, capture, change, hold, key, ledger_name, metadata, post,
    posting, reference, release, reverse, transfer,
};
pub use changes::{any_change, any_transaction_change};
pub use fixture::StoreFixture;
pub use histories::{History, Kind, any_history, any_kind_of_quantity};
pub use movements::read_movements;
pub use naive::Naive;
pub use paging::{assert_pages, drain, try_drain};
pub use questions::{
    any_account_as_of, any_account_query, any_balance_query, any_change_query, any_hold_query,
    any_statement_query, any_transaction_change_query, any_transaction_query,
};
pub use seed::{SEED_VARIABLE, Seed};
