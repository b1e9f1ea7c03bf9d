//! The log: every entry of a ledger as it was recorded, in order. It is the truth that everything else
//! follows from, and it is only ever read here.

mod dto;
mod error;
mod list_log;
mod operations;

pub use dto::*;
pub use error::*;
pub use list_log::*;
pub use operations::operations;
