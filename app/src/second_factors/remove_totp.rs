//! `DELETE /v1/principal/totp`.

use engine::second_factors::Proof;
use mail::SecondFactorChange;
use pavex::delete;

use super::enrol_totp::found;
use super::error::noted;
use super::{RemoveTotpRequest, RemovedTotpView, SecondFactorFailure};
use crate::http::input::Write;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Reply;
use crate::http::second_factors::SecondFactors;
use crate::http::users::UserIdText;
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Takes the second factor of whoever asks away, for their password or a code.
///
/// # Errors
/// [`SecondFactorFailure`], as a problem.
#[delete(path = "/v1/principal/totp")]
pub async fn remove_totp(
    granted: Granted<SignedIn>,
    request: Write<(NoPath, RemoveTotpRequest)>,
    engine: &Engine,
    factors: &SecondFactors,
    mailer: &Mailer,
) -> Result<Reply<RemovedTotpView>, SecondFactorFailure> {
    let Write { key: _, input: (NoPath {}, RemoveTotpRequest { password, code }) } = request;
    let (user, _) = granted.signed_in();
    let caller = granted.caller();
    let user = found(engine, user).await?;
    let proof = match (code, &password) {
        (Some(code), _) => Proof::Code(code),
        (None, password) => Proof::Password(password.as_ref().map_or("", |password| password.expose())),
    };
    let removed =
        Box::pin(factors.remove_own(&user, proof, caller.address(), |action, id| caller.did(action, id)))
            .await;
    removed.map_err(|error| noted(caller, error))?;
    mailer.tell_second_factor_changed(&user, SecondFactorChange::Off, engine.now());
    Ok(Reply(RemovedTotpView { user: UserIdText(user.id) }))
}
