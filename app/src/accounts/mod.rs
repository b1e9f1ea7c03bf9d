//! Accounts: what is known of an address, what it allows, and what is kept beside it. An account exists from its first
//! posting or change on; nothing here creates one, or moves money.

mod change_account;
mod dto;
mod error;
mod get_account;
mod get_statement;
mod list_accounts;
mod list_changes;
mod list_entries;
mod operations;
mod query;
mod statement;

use crate::commands::ChangeAccountRequest;
use crate::http::views::AccountView;

pub use change_account::*;
pub use dto::*;
pub use error::*;
pub use get_account::*;
pub use get_statement::*;
pub use list_accounts::*;
pub use list_changes::*;
pub use list_entries::*;
pub use operations::operations;
pub use query::*;
pub use statement::*;
