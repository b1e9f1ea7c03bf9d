//! Sessions: signing in and out with a browser, one's own sessions, and those of others for who administers users. A
//! session's text goes into a cookie and nowhere else.

mod change_password;
mod create_session;
mod dto;
mod end_session;
mod error;
mod list_sessions;
mod operations;
mod query;
mod revoke_session;
mod revoke_user_sessions;

pub use change_password::*;
pub use create_session::*;
pub use dto::*;
pub use end_session::*;
pub use error::*;
pub use list_sessions::*;
pub use operations::operations;
pub use query::*;
pub use revoke_session::*;
pub use revoke_user_sessions::*;
