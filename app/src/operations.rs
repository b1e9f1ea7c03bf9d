//! Every operation of the API, from the features that have them: one sorted line per feature.

use crate::openapi::Operation;
use crate::{health, metrics, openapi};

/// Lists every operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        health::operations(), //
        metrics::operations(),
        openapi::operations(),
    ]
    .concat()
}
