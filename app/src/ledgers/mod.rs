//! Ledgers: named, independent books. They are created and read; nothing deletes or renames one.

mod create_ledger;
mod dto;
mod error;
mod get_ledger;
mod list_ledgers;
mod operations;

pub use create_ledger::*;
pub use dto::*;
pub use error::*;
pub use get_ledger::*;
pub use list_ledgers::*;
pub use operations::operations;
