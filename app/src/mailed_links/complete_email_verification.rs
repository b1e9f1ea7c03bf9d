//! `POST /v1/email-verifications/complete`.

use pavex::post;

use super::error::{WORKS_ONCE, noted};
use super::{CompleteEmailVerificationRequest, FollowedLinkView, LinkFailure};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::reply::Reply;
use crate::http::visitor::Visitor;
use crate::storage::Engine;

/// Counts the address of a link's user as verified.
///
/// # Errors
/// [`LinkFailure`], as a problem.
#[post(path = "/v1/email-verifications/complete")]
pub async fn complete_email_verification(
    visitor: Visitor,
    request: Write<(NoPath, CompleteEmailVerificationRequest)>,
    engine: &Engine,
) -> Result<Reply<FollowedLinkView>, LinkFailure> {
    let Write { key, input: (NoPath {}, CompleteEmailVerificationRequest { token }) } = request;
    without_key(key.as_ref(), WORKS_ONCE)?;
    let did = |actor, action, subject| visitor.did(actor, action, subject);
    let followed = Box::pin(engine.verify_address_by_link(&token, did)).await;
    Ok(Reply(followed.map_err(|error| noted(&visitor, error))?.into()))
}
