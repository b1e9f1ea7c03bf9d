//! The blueprint: which constructors, middlewares and routes make the service.

use pavex::Blueprint;
use pavex::blueprint::from;

use crate::http::{fallback, guard, tag};
use crate::telemetry;

/// Returns the blueprint of the whole service.
#[must_use]
pub fn blueprint() -> Blueprint {
    let mut bp = Blueprint::new();
    // Pavex first: of two error handlers for one type the later import wins, and ours have to.
    bp.import(from![pavex, app_base, crate]);
    // What is named first stands outside of what is named next, and all of it outside of the routes.
    bp.error_observer(telemetry::NOTE_ERROR);
    bp.wrap(telemetry::OBSERVE_REQUEST);
    bp.wrap(guard::GUARD_REQUEST);
    bp.post_process(tag::SPARE_KNOWN);
    bp.fallback(fallback::NO_ROUTE);
    bp.routes(from![
        // One sorted line per feature.
        crate::accounts,
        crate::audit,
        crate::balances,
        crate::batches,
        crate::docs,
        crate::exports,
        crate::health,
        crate::holds,
        crate::keys,
        crate::ledgers,
        crate::log,
        crate::mailed_links,
        crate::metrics,
        crate::oauth,
        crate::openapi,
        crate::schedules,
        crate::second_factors,
        crate::sessions,
        crate::transactions,
        crate::users,
    ]);
    bp
}
