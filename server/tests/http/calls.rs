//! Calls of operations that features keep beside their own tests.

use crate::harness::Request;

/// What stands for the id that the latest reply with one gave away.
pub(crate) const LATEST: &str = "000000000000";

/// A request, and the status that it is answered with.
pub(crate) type Call = (Request, u16);

/// The calls of the features, which of each come in their order.
pub(crate) const CALLS: &[fn() -> Vec<Call>] = &[
    // One sorted line per feature.
];
