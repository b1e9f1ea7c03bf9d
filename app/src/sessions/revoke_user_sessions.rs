//! `DELETE /v1/users/{id}/sessions`.

use pavex::delete;

use super::{EndedSessionsView, SessionFailure, SessionsOfUserPath};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Ends all sessions of a user.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[delete(path = "/v1/users/{id}/sessions")]
pub async fn revoke_user_sessions(
    granted: Granted<UsersAdmin>,
    request: Write<(SessionsOfUserPath, NoBody)>,
    engine: &Engine,
) -> Result<Reply<EndedSessionsView>, SessionFailure> {
    let Write { key: _, input: (SessionsOfUserPath { id }, NoBody {}) } = request;
    let caller = granted.caller();
    let ended = engine.revoke_sessions_of(&id, None, |action, subject| caller.did(action, subject)).await?;
    Ok(Reply(EndedSessionsView { ended }))
}
