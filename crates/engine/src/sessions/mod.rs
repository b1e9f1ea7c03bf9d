//! Sessions: how users come in with a browser, stay in and go out.
//!
//! A session is kept by the store, and what the browser has of it means nothing to anybody else. Nothing here ever holds
//! a session's text longer than its request lasts, and never a password.

mod cache;
mod changes;
mod port;
mod removal;
mod sign_in;
mod throttle;

pub use changes::{ChangeSessionError, NewSession, SessionClient, StartedSession};
pub use port::{SESSIONS_OF_USER_MAX, SessionStore, StoredSession};
pub use sign_in::{ChangePasswordError, SignInError};
pub use throttle::{Attempt, LoginThrottle, Network, Refusal};

pub(crate) use cache::SessionCache;
pub use cache::SessionError;
