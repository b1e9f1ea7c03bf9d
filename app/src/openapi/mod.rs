//! The description of the API: OpenAPI 3.1, made of the same types that the handlers take and return.
//!
//! Every feature lists its operations; nothing is described twice. That the lists say the truth is a
//! test's business: it compares them with what the Pavex compiler saw.

mod api;
mod document;
mod get_openapi;
mod groups;
mod operation;
mod operations;
mod problems;
mod schemas;
mod types;

pub use api::*;
pub use document::document;
pub use get_openapi::*;
pub use operation::{Method, Operation};
pub use operations::operations;
pub use problems::problem_types;
pub use types::{Input, Output};
