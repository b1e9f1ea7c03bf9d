//! What Florin offers over HTTP: the blueprint, the features it names, and what they share.
//!
//! A feature never imports a sibling. What two features share moves down into `http` or into a crate.

mod blueprint;
pub mod configuration;
pub mod health;
pub mod http;

pub use blueprint::blueprint;
