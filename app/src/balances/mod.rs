//! Balances over many accounts: summed per asset, grouped by how addresses begin.

mod dto;
mod error;
mod list_balances;
mod operations;

pub use dto::*;
pub use error::*;
pub use list_balances::*;
pub use operations::operations;
