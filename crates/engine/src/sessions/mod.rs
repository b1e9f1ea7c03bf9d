//! Sessions: how users come in with a browser, stay in and go out.
//!
//! A session is kept by the store, and what the browser has of it means nothing to anybody else. Nothing here ever holds
//! a session's text longer than its request lasts.

mod port;
mod throttle;

pub use port::{SESSIONS_OF_USER_MAX, SessionStore, StoredSession};
pub use throttle::{Attempt, LoginThrottle, Network, Refusal};
