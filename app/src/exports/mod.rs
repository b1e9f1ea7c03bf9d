//! Exports: a ledger's whole log in one file, in Florin's own form or in that of another program.
//!
//! An export is a beginning of the log: it ends where the log stood when it began. It only reads.

mod beancount;
mod csv_rows;
mod error;
mod export;
mod export_ledger;
mod format;
mod ndjson;
mod operations;
mod plain_text;
mod query;

pub use error::*;
pub use export::Export;
pub use export_ledger::*;
pub use format::Format;
pub use ndjson::{LineError, NdjsonLines};
pub use operations::operations;
pub use query::*;
