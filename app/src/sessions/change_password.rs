//! `PUT /v1/principal/password`.

use engine::sessions::{NewSession, SessionClient};
use pavex::put;
use pavex::request::RequestHead;

use super::error::{HANDED_OUT_ONCE, noted};
use super::{ChangePasswordRequest, SessionFailure, SessionView};
use crate::configuration::AuthenticationConfig;
use crate::http::cookie::{WithCookie, session_cookie, set_session};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::http::visitor::user_agent;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Changes the password of whoever asks. All their sessions end, and a new one starts in the place of the one that the
/// request came with.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[put(path = "/v1/principal/password")]
pub async fn change_password(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, ChangePasswordRequest)>,
    head: &RequestHead,
    engine: &Engine,
    mailer: &Mailer,
    config: &AuthenticationConfig,
) -> Result<WithCookie<Reply<SessionView>>, SessionFailure> {
    let Write { key, input: (NoPath {}, ChangePasswordRequest { current_password, new_password }) } = request;
    without_key(key.as_ref(), HANDED_OUT_ONCE)?;
    let (user, _) = granted.signed_in();
    let caller = granted.caller();
    let changed = Box::pin(engine.change_own_password(
        user,
        current_password.expose(),
        new_password.expose(),
        caller.address(),
        |action, id| caller.did(action, id),
    ))
    .await
    .map_err(|error| noted(caller, error))?;
    mailer.tell_password_changed(&changed, engine.now());
    let replaces = session_cookie(&head.headers).ok().flatten();
    let new = NewSession {
        user: &changed,
        second_factor: true,
        client: SessionClient { address: caller.address(), user_agent: user_agent(&head.headers) },
        replaces: replaces.as_ref(),
        max: config.session_max(),
    };
    let started = engine.start_session(new, |action, id| caller.did(action, id)).await?;
    let current = started.session.id.clone();
    let cookie = set_session(&started.text);
    let view = SessionView::of(started.session, &current, engine.now(), config.session_idle());
    Ok(WithCookie::new(Reply(view), cookie))
}
