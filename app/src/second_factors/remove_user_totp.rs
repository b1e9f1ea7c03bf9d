//! `DELETE /v1/users/{id}/totp`.

use identity::Subject;
use mail::SecondFactorChange;
use pavex::delete;

use super::enrol_totp::found;
use super::{RemovedTotpView, SecondFactorFailure};
use crate::http::input::{NoBody, Write};
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Reply;
use crate::http::second_factors::SecondFactors;
use crate::http::users::{UserIdText, UserPath};
use crate::mailer::Mailer;
use crate::storage::Engine;

/// Takes the second factor of another user away, who has no more than whoever asks, and ends their sessions: for who lost
/// their authenticator and their recovery codes.
///
/// # Errors
/// [`SecondFactorFailure`], as a problem.
#[delete(path = "/v1/users/{id}/totp")]
pub async fn remove_user_totp(
    granted: Granted<UsersAdmin>,
    request: Write<(UserPath, NoBody)>,
    engine: &Engine,
    factors: &SecondFactors,
    mailer: &Mailer,
) -> Result<Reply<RemovedTotpView>, SecondFactorFailure> {
    let Write { key: _, input: (UserPath { id }, NoBody {}) } = request;
    let caller = granted.caller();
    if matches!(caller.principal().subject(), Subject::User { id: own, .. } if *own == id) {
        return Err(SecondFactorFailure::IsOwn);
    }
    let user = found(engine, &id).await?;
    if let Some(scope) = caller.principal().grants().lacking(&user.grants) {
        return Err(SecondFactorFailure::Exceeding(scope));
    }
    factors.remove_lost(&user.id, |action, id| caller.did(action, id)).await?;
    mailer.tell_second_factor_changed(&user, SecondFactorChange::Off, engine.now());
    Ok(Reply(RemovedTotpView { user: UserIdText(user.id) }))
}
