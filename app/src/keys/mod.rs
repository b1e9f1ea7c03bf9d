//! API keys: created, listed, revoked, and what the one that a request comes with may do. A key's text is shown once, to
//! whoever creates it, and is kept nowhere.

mod create_key;
mod dto;
mod error;
mod get_key;
mod get_principal;
mod list_keys;
mod operations;
mod query;
mod revoke_key;

pub use create_key::*;
pub use dto::*;
pub use error::*;
pub use get_key::*;
pub use get_principal::*;
pub use list_keys::*;
pub use operations::operations;
pub use query::*;
pub use revoke_key::*;
