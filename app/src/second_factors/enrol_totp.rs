//! `POST /v1/principal/totp`.

use engine::second_factors::SecondFactorError;
use identity::{User, UserId};
use pavex::post;

use super::error::{SHOWN_ONCE, noted};
use super::{EnrolTotpRequest, EnrolledTotpView, SecondFactorFailure};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::http::second_factors::SecondFactors;
use crate::storage::Engine;

/// Makes the secret of a second factor for whoever asks and knows their password, which counts once it is confirmed.
///
/// # Errors
/// [`SecondFactorFailure`], as a problem.
#[post(path = "/v1/principal/totp")]
pub async fn enrol_totp(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, EnrolTotpRequest)>,
    engine: &Engine,
    factors: &SecondFactors,
) -> Result<Reply<EnrolledTotpView>, SecondFactorFailure> {
    let Write { key, input: (NoPath {}, EnrolTotpRequest { password }) } = request;
    without_key(key.as_ref(), SHOWN_ONCE)?;
    let (user, _) = granted.signed_in();
    let caller = granted.caller();
    let user = found(engine, user).await?;
    let did = |action, id| caller.did(action, id);
    let enrolled = Box::pin(factors.enrol_own(&user, password.expose(), caller.address(), did)).await;
    Ok(Reply(enrolled.map_err(|error| noted(caller, error))?.into()))
}

/// Reads a user.
pub(super) async fn found(engine: &Engine, id: &UserId) -> Result<User, SecondFactorFailure> {
    let found = engine.store().users().user(id).await?;
    Ok(found.ok_or(SecondFactorError::NotFound)?.user)
}
