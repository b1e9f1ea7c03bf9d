//! Which users are asked for.

use identity::{Email, UserState};
use ledger::EntryNumber;
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::users::{EmailText, UserStateText};

/// Which users to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListUsersQuery {
    /// Those in this state only.
    #[schemars(with = "Option<UserStateText>")]
    pub state: Option<UserState>,
    /// The one who has this address only, whatever its case.
    #[schemars(with = "Option<EmailText>")]
    pub email: Option<Email>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListUsersQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self {
            state: query.optional("state", errors),
            email: query.optional("email", errors),
            page: PageRequest::take(query, errors),
        }
    }
}
