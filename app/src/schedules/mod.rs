//! Schedules: transactions that are posted later, once at a time or by a calendar rule. They are created, paused,
//! resumed and cancelled; what they are to do never changes.

mod cancel_schedule;
mod create_schedule;
mod dto;
mod error;
mod get_schedule;
mod list_runs;
mod list_schedules;
mod operations;
mod pause_schedule;
mod query;
mod resume_schedule;
mod view;

pub use cancel_schedule::*;
pub use create_schedule::*;
pub use dto::*;
pub use error::*;
pub use get_schedule::*;
pub use list_runs::*;
pub use list_schedules::*;
pub use operations::operations;
pub use pause_schedule::*;
pub use query::*;
pub use resume_schedule::*;
pub use view::*;
