//! What Florin offers over HTTP: the blueprint, the features it names, and what they share.
//!
//! A feature never imports a sibling. What two features share moves down into `http` or into a crate.

pub mod accounts;
pub mod audit;
pub mod balances;
pub mod batches;
mod blueprint;
pub mod build_info;
pub mod commands;
pub mod configuration;
pub mod docs;
pub mod exports;
pub mod graph;
pub mod health;
pub mod holds;
pub mod http;
pub mod imports;
pub mod keys;
pub mod ledgers;
pub mod log;
pub mod mailed_links;
pub mod mailer;
pub mod metrics;
pub mod oauth;
pub mod openapi;
mod operations;
pub mod schedules;
pub mod second_factors;
pub mod sessions;
pub mod storage;
pub mod telemetry;
pub mod transactions;
pub mod users;

pub use blueprint::blueprint;
pub use operations::operations;
pub use storage::Engine;
