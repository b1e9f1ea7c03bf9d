//! `DELETE /v1/users/{id}/sessions`.

use pavex::delete;

use super::{EndedSessionsView, SessionFailure};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Reply;
use crate::http::users::UserPath;
use crate::storage::Engine;

/// Ends all sessions of a user.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[delete(path = "/v1/users/{id}/sessions")]
pub async fn revoke_user_sessions(
    granted: Granted<UsersAdmin>,
    request: Write<(UserPath, NoBody)>,
    engine: &Engine,
) -> Result<Reply<EndedSessionsView>, SessionFailure> {
    let Write { key: _, input: (UserPath { id }, NoBody {}) } = request;
    let caller = granted.caller();
    let ended = engine.revoke_sessions_of(&id, None, |action, subject| caller.did(action, subject)).await?;
    Ok(Reply(EndedSessionsView { ended }))
}
