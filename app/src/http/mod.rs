//! What every feature shares: how input is read, how replies and errors are written.
//!
//! Nothing in here knows a feature.

pub mod problem;
pub mod problem_types;
