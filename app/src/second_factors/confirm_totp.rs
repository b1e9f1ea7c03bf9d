//! `POST /v1/principal/totp/confirm`.

use mail::SecondFactorChange;
use pavex::post;

use super::enrol_totp::found;
use super::error::{SHOWN_ONCE, noted};
use super::{ConfirmTotpRequest, ConfirmedTotpView, SecondFactorFailure};
use crate::http::idempotency::without_key;
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::http::second_factors::SecondFactors;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Has the second factor of whoever asks count from now on, and ends their other sessions.
///
/// # Errors
/// [`SecondFactorFailure`], as a problem.
#[post(path = "/v1/principal/totp/confirm")]
pub async fn confirm_totp(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, ConfirmTotpRequest)>,
    engine: &Engine,
    factors: &SecondFactors,
    mailer: &Mailer,
) -> Result<Reply<ConfirmedTotpView>, SecondFactorFailure> {
    let Write { key, input: (NoPath {}, ConfirmTotpRequest { code }) } = request;
    without_key(key.as_ref(), SHOWN_ONCE)?;
    let (user, session) = granted.signed_in();
    let caller = granted.caller();
    let user = found(engine, user).await?;
    let did = |action, id| caller.did(action, id);
    let confirmed = Box::pin(factors.confirm_own(&user, session, &code, caller.address(), did)).await;
    let codes = confirmed.map_err(|error| noted(caller, error))?;
    mailer.tell_second_factor_changed(&user, SecondFactorChange::On, engine.now());
    Ok(Reply(codes.into()))
}
