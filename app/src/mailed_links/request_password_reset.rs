//! `POST /v1/password-resets`.

use pavex::post;

use super::error::WORKS_ONCE;
use super::{LinkFailure, MailAcceptedView, RequestPasswordResetRequest};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::reply::Accepted;
use crate::http::visitor::Visitor;
use crate::mailer::Mailer;

/// Mails a link to whoever has an address, if anybody has.
///
/// # Errors
/// [`LinkFailure`], as a problem. Whether there is such a user is not to be told from it, nor from how long it takes.
#[post(path = "/v1/password-resets")]
pub fn request_password_reset(
    visitor: Visitor,
    request: Write<(NoPath, RequestPasswordResetRequest)>,
    mailer: &Mailer,
) -> Result<Accepted<MailAcceptedView>, LinkFailure> {
    let Write { key, input: (NoPath {}, RequestPasswordResetRequest { email }) } = request;
    without_key(key.as_ref(), WORKS_ONCE)?;
    mailer.reset_password(email, visitor)?;
    Ok(Accepted(MailAcceptedView::default()))
}
