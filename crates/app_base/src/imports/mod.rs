//! Imports of CSV: what its rows become, as a mapping says. docs/imports.md describes both.
//!
//! It reads and maps, and asks nobody: what a ledger makes of a transaction is for the engine to say.

mod dates;
mod mapping;
mod numbers;
mod refusal;
mod rows;
mod table;
mod template;
mod transactions;

pub use mapping::{Mapping, MappingError};
pub use refusal::{Refusal, refused_by_ledger};
pub use rows::{Group, OpenError, Row, Rows};
pub use table::{Table, TableError, Written};
