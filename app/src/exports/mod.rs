//! Exports: a ledger's journal over HTTP, in every form that there is.

mod error;
mod export_ledger;
mod operations;
mod query;

pub use error::*;
pub use export_ledger::*;
pub use operations::operations;
pub use query::*;
