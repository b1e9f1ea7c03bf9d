//! Holds: money is reserved, then moved in one or several captures, or let go. What is reserved is not available to its
//! source any more, and not yet to its destination.

mod capture_hold;
mod create_hold;
mod error;
mod get_hold;
mod list_holds;
mod operations;
mod query;
mod void_hold;

use crate::commands::{CaptureHoldRequest, CreateHoldRequest};

pub use capture_hold::*;
pub use create_hold::*;
pub use error::*;
pub use get_hold::*;
pub use list_holds::*;
pub use operations::operations;
pub use query::*;
pub use void_hold::*;
