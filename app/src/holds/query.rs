//! Which holds are asked for: one by its path, many by filters.

use ledger::{Address, EntryNumber, HoldState, LedgerName};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::values::{AddressText, EntryNumberValue, LedgerNameText};
use crate::http::views::HoldStateText;

/// `…/{ledger}/holds/{id}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct HoldPath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The hold's id.
    #[schemars(with = "EntryNumberValue")]
    pub id: EntryNumber,
}

impl FromPath for HoldPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let id = path.read("id", errors);
        Some(Self { ledger: ledger?, id: id? })
    }
}

/// Which holds to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListHoldsQuery {
    /// Only holds that have come so far.
    #[schemars(with = "Option<HoldStateText>")]
    pub state: Option<HoldState>,
    /// Only holds of which a posting names this account.
    #[schemars(with = "Option<AddressText>")]
    pub account: Option<Address>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListHoldsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self {
            state: query.optional("state", errors),
            account: query.optional("account", errors),
            page: PageRequest::take(query, errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::read_query;

    fn read(query: &str) -> Result<ListHoldsQuery, Vec<String>> {
        let mut errors = FieldErrors::default();
        let read = read_query("/holds", Some(query), &mut errors);
        let fields = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if errors.is_empty() { Ok(read) } else { Err(fields) }
    }

    #[test]
    fn every_filter_is_understood() {
        for (text, state) in [
            ("open", HoldState::Open),
            ("captured", HoldState::Captured),
            ("voided", HoldState::Voided),
            ("expired", HoldState::Expired),
        ] {
            let query = read(&format!("state={text}&account=users:42&limit=3")).unwrap();
            assert_eq!((query.state, query.page.limit), (Some(state), 3));
            assert_eq!(query.account.unwrap().as_str(), "users:42");
        }
        assert_eq!(read("").unwrap().state, None);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (query, fields) in [
            ("state=closed&account=users:&limit=0", &["state", "account", "limit"][..]),
            ("cursor=x&reference=r", &["cursor", "reference"]),
        ] {
            assert_eq!(read(query).unwrap_err(), fields, "{query}");
        }
    }
}
