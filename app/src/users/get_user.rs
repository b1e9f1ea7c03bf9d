//! `GET /v1/users/{id}`.

use pavex::get;

use super::{UserError, UserView};
use crate::http::input::Read;
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::http::users::UserPath;
use crate::storage::Engine;

/// Shows one user.
///
/// # Errors
/// [`UserError`], as a problem.
#[get(path = "/v1/users/{id}")]
pub async fn get_user(
    _granted: Granted<UsersAdmin>,
    request: Read<(UserPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<UserView>, UserError> {
    let Read((UserPath { id }, NoQuery {})) = request;
    let found = engine.store().users().user(&id).await?.ok_or(UserError::NOT_FOUND)?;
    Ok(Tagged(found.user.into()))
}
