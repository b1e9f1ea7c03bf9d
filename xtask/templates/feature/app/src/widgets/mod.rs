//! Gadgets of a ledger: created, shown. Nothing here moves money.

mod create_widget;
mod dto;
mod error;
mod get_widget;
mod operations;
mod query;
mod rights;

pub use create_widget::*;
pub use dto::*;
pub use error::*;
pub use get_widget::*;
pub use operations::operations;
pub use query::*;
pub use rights::*;
