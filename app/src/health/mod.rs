//! Health: whether the process lives, whether it can serve, and what it is.
//!
//! Probes never reach the database more than once a second, however many come.

mod get_live;
mod get_ready;
mod get_version;
mod operations;

pub use get_live::*;
pub use get_ready::*;
pub use get_version::*;
pub use operations::operations;
