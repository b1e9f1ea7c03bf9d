//! `DELETE /v1/sessions/{id}`.

use identity::Action;
use pavex::delete;

use super::{SessionFailure, SessionPath, SessionView};
use crate::configuration::AuthenticationConfig;
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Ends a session of whoever asks. One that was ended before stays as it is.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[delete(path = "/v1/sessions/{id}")]
pub async fn revoke_session(
    granted: Granted<SignedIn>,
    request: Write<(SessionPath, NoBody)>,
    engine: &Engine,
    config: &AuthenticationConfig,
) -> Result<Reply<SessionView>, SessionFailure> {
    let Write { key: _, input: (SessionPath { id }, NoBody {}) } = request;
    let (user, current) = granted.signed_in();
    let event = granted.caller().did(Action::SessionRevoked, id.to_string());
    let ended = engine.revoke_session(&id, user, event).await?;
    Ok(Reply(SessionView::of(ended, current, engine.now(), config.session_idle())))
}
