//! Batches: many commands in one request, all of them or none, or each for itself; as one body, or as lines without end.
//! A command does here what it does alone, and nothing else.

mod dto;
mod error;
mod in_order;
mod keys;
mod operations;
mod result;
mod submit_batch;
mod submit_lines;

pub use dto::*;
pub use error::*;
pub use operations::operations;
pub use result::*;
pub use submit_batch::*;
