//! The operations of this feature, for the description of the API.

use super::{
    CompleteEmailVerificationRequest, CompletePasswordResetRequest, FollowedLinkView, LINK_SPENT,
    LINK_USER_NOT_FOUND, MAIL_OFF, MailAcceptedView, RequestPasswordResetRequest,
};
use crate::api::Operation;
use crate::http::access_error::CSRF_REFUSED;
use crate::http::asset::AssetPath;
use crate::http::failures::SERVICE_UNAVAILABLE;
use crate::http::input::{NoBody, Read, Write};
use crate::http::path::NoPath;
use crate::http::principal::{SignedIn, UsersAdmin};
use crate::http::problem_types::ROUTE_NOT_FOUND;
use crate::http::query::NoQuery;
use crate::http::reply::{Accepted, Reply};
use crate::http::users::UserPath;

const TAG: &str = "Access";
const HTML: &[&str] = &["text/html; charset=utf-8"];

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/password-resets", "request_password_reset")
            .about(TAG, "Asks for a mailed link with which a password is set")
            .description(
                "The reply is the same, and takes as long, whether or not there is a user of the address; a link works for 30 \
                 minutes, once, until another is mailed. Too many requests for one address, or from one network, have no \
                 effect. The request has to come from a page of the same origin, or say so in `Origin`.",
            )
            .takes::<Write<(NoPath, RequestPasswordResetRequest)>>()
            .without_idempotency_key()
            .returns::<Accepted<MailAcceptedView>>()
            .problems([&MAIL_OFF, &CSRF_REFUSED]),
        Operation::post("/v1/password-resets/complete", "complete_password_reset")
            .about(TAG, "Sets a password with a mailed link")
            .description(
                "With an invitation or a link for another password. All sessions of the user end, and their address is \
                 verified. A password that is not taken leaves the link as it was.",
            )
            .takes::<Write<(NoPath, CompletePasswordResetRequest)>>()
            .without_idempotency_key()
            .returns::<Reply<FollowedLinkView>>()
            .problems([&LINK_SPENT, &CSRF_REFUSED, &SERVICE_UNAVAILABLE]),
        Operation::post("/v1/email-verifications", "request_email_verification")
            .right::<SignedIn>()
            .about(TAG, "Mails a link with which whoever asks verifies their address")
            .description("A link works for 24 hours, once, until another is mailed.")
            .takes::<Write<(NoPath, NoBody)>>()
            .without_idempotency_key()
            .returns::<Accepted<MailAcceptedView>>()
            .problems([&MAIL_OFF, &LINK_USER_NOT_FOUND]),
        Operation::post("/v1/email-verifications/complete", "complete_email_verification")
            .about(TAG, "Verifies an address with a mailed link")
            .takes::<Write<(NoPath, CompleteEmailVerificationRequest)>>()
            .without_idempotency_key()
            .returns::<Reply<FollowedLinkView>>()
            .problems([&LINK_SPENT, &CSRF_REFUSED, &SERVICE_UNAVAILABLE]),
        Operation::post("/v1/users/{id}/email-verifications", "verify_user_email")
            .right::<UsersAdmin>()
            .about(TAG, "Mails a link with which a user verifies their address")
            .takes::<Write<(UserPath, NoBody)>>()
            .without_idempotency_key()
            .returns::<Accepted<MailAcceptedView>>()
            .problems([&MAIL_OFF, &LINK_USER_NOT_FOUND]),
        Operation::get("/set-password", "get_set_password")
            .about("Operations", "Shows where a mailed link leads with which a password is set")
            .returns_media(HTML)
            .cached(),
        Operation::get("/verify-email", "get_verify_email")
            .about("Operations", "Shows where a mailed link leads with which an address is verified")
            .returns_media(HTML)
            .cached(),
        Operation::get("/account/assets/{file}", "get_account_asset")
            .about("Operations", "Serves a file that the pages behind mailed links need")
            .takes::<Read<(AssetPath, NoQuery)>>()
            .returns_media(&["text/css; charset=utf-8", "text/javascript; charset=utf-8"])
            .cached()
            .problems([&ROUTE_NOT_FOUND]),
    ]
}
