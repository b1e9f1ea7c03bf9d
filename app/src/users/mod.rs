//! Users: created, listed, changed. Nothing of a password ever gets into a reply but when it was set.

mod change_user;
mod create_user;
mod dto;
mod error;
mod get_user;
mod list_users;
mod operations;
mod query;

pub use change_user::*;
pub use create_user::*;
pub use dto::*;
pub use error::*;
pub use get_user::*;
pub use list_users::*;
pub use operations::operations;
pub use query::*;
