//! What requests and replies about sums of balances look like.

use engine::query::{AsOf, BalanceGroup};
use ledger::Address;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::as_of::{AsOfParameters, take_as_of};
use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::text::{AddressPrefix, whole_number};
use crate::http::values::{AddressPrefixInput, AddressText};
use crate::http::views::BalanceView;

/// The most segments that an address can have.
const DEPTH_MAX: usize = Address::MAX_LENGTH.div_ceil(2);

/// Which balances to sum.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListBalancesQuery {
    /// What the accounts' addresses begin with.
    #[schemars(with = "Option<AddressPrefixInput>")]
    pub prefix: Option<AddressPrefix>,
    /// How many leading segments make a group; an account with fewer is a group of its own.
    #[schemars(with = "Option<u8>", range(min = 1, max = 128), extend("default" = 1))]
    pub depth: usize,
    /// As of which moment.
    #[schemars(flatten, with = "AsOfParameters")]
    pub as_of: Option<AsOf>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<Address>,
}

impl FromQuery for ListBalancesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self {
            prefix: query.optional("prefix", errors),
            depth: query.optional_with("depth", errors, |text| whole_number(text, 1, DEPTH_MAX)).unwrap_or(1),
            as_of: take_as_of(query, errors),
            page: PageRequest::take(query, errors),
        }
    }
}

/// The balances of all accounts whose addresses begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BalanceGroup")]
pub struct BalanceGroupView {
    /// The segments that their addresses begin with.
    pub account: AddressText,
    /// The sums, by asset.
    pub balances: Vec<BalanceView>,
}

impl From<BalanceGroup> for BalanceGroupView {
    fn from(group: BalanceGroup) -> Self {
        Self {
            account: AddressText(group.address),
            balances: group.balances.into_iter().map(BalanceView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::read_query;

    fn read(query: &str) -> Result<usize, Vec<String>> {
        let mut errors = FieldErrors::default();
        let read: ListBalancesQuery = read_query("/balances", Some(query), &mut errors);
        let fields = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if errors.is_empty() { Ok(read.depth) } else { Err(fields) }
    }

    #[test]
    fn depths_reach_as_far_as_addresses_do() {
        assert_eq!(read(""), Ok(1));
        assert_eq!(read("depth=128&prefix=users:"), Ok(128));
        for depth in ["0", "129", "-1", "1.5", "all"] {
            assert_eq!(read(&format!("depth={depth}")), Err(vec!["depth".to_owned()]), "{depth}");
        }
    }
}
