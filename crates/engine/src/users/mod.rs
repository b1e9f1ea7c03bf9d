//! Users: people who sign in, as they are kept.
//!
//! What they may do is [`identity`]'s to say. No password is ever kept, logged or shown: what is kept of it is a digest
//! that takes long to make.

mod port;

pub use port::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};
