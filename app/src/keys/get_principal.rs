//! `GET /v1/principal`.

use pavex::get;

use super::PrincipalView;
use crate::http::principal::{Granted, Known};
use crate::http::reply::Tagged;

/// Shows who the request comes from, and what they may do.
#[get(path = "/v1/principal")]
#[must_use]
pub fn get_principal(granted: Granted<Known>) -> Tagged<PrincipalView> {
    Tagged(granted.principal().into())
}
