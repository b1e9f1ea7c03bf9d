//! The loyalty service: everything of Florin's, and points beside it.

use app_base::api::{Api, Operation};
use pavex::Blueprint;
use pavex::blueprint::from;

/// Returns the blueprint of the whole service.
#[must_use]
pub fn blueprint() -> Blueprint {
    // Florin's first: its components, what stands around every route, and its own routes.
    let mut bp = app::blueprint();
    // Constructors, configuration and error handlers belong at the root, also those that only some routes need.
    bp.import(from![points]);
    bp.nest(points());
    bp
}

/// The routes of points, behind a middleware of their own.
fn points() -> Blueprint {
    let mut bp = Blueprint::new();
    bp.pre_process(points::PAUSE);
    bp.routes(from![points]);
    bp
}

/// Returns what the service is described by, at `/openapi.json` and in its page of errors.
#[must_use]
pub fn api() -> Api {
    let mut api = Api::florin(app::operations);
    (api.title, api.version) = ("Loyalty", env!("CARGO_PKG_VERSION"));
    api.with(&[("Points", "Members, their receipts, and the points that they get for them.")], operations)
}

/// Lists the operations that are not Florin's.
#[must_use]
pub fn operations() -> Vec<Operation> {
    points::operations()
}
