//! `DELETE /v1/sessions`.

use identity::Action;
use pavex::delete;

use super::{SessionFailure, SessionView};
use crate::configuration::AuthenticationConfig;
use crate::http::cookie::{WithCookie, clear_session};
use crate::http::input::{NoBody, Write};
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::storage::Engine;

/// Signs out: ends the session that the request came with.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[delete(path = "/v1/sessions")]
pub async fn end_session(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, NoBody)>,
    engine: &Engine,
    config: &AuthenticationConfig,
) -> Result<WithCookie<Reply<SessionView>>, SessionFailure> {
    let Write { key: _, input: (NoPath {}, NoBody {}) } = request;
    let (user, session) = granted.signed_in();
    let event = granted.caller().did(Action::SessionEnded, session.to_string());
    let ended = engine.revoke_session(session, user, event).await?;
    let view = SessionView::of(ended, session, engine.now(), config.session_idle());
    Ok(WithCookie::new(Reply(view), clear_session()))
}
