//! `POST /v1/password-resets/complete`.

use pavex::post;

use super::error::{WORKS_ONCE, noted};
use super::{CompletePasswordResetRequest, FollowedLinkView, LinkFailure};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::reply::Reply;
use crate::http::visitor::Visitor;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Sets the password of a link's user, who may have been invited or have asked for another one.
///
/// # Errors
/// [`LinkFailure`], as a problem.
#[post(path = "/v1/password-resets/complete")]
pub async fn complete_password_reset(
    visitor: Visitor,
    request: Write<(NoPath, CompletePasswordResetRequest)>,
    engine: &Engine,
    mailer: &Mailer,
) -> Result<Reply<FollowedLinkView>, LinkFailure> {
    let Write { key, input: (NoPath {}, CompletePasswordResetRequest { token, new_password }) } = request;
    without_key(key.as_ref(), WORKS_ONCE)?;
    let did = |actor, action, subject| visitor.did(actor, action, subject);
    let followed = Box::pin(engine.set_password_by_link(&token, new_password.expose(), did)).await;
    let user = followed.map_err(|error| noted(&visitor, error))?;
    mailer.tell_password_changed(&user, engine.now());
    Ok(Reply(user.into()))
}
