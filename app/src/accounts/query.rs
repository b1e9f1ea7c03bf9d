//! Which accounts and which of their entries are asked for.

use engine::query::{AsOf, Clock, StatementPosition, TimeRange};
use ledger::{Address, Asset, EntryNumber, LedgerName};
use schemars::JsonSchema;

use super::StatementFormat;
use crate::http::as_of::{AsOfParameters, UntilParameter, take_as_of, take_until};
use crate::http::fields::FieldErrors;
use crate::http::metadata::take_metadata_filters;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::text::AddressPrefix;
use crate::http::time::{TimeRangeParameters, take_time_range};
use crate::http::values::{
    AddressPrefixInput, AddressText, AssetText, ClockInput, LedgerNameText, MetadataFilterInput,
    StatementFormatInput,
};

/// `…/{ledger}/accounts/{address}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct AccountPath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The address of the account.
    #[schemars(with = "AddressText")]
    pub address: Address,
}

impl FromPath for AccountPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let address = path.read("address", errors);
        Some(Self { ledger: ledger?, address: address? })
    }
}

/// As of which moment to show an account.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct GetAccountQuery {
    /// As of which moment.
    #[schemars(flatten, with = "AsOfParameters")]
    pub as_of: Option<AsOf>,
}

impl FromQuery for GetAccountQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { as_of: take_as_of(query, errors) }
    }
}

/// Which accounts to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListAccountsQuery {
    /// What their addresses begin with.
    #[schemars(with = "Option<AddressPrefixInput>")]
    pub prefix: Option<AddressPrefix>,
    /// Only accounts that ever moved this asset, and only their balance in it.
    #[schemars(with = "Option<AssetText>")]
    pub asset: Option<Asset>,
    /// Metadata that the account has, each key with this value.
    #[schemars(with = "Option<MetadataFilterInput>")]
    pub metadata: Vec<(String, String)>,
    /// As of which moment; the filters are held to that as well.
    #[schemars(flatten, with = "AsOfParameters")]
    pub as_of: Option<AsOf>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<Address>,
}

impl FromQuery for ListAccountsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self {
            prefix: query.optional("prefix", errors),
            asset: query.optional("asset", errors),
            metadata: take_metadata_filters(query, errors),
            as_of: take_as_of(query, errors),
            page: PageRequest::take(query, errors),
        }
    }
}

/// Which changes of an account to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListChangesQuery {
    /// The last moment that counts: only changes that were recorded by then.
    #[schemars(flatten, with = "UntilParameter")]
    pub until: Option<AsOf>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListChangesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let until = take_until(query, Clock::Recorded, &mut TimeRange::default(), errors);
        Self { until, page: PageRequest::take(query, errors) }
    }
}

/// Which lines of an account's statement to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListEntriesQuery {
    /// Only lines in this asset.
    #[schemars(with = "Option<AssetText>")]
    pub asset: Option<Asset>,
    /// When, by `clock`.
    #[schemars(flatten, with = "TimeRangeParameters")]
    pub time: TimeRange,
    /// The last moment that counts, which `time` ends with.
    #[schemars(flatten, with = "UntilParameter")]
    pub until: Option<AsOf>,
    /// Which time `from`, `to`, `at` and the order mean.
    #[schemars(with = "Option<ClockInput>")]
    pub clock: Clock,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<StatementPosition>,
}

impl FromQuery for ListEntriesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let asset = query.optional("asset", errors);
        let mut time = take_time_range(query, errors);
        let clock = query.optional("clock", errors).unwrap_or_default();
        let until = take_until(query, clock, &mut time, errors);
        Self { asset, time, until, clock, page: PageRequest::take(query, errors) }
    }
}

/// Which statement to send, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct StatementParameters {
    /// Only this asset; each that the account ever moved, where left out.
    #[schemars(with = "Option<AssetText>")]
    pub asset: Option<Asset>,
    /// The period, by `clock`.
    #[schemars(flatten, with = "TimeRangeParameters")]
    pub time: TimeRange,
    /// The last moment that counts, which the period ends with.
    #[schemars(flatten, with = "UntilParameter")]
    pub until: Option<AsOf>,
    /// Which time the period, the order and the balances go by.
    #[schemars(with = "Option<ClockInput>")]
    pub clock: Clock,
    /// What to write it in.
    #[schemars(with = "Option<StatementFormatInput>")]
    pub format: StatementFormat,
}

impl FromQuery for StatementParameters {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let asset = query.optional("asset", errors);
        let mut time = take_time_range(query, errors);
        let clock = query.optional("clock", errors).unwrap_or_default();
        let until = take_until(query, clock, &mut time, errors);
        Self { asset, time, until, clock, format: query.optional("format", errors).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::read_query;

    fn faults<Q: FromQuery>(query: &str) -> Vec<String> {
        let mut errors = FieldErrors::default();
        let _: Q = read_query("/accounts", Some(query), &mut errors);
        errors.as_slice().iter().map(|error| error.field.clone()).collect()
    }

    #[test]
    fn prefixes_are_beginnings_of_addresses() {
        for query in [
            "",
            "prefix=u",
            "prefix=users:",
            "prefix=users:4&asset=USD/2&limit=1",
            "metadata[a]=b&metadata[c]=d",
        ] {
            assert_eq!(faults::<ListAccountsQuery>(query), Vec::<String>::new(), "{query}");
        }
        for prefix in ["", ":", "a::", "users:*", "a%20b", "a::b", &"a".repeat(256)] {
            assert_eq!(faults::<ListAccountsQuery>(&format!("prefix={prefix}")), ["prefix"], "{prefix}");
        }
        assert_eq!(faults::<ListAccountsQuery>("metadata[]=b&at=now"), ["metadata[]", "at"]);
        assert_eq!(faults::<GetAccountQuery>("at=2026-01-01T00:00:00Z&clock=effective"), [""; 0]);
        assert_eq!(faults::<GetAccountQuery>("asset=USD/2&clock=effective"), ["clock", "asset"]);
        assert_eq!(faults::<ListChangesQuery>("limit=1&asset=USD/2"), ["asset"]);
    }

    #[test]
    fn entries_are_filtered_by_asset_and_time_only() {
        let all = "asset=USD/2&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&clock=effective&limit=2";
        assert_eq!(faults::<ListEntriesQuery>(all), Vec::<String>::new());
        assert_eq!(
            faults::<ListEntriesQuery>("asset=usd&order=asc&account=a"),
            ["asset", "order", "account"]
        );
    }
}
