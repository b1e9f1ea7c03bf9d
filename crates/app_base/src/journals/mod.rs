//! A ledger's whole log in one file, in Florin's own form or in that of another program.
//!
//! An export is a beginning of the log: it ends where the log stood when it began. It only reads.

mod beancount;
mod csv_rows;
mod export;
mod format;
mod ndjson;
mod plain_text;

pub use export::Export;
pub use format::Format;
pub use ndjson::{LineError, NdjsonLines};
