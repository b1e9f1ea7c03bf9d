//! The description of the API, for whoever asks: `OpenAPI` 3.1, made of the same types that the handlers take and return.

mod get_openapi;
mod operations;

pub use get_openapi::*;
pub use operations::operations;
