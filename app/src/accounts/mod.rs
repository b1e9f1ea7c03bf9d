//! Accounts: what is known of an address. An account exists from its first posting; nothing here
//! creates one.

mod dto;
mod error;
mod get_account;
mod list_accounts;
mod list_entries;
mod operations;
mod query;

pub use dto::*;
pub use error::*;
pub use get_account::*;
pub use list_accounts::*;
pub use list_entries::*;
pub use operations::operations;
pub use query::*;
