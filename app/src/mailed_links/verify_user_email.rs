//! `POST /v1/users/{id}/email-verifications`.

use identity::LinkKind;
use pavex::post;

use super::error::WORKS_ONCE;
use super::request_email_verification::active;
use super::{LinkFailure, MailAcceptedView};
use crate::http::idempotency::without_key;
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Accepted;
use crate::http::users::UserPath;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Mails a link to the address of a user, with which they show that it is theirs.
///
/// # Errors
/// [`LinkFailure`], as a problem.
#[post(path = "/v1/users/{id}/email-verifications")]
pub async fn verify_user_email(
    granted: Granted<UsersAdmin>,
    request: Write<(UserPath, NoBody)>,
    engine: &Engine,
    mailer: &Mailer,
) -> Result<Accepted<MailAcceptedView>, LinkFailure> {
    let Write { key, input: (UserPath { id }, NoBody {}) } = request;
    without_key(key.as_ref(), WORKS_ONCE)?;
    let user = active(engine, &id).await?.ok_or(LinkFailure::NoUser)?;
    let caller = granted.caller();
    mailer.send_link(&user, LinkKind::AddressVerification, |action, id| caller.did(action, id)).await?;
    Ok(Accepted(MailAcceptedView::default()))
}
