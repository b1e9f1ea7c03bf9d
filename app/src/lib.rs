//! What Florin offers over HTTP: the blueprint, the features it names, and what they share.
//!
//! A feature never imports a sibling. What two features share moves down into `http` or into a crate.

pub mod accounts;
pub mod audit;
pub mod balances;
pub mod batches;
mod blueprint;
pub mod docs;
pub mod exports;
pub mod health;
pub mod holds;
pub mod keys;
pub mod ledgers;
pub mod log;
pub mod mailed_links;
pub mod metrics;
pub mod oauth;
pub mod openapi;
mod operations;
pub mod schedules;
pub mod second_factors;
pub mod sessions;
pub mod transactions;
pub mod users;

use app_base::{
    api, build_info, commands, configuration, http, journals, mailer, readiness, storage, telemetry,
};
pub use blueprint::blueprint;
pub use operations::operations;
