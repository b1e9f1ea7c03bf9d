//! `POST /v1/sessions`.

use engine::second_factors::Recognised;
use engine::sessions::{ChangeSessionError, NewSession, SignInError};
use identity::Actor;
use pavex::post;

use super::error::HANDED_OUT_ONCE;
use super::{SIGN_IN_REFUSED, SessionFailure, SessionView, SignInRequest};
use crate::configuration::AuthenticationConfig;
use crate::http::cookie::{WithCookie, set_session};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::reply::Created;
use crate::http::second_factors::SecondFactors;
use crate::http::visitor::Visitor;
use crate::storage::Engine;

/// Signs a user in: starts a session, and ends the one that the request came with.
///
/// # Errors
/// [`SessionFailure`], as a problem. Whether there is such a user is not to be told from it, nor from how long it takes.
#[post(path = "/v1/sessions")]
pub async fn create_session(
    visitor: Visitor,
    request: Write<(NoPath, SignInRequest)>,
    engine: &Engine,
    factors: &SecondFactors,
    config: &AuthenticationConfig,
) -> Result<WithCookie<Created<SessionView>>, SessionFailure> {
    let Write { key, input: (NoPath {}, SignInRequest { email, password, code }) } = request;
    without_key(key.as_ref(), HANDED_OUT_ONCE)?;
    let did = |actor, action, subject| visitor.did(actor, action, subject);
    let signed_in =
        Box::pin(factors.sign_in(&email, password.expose(), code.as_ref(), visitor.address(), did)).await;
    let Recognised { user, second_factor } = signed_in.inspect_err(|error| {
        let refused = match error {
            SignInError::Refused { user } => user.as_ref(),
            SignInError::SecondFactorRefused { user } => Some(user),
            SignInError::Throttled(_) => None,
            _ => return,
        };
        visitor.refused(super::error::code(error), refused);
    })?;
    let actor = Actor::User(user.id.clone());
    let new = NewSession {
        user: &user,
        second_factor,
        client: visitor.client(),
        replaces: visitor.session(),
        max: config.session_max(),
    };
    let started = engine.start_session(new, |action, id| visitor.did(actor.clone(), action, id)).await;
    let started = started.inspect_err(|error| {
        if let ChangeSessionError::Overtaken = error {
            visitor.refused(SIGN_IN_REFUSED.code, Some(&user.id));
        }
    })?;
    let location = format!("/v1/sessions/{}", started.session.id);
    let cookie = set_session(&started.text);
    let current = started.session.id.clone();
    let view = SessionView::of(started.session, &current, engine.now(), config.session_idle());
    Ok(WithCookie::new(Created::at(&location, view), cookie))
}
