//! Access tokens: given for API keys, checked, and the keys that they are signed with.
//!
//! A token holds no right of its own: it names an API key and scopes, and allows what the key allows of these scopes, for
//! as long as the key does.

mod access_tokens;
mod error;
mod keys;
mod port;
mod rotation;
mod unkept;

pub use access_tokens::{AccessTokens, IssuedToken, TokenOptions};
pub use error::{IssueError, SigningKeyError};
pub use port::{SigningKeyStore, StoredSigningKey};
pub use rotation::TOKEN_TIME_MAX;
