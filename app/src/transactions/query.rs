//! Which transactions are asked for: one by its path, many by filters.

use engine::query::{
    AddressPattern, AmountRange, AsOf, Clock, Order, TimeRange, TransactionPosition, TransactionQuery,
};
use ledger::{Asset, EntryNumber, LedgerName, Reference};
use schemars::JsonSchema;

use crate::http::amount_range::take_amount_range;
use crate::http::as_of::{UntilParameter, take_until};
use crate::http::fields::FieldErrors;
use crate::http::metadata::take_metadata_filters;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::time::{TimeRangeParameters, take_time_range};
use crate::http::values::{
    AddressPatternInput, AmountRangeInput, AssetText, ClockInput, EntryNumberValue, LedgerNameText,
    MetadataFilterInput, OrderInput, ReferenceText,
};

/// `…/{ledger}/transactions/{id}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct TransactionPath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The transaction's id.
    #[schemars(with = "EntryNumberValue")]
    pub id: EntryNumber,
}

impl FromPath for TransactionPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let id = path.read("id", errors);
        Some(Self { ledger: ledger?, id: id? })
    }
}

/// Which transactions to list, and how. All filters have to hold; those on accounts, asset and amount have to
/// hold for one and the same posting.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListTransactionsQuery {
    /// The account on either side of a posting.
    #[schemars(with = "Option<AddressPatternInput>")]
    pub account: Option<AddressPattern>,
    /// The posting's source.
    #[schemars(with = "Option<AddressPatternInput>")]
    pub source: Option<AddressPattern>,
    /// The posting's destination.
    #[schemars(with = "Option<AddressPatternInput>")]
    pub destination: Option<AddressPattern>,
    /// The posting's asset.
    #[schemars(with = "Option<AssetText>")]
    pub asset: Option<Asset>,
    /// Bounds of the posting's amount: `amount[at_least]=1000`, `amount[at_most]=5000`.
    #[schemars(with = "Option<AmountRangeInput>")]
    pub amount: AmountRange,
    /// The transaction's reference.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// Metadata that the transaction has now: `metadata[key]=value`, once for each key.
    #[schemars(with = "Option<MetadataFilterInput>")]
    pub metadata: Vec<(String, String)>,
    /// When, by `clock`.
    #[schemars(flatten, with = "TimeRangeParameters")]
    pub time: TimeRange,
    /// The last moment that counts, which `time` ends with.
    #[schemars(flatten, with = "UntilParameter")]
    pub until: Option<AsOf>,
    /// Which time `from`, `to`, `at` and `order` mean.
    #[schemars(with = "Option<ClockInput>")]
    pub clock: Clock,
    /// The order by that time, then by id.
    #[schemars(with = "Option<OrderInput>")]
    pub order: Order,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<TransactionPosition>,
}

impl FromQuery for ListTransactionsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let account = query.optional("account", errors);
        let source = query.optional("source", errors);
        let destination = query.optional("destination", errors);
        let asset = query.optional("asset", errors);
        let reference = query.optional("reference", errors);
        let metadata = take_metadata_filters(query, errors);
        let mut time = take_time_range(query, errors);
        let clock = query.optional("clock", errors).unwrap_or_default();
        let until = take_until(query, clock, &mut time, errors);
        Self {
            account,
            source,
            destination,
            asset,
            amount: take_amount_range(query, errors),
            reference,
            metadata,
            time,
            until,
            clock,
            order: query.optional("order", errors).unwrap_or_default(),
            page: PageRequest::take(query, errors),
        }
    }
}

impl ListTransactionsQuery {
    /// Returns the question as the store takes it.
    #[must_use]
    pub fn to_engine(&self) -> TransactionQuery {
        TransactionQuery {
            account: self.account.clone(),
            source: self.source.clone(),
            destination: self.destination.clone(),
            asset: self.asset.clone(),
            amount: self.amount,
            reference: self.reference.clone(),
            metadata: self.metadata.clone(),
            time: self.time,
            clock: self.clock,
            order: self.order,
            after: self.page.after,
            limit: self.page.limit,
        }
    }
}

/// Which changes of a transaction to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListTransactionChangesQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<EntryNumber>,
}

impl FromQuery for ListTransactionChangesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::read_query;

    fn read(query: &str) -> Result<TransactionQuery, Vec<String>> {
        let mut errors = FieldErrors::default();
        let read: ListTransactionsQuery = read_query("/transactions", Some(query), &mut errors);
        let fields = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if errors.is_empty() { Ok(read.to_engine()) } else { Err(fields) }
    }

    #[test]
    fn without_parameters_all_are_listed_newest_first() {
        let query = read("").unwrap();
        assert_eq!((query.order, query.clock, query.limit), (Order::Descending, Clock::Recorded, 50));
        assert!(query.account.is_none() && query.metadata.is_empty() && query.time == TimeRange::default());
    }

    #[test]
    fn every_filter_is_understood() {
        let query = read(
            "account=users:*&source=users:&destination=shops:7&asset=USD/2&reference=order%201&metadata[a]=b\
             &amount[at_least]=10&amount[at_most]=20\
             &from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00%2B01:00&clock=effective&order=asc&limit=3",
        )
        .unwrap();
        let under = |text| Some(AddressPattern::Under(ledger::Address::parse(text).unwrap()));
        assert_eq!((query.account, query.source), (under("users"), under("users")));
        let shop = ledger::Address::parse("shops:7").unwrap();
        assert_eq!(query.destination, Some(AddressPattern::Exactly(shop)));
        assert_eq!(query.reference.unwrap().as_str(), "order 1");
        assert_eq!(query.metadata, [("a".to_owned(), "b".to_owned())]);
        assert_eq!(query.amount, AmountRange { at_least: Some(10_u64.into()), at_most: Some(20_u64.into()) });
        assert_eq!((query.order, query.clock, query.limit), (Order::Ascending, Clock::Effective, 3));
        let hours = (query.time.to.unwrap().micros() - query.time.from.unwrap().micros()) / 3_600_000_000;
        assert_eq!(hours, 31 * 24 - 1);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (query, fields) in [
            ("account=users:**", &["account"][..]),
            ("account=:", &["account"]),
            ("source=*&destination=a::*", &["source", "destination"]),
            ("from=yesterday&to=2026-01-01", &["from", "to"]),
            ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", &["to"]),
            ("clock=wall&order=up&limit=0&cursor=x", &["clock", "order", "limit", "cursor"]),
            ("at=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", &["at"]),
            ("until=2026-01-01T00:00:00Z", &["until"]),
        ] {
            assert_eq!(read(query).unwrap_err(), fields, "{query}");
        }
    }
}
