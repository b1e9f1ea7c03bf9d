//! What operators see of a request: its span, its one line in the log, its id, its place in a trace.
//!
//! Nothing in here reaches a client but the request id. Nothing in here waits: lines go to whatever
//! subscriber the server installed, which must not block.

mod failure;
mod metrics;
mod observe_request;
mod process;
mod request_context;
mod root_span;
mod trace_context;

pub use failure::*;
pub use metrics::*;
pub use observe_request::*;
pub use request_context::*;
pub use root_span::*;
pub use trace_context::*;
