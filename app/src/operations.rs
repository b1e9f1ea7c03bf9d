//! Every operation of the API, from the features that have them.

use crate::api::Operation;

/// Lists every operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        // One sorted line per feature.
        crate::accounts::operations(),
        crate::audit::operations(),
        crate::balances::operations(),
        crate::batches::operations(),
        crate::docs::operations(),
        crate::exports::operations(),
        crate::health::operations(),
        crate::holds::operations(),
        crate::keys::operations(),
        crate::ledgers::operations(),
        crate::log::operations(),
        crate::mailed_links::operations(),
        crate::metrics::operations(),
        crate::oauth::operations(),
        crate::openapi::operations(),
        crate::schedules::operations(),
        crate::second_factors::operations(),
        crate::sessions::operations(),
        crate::transactions::operations(),
        crate::users::operations(),
    ]
    .concat()
}
