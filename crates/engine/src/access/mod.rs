//! Access: API keys as they are looked up, issued and revoked, and the trail of what was done and refused.
//!
//! What keys may do is [`identity`]'s to say. Nothing here ever holds the text of a key longer than its request lasts.

mod cache;
mod changes;
mod lookups;
mod port;
mod query;
mod refusals;

pub use changes::{
    AuthenticationError, ChangeKeyError, IssuedKey, NewKey, random_key, random_service_secret,
    record_by_operator,
};
pub use port::{AccessStore, StoredKey, WriteAccessError};
pub use query::{AuditPosition, AuditQuery};

pub(crate) use cache::KeyCache;
pub(crate) use changes::random_name;
pub(crate) use lookups::Lookups;
pub(crate) use refusals::Refusals;
