//! The audit trail: what was done to keys and ledgers and what they allow, and who was refused. Nothing changes it, and nothing is taken out
//! of it.

mod dto;
mod error;
mod list_audit;
mod operations;
mod query;

pub use dto::*;
pub use error::*;
pub use list_audit::*;
pub use operations::operations;
pub use query::*;
