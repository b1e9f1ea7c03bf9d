//! What Florin offers over HTTP: the blueprint, the features it names, and what they share.
//!
//! A feature never imports a sibling. What two features share moves down into `http` or into a crate.

mod blueprint;
pub mod build_info;
pub mod configuration;
pub mod health;
pub mod http;
pub mod metrics;
pub mod openapi;
mod operations;
pub mod telemetry;

pub use blueprint::blueprint;
pub use operations::operations;
