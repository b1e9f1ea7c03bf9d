//! The operations of this feature, for the description of the API.

use super::{
    ConfirmTotpRequest, ConfirmedTotpView, EnrolTotpRequest, EnrolledTotpView, RemoveTotpRequest,
    RemovedTotpView, SECOND_FACTOR_EXCEEDS_CALLER, SECOND_FACTOR_EXISTS, SECOND_FACTOR_NOT_FOUND,
    SECOND_FACTOR_OWN, SECOND_FACTOR_THROTTLED, SECOND_FACTOR_WRONG,
};
use crate::api::Operation;
use crate::http::input::{NoBody, Write};
use crate::http::path::NoPath;
use crate::http::principal::{SignedIn, UsersAdmin};
use crate::http::reply::Reply;
use crate::http::users::UserPath;

const TAG: &str = "Access";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/principal/totp", "enrol_totp")
            .right::<SignedIn>()
            .about(TAG, "Begins a second factor of whoever asks")
            .description(
                "Takes their password; a wrong one counts as a failed attempt to sign in. Returns the secret for an \
                 authenticator (RFC 6238: SHA-1, six digits, 30 seconds), this once. It counts once a code of it is shown; \
                 until then, another request replaces it.",
            )
            .takes::<Write<(NoPath, EnrolTotpRequest)>>()
            .without_idempotency_key()
            .returns::<Reply<EnrolledTotpView>>()
            .problems([
                &SECOND_FACTOR_EXISTS,
                &SECOND_FACTOR_NOT_FOUND,
                &SECOND_FACTOR_WRONG,
                &SECOND_FACTOR_THROTTLED,
            ]),
        Operation::post("/v1/principal/totp/confirm", "confirm_totp")
            .right::<SignedIn>()
            .about(TAG, "Has a second factor count from now on")
            .description(
                "Returns ten recovery codes, this once. Signing in takes a code from then on; the other sessions of whoever \
                 asks end. A wrong code counts as a failed attempt to sign in.",
            )
            .takes::<Write<(NoPath, ConfirmTotpRequest)>>()
            .without_idempotency_key()
            .returns::<Reply<ConfirmedTotpView>>()
            .problems([
                &SECOND_FACTOR_EXISTS,
                &SECOND_FACTOR_NOT_FOUND,
                &SECOND_FACTOR_WRONG,
                &SECOND_FACTOR_THROTTLED,
            ]),
        Operation::delete("/v1/principal/totp", "remove_totp")
            .right::<SignedIn>()
            .about(TAG, "Takes the second factor of whoever asks away")
            .description("Takes their password or a code. What is wrong counts as a failed attempt to sign in.")
            .takes::<Write<(NoPath, RemoveTotpRequest)>>()
            .returns::<Reply<RemovedTotpView>>()
            .problems([&SECOND_FACTOR_NOT_FOUND, &SECOND_FACTOR_WRONG, &SECOND_FACTOR_THROTTLED]),
        Operation::delete("/v1/users/{id}/totp", "remove_user_totp")
            .right::<UsersAdmin>()
            .about(TAG, "Takes the second factor of a user away")
            .description("For another user, of whom whoever asks has to have all that they have. Their sessions end, and they are told by mail.")
            .takes::<Write<(UserPath, NoBody)>>()
            .returns::<Reply<RemovedTotpView>>()
            .problems([&SECOND_FACTOR_NOT_FOUND, &SECOND_FACTOR_OWN, &SECOND_FACTOR_EXCEEDS_CALLER]),
    ]
}
