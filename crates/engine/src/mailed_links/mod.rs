//! Mailed links: what is sent to an address opens one thing, once, for a while.

mod port;

pub use port::{LinkStore, StoredLink};
