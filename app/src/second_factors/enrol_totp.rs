//! `POST /v1/principal/totp`.

use engine::second_factors::SecondFactorError;
use identity::{User, UserId};
use pavex::post;

use super::error::without_key;
use super::{EnrolledTotpView, SecondFactorFailure};
use crate::http::input::{NoBody, Write};
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::http::second_factors::SecondFactors;
use crate::storage::Engine;

/// Makes the secret of a second factor for whoever asks, which counts once it is confirmed.
///
/// # Errors
/// [`SecondFactorFailure`], as a problem.
#[post(path = "/v1/principal/totp")]
pub async fn enrol_totp(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, NoBody)>,
    engine: &Engine,
    factors: &SecondFactors,
) -> Result<Reply<EnrolledTotpView>, SecondFactorFailure> {
    without_key(request.key.as_ref())?;
    let (user, _) = granted.signed_in();
    let user = found(engine, user).await?;
    Ok(Reply(factors.enrol(&user).await?.into()))
}

/// Reads a user.
pub(super) async fn found(engine: &Engine, id: &UserId) -> Result<User, SecondFactorFailure> {
    let found = engine.store().users().user(id).await?;
    Ok(found.ok_or(SecondFactorError::NotFound)?.user)
}
