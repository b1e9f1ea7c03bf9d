//! The operations of this feature, for the description of the API.

use super::{
    ChangeUserRequest, CreateUserRequest, ListUsersQuery, USER_EMAIL_TAKEN, USER_EXCEEDS_CALLER,
    USER_EXCEEDS_CREATOR, USER_NOT_FOUND, USER_OWN_ACCESS, UserView,
};
use crate::api::Operation;
use crate::http::input::{Read, Write};
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::UsersAdmin;
use crate::http::query::NoQuery;
use crate::http::reply::{Created, Reply, Tagged};
use crate::http::users::UserPath;

const TAG: &str = "Access";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/users", "create_user")
            .right::<UsersAdmin>()
            .about(TAG, "Creates a user")
            .description(
                "They are mailed an invitation with which they set a password, where mails are sent, and can be given no more than whoever asks has. `Idempotency-Key` is refused \
                 here: an address is one user's, so that the same request never makes a second one.",
            )
            .takes::<Write<(NoPath, CreateUserRequest)>>()
            .without_idempotency_key()
            .returns::<Created<UserView>>()
            .problems([&USER_EXCEEDS_CREATOR, &USER_EMAIL_TAKEN]),
        Operation::get("/v1/users", "list_users")
            .right::<UsersAdmin>()
            .about(TAG, "Lists users, newest first")
            .takes::<Read<(NoPath, ListUsersQuery)>>()
            .returns::<Tagged<Page<UserView>>>(),
        Operation::get("/v1/users/{id}", "get_user")
            .right::<UsersAdmin>()
            .about(TAG, "Shows a user")
            .takes::<Read<(UserPath, NoQuery)>>()
            .returns::<Tagged<UserView>>()
            .problems([&USER_NOT_FOUND]),
        Operation::patch("/v1/users/{id}", "change_user")
            .right::<UsersAdmin>()
            .about(TAG, "Changes a user")
            .description(
                "Whoever asks has to have all that the user has, and will have. It counts from now on where the request \
                 was answered, and everywhere else two seconds later. Another address is not verified any more. The same \
                 request again changes nothing.",
            )
            .takes::<Write<(UserPath, ChangeUserRequest)>>()
            .returns::<Reply<UserView>>()
            .problems([
                &USER_NOT_FOUND,
                &USER_EXCEEDS_CALLER,
                &USER_EXCEEDS_CREATOR,
                &USER_OWN_ACCESS,
                &USER_EMAIL_TAKEN,
            ]),
    ]
}
