//! `PATCH /v1/users/{id}`.

use pavex::patch;

use super::{ChangeUserRequest, UserError, UserView};
use crate::http::input::Write;
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Reply;
use crate::http::users::UserPath;
use crate::storage::Engine;

/// Changes a user, who has, and will have, no more than whoever asks.
///
/// # Errors
/// [`UserError`], as a problem.
#[patch(path = "/v1/users/{id}")]
pub async fn change_user(
    granted: Granted<UsersAdmin>,
    request: Write<(UserPath, ChangeUserRequest)>,
    engine: &Engine,
) -> Result<Reply<UserView>, UserError> {
    let Write { key: _, input: (UserPath { id }, ChangeUserRequest(patch)) } = request;
    let caller = granted.caller();
    let did = |action, subject| caller.did(action, subject);
    let user = Box::pin(engine.change_user(&id, patch, caller.principal(), did)).await?;
    Ok(Reply(user.into()))
}
