//! Every operation of the API, from the features that have them: one sorted line per feature.

use crate::openapi::Operation;
use crate::{
    accounts, audit, balances, batches, docs, exports, health, holds, keys, ledgers, log, mailed_links,
    metrics, oauth, openapi, schedules, second_factors, sessions, transactions, users,
};

/// Lists every operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        accounts::operations(),
        audit::operations(),
        balances::operations(),
        batches::operations(),
        docs::operations(),
        exports::operations(),
        health::operations(),
        holds::operations(),
        keys::operations(),
        ledgers::operations(),
        log::operations(),
        mailed_links::operations(),
        metrics::operations(),
        oauth::operations(),
        openapi::operations(),
        schedules::operations(),
        second_factors::operations(),
        sessions::operations(),
        transactions::operations(),
        users::operations(),
    ]
    .concat()
}
