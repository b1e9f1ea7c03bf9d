//! `POST /v1/email-verifications`.

use engine::port::ReadError;
use identity::{LinkKind, User, UserId, UserState};
use pavex::post;

use super::error::WORKS_ONCE;
use super::{LinkFailure, MailAcceptedView};
use crate::http::idempotency::without_key;
use crate::http::input::{NoBody, Write};
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Accepted;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Mails a link to the address of whoever asks, with which they show that it is theirs.
///
/// # Errors
/// [`LinkFailure`], as a problem.
#[post(path = "/v1/email-verifications")]
pub async fn request_email_verification(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, NoBody)>,
    engine: &Engine,
    mailer: &Mailer,
) -> Result<Accepted<MailAcceptedView>, LinkFailure> {
    without_key(request.key.as_ref(), WORKS_ONCE)?;
    let (user, _) = granted.signed_in();
    let user = active(engine, user).await?.ok_or(LinkFailure::NoUser)?;
    let caller = granted.caller();
    mailer.send_link(&user, LinkKind::AddressVerification, |action, id| caller.did(action, id)).await?;
    Ok(Accepted(MailAcceptedView::default()))
}

/// Reads a user who may come in.
pub(super) async fn active(engine: &Engine, id: &UserId) -> Result<Option<User>, ReadError> {
    let found = engine.store().users().user(id).await?;
    Ok(found.map(|found| found.user).filter(|user| user.state == UserState::Active))
}
