//! The operations of this feature, for the description of the API.

use super::{
    ChangePasswordRequest, EndedSessionsView, ListSessionsQuery, PASSWORD_WRONG, SECOND_FACTOR_REFUSED,
    SECOND_FACTOR_REQUIRED, SESSION_NOT_FOUND, SIGN_IN_REFUSED, SIGN_IN_THROTTLED, SessionPath, SessionView,
    SignInRequest,
};
use crate::api::Operation;
use crate::http::access_error::CSRF_REFUSED;
use crate::http::cookie::WithCookie;
use crate::http::failures::SERVICE_UNAVAILABLE;
use crate::http::input::{NoBody, Read, Write};
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{SignedIn, UsersAdmin};
use crate::http::reply::{Created, Reply, Tagged};
use crate::http::users::UserPath;

const TAG: &str = "Access";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/sessions", "create_session")
            .about(TAG, "Signs in")
            .description(
                "For browsers: the session is in the cookie `__Host-florin_session` of the reply, and ends the one that the \
                 request came with. The request has to come from a page of the same origin: with \
                 `Sec-Fetch-Site: same-origin` or, without that header, with an `Origin` that is the host which is asked. \
                 `Idempotency-Key` is refused here.",
            )
            .takes::<Write<(NoPath, SignInRequest)>>()
            .without_idempotency_key()
            .returns::<WithCookie<Created<SessionView>>>()
            .problems([
                &SIGN_IN_REFUSED,
                &SECOND_FACTOR_REQUIRED,
                &SECOND_FACTOR_REFUSED,
                &SIGN_IN_THROTTLED,
                &CSRF_REFUSED,
                &SERVICE_UNAVAILABLE,
            ]),
        Operation::get("/v1/sessions", "list_sessions")
            .right::<SignedIn>()
            .about(TAG, "Lists the sessions of whoever asks, newest first")
            .description("Those that are over are listed for 30 days.")
            .takes::<Read<(NoPath, ListSessionsQuery)>>()
            .returns::<Tagged<Page<SessionView>>>(),
        Operation::delete("/v1/sessions", "end_session")
            .right::<SignedIn>()
            .about(TAG, "Signs out")
            .description("Ends the session that the request came with, and takes its cookie away.")
            .takes::<Write<(NoPath, NoBody)>>()
            .returns::<WithCookie<Reply<SessionView>>>()
            .problems([&SESSION_NOT_FOUND]),
        Operation::delete("/v1/sessions/{id}", "revoke_session")
            .right::<SignedIn>()
            .about(TAG, "Ends a session of whoever asks")
            .description(
                "It opens nothing from now on where the request was answered, and nowhere else two seconds later. One that \
                 was ended before stays as it is, so that the request can be sent again.",
            )
            .takes::<Write<(SessionPath, NoBody)>>()
            .returns::<Reply<SessionView>>()
            .problems([&SESSION_NOT_FOUND]),
        Operation::put("/v1/principal/password", "change_password")
            .right::<SignedIn>()
            .about(TAG, "Changes the password of whoever asks")
            .description(
                "All their sessions end. A new one, in the cookie of the reply, takes the place of the one that the request \
                 came with. `Idempotency-Key` is refused here.",
            )
            .takes::<Write<(NoPath, ChangePasswordRequest)>>()
            .without_idempotency_key()
            .returns::<WithCookie<Reply<SessionView>>>()
            .problems([&PASSWORD_WRONG, &SIGN_IN_REFUSED, &SIGN_IN_THROTTLED]),
        Operation::delete("/v1/users/{id}/sessions", "revoke_user_sessions")
            .right::<UsersAdmin>()
            .about(TAG, "Ends all sessions of a user")
            .description(
                "They open nothing from now on where the request was answered, and nowhere else two seconds later. A user \
                 who is not there has none.",
            )
            .takes::<Write<(UserPath, NoBody)>>()
            .returns::<Reply<EndedSessionsView>>(),
    ]
}
