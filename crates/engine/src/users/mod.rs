//! Users: people who sign in, as they are kept, looked up, created and changed, and their passwords.
//!
//! What they may do is [`identity`]'s to say. No password is ever kept, logged or shown: what is kept of it is a digest
//! that takes long to make.

mod authentication;
mod changes;
mod passwords;
mod policy;
mod port;

pub use authentication::{SetPasswordError, VerifyPasswordError};
pub use changes::{ChangeUserError, NewUser, UserPatch};
pub use passwords::{DigestError, PasswordOptions};
pub use policy::{PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, PasswordFault};
pub use port::{PasswordDigest, StoredUser, UserChange, UserCreation, UserStore};

pub(crate) use passwords::Passwords;
