//! `GET /v1/users`.

use ledger::EntryNumber;
use pavex::get;

use super::{ListUsersQuery, UserError, UserView};
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, UsersAdmin};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists users, newest first.
///
/// # Errors
/// [`UserError`], as a problem.
#[get(path = "/v1/users")]
pub async fn list_users(
    _granted: Granted<UsersAdmin>,
    request: Read<(NoPath, ListUsersQuery)>,
    engine: &Engine,
) -> Result<Tagged<Page<UserView>>, UserError> {
    let Read((NoPath {}, ListUsersQuery { state, email, page })) = request;
    let users = engine.store().users();
    if let Some(email) = email {
        // An address is one user's: there is nothing after them.
        let found = users.user_of(&email).await?.map(|found| found.user);
        let found =
            found.filter(|user| page.after.is_none() && state.is_none_or(|state| user.state == state));
        return Ok(Tagged(page.page(found.into_iter().map(UserView::from), None)));
    }
    let found = users.users(state, page.after.map(|number| number.0), page.limit).await?;
    let items = found.items.into_iter().map(UserView::from);
    Ok(Tagged(page.page(items, found.next.map(EntryNumber).as_ref())))
}
