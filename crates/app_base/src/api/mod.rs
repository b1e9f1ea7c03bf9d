//! What the API is described by: operations, the types that they take and return, and the document made of them.
//!
//! Every feature lists its operations; nothing is described twice. That the lists say the truth is a
//! test's business: it compares them with what the Pavex compiler saw.

mod document;
mod groups;
mod operation;
mod problems;
mod schemas;
mod served;
mod types;

pub use document::document;
pub use operation::{Method, Operation};
pub use problems::problem_types;
pub use served::*;
pub use types::{Input, Output};
