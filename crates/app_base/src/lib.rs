//! What features share, and the service around them needs: the crate `app_base`.
//!
//! It knows no feature, and no operation: both are told to it. It is a crate of its own so that a change in a feature
//! compiles neither this nor the service again.

pub mod api;
pub mod build_info;
pub mod commands;
pub mod configuration;
pub mod graph;
pub mod http;
pub mod imports;
pub mod journals;
pub mod mailer;
pub mod readiness;
pub mod storage;
pub mod telemetry;
