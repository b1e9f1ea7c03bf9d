//! `POST /v1/users`.

use pavex::post;

use super::{CreateUserRequest, UserError, UserView};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Created;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Creates a user, who may do no more than whoever asks, and has no password yet.
///
/// # Errors
/// [`UserError`], as a problem.
#[post(path = "/v1/users")]
pub async fn create_user(
    granted: Granted<UsersAdmin>,
    request: Write<(NoPath, CreateUserRequest)>,
    engine: &Engine,
    mailer: &Mailer,
) -> Result<Created<UserView>, UserError> {
    let Write { key, input: (NoPath {}, CreateUserRequest(new)) } = request;
    without_key(
        key.as_ref(),
        "is not taken here: an address is one user's, so that there is never a second one",
    )?;
    let caller = granted.caller();
    let user = engine.create_user(new, caller.principal(), |action, id| caller.did(action, id)).await?;
    mailer.invite(&user, |action, id| caller.did(action, id)).await;
    let location = format!("/v1/users/{}", user.id);
    Ok(Created::at(&location, user.into()))
}
