//! The blueprint: which constructors, middlewares and routes make the service.

use pavex::Blueprint;
use pavex::blueprint::from;

use crate::health;

/// Returns the blueprint of the whole service.
#[must_use]
pub fn blueprint() -> Blueprint {
    let mut bp = Blueprint::new();
    // Pavex first: of two error handlers for one type the later import wins, and ours have to.
    bp.import(from![pavex, crate]);
    bp.routes(from![crate]);
    let _ = health::blueprint;
    bp
}
