//! Which way is chosen, on a ledger that is made of counts alone.

use std::collections::HashMap;

use super::*;
use crate::movements::tests::ready;

/// A ledger of which only the choice of a way knows something.
#[derive(Default)]
struct Counts {
    pairs: HashMap<MetadataPair, i64>,
    under: HashMap<&'static str, i64>,
    asked: usize,
}

#[async_trait]
impl WayReads for Counts {
    async fn count_by_pair(&mut self, pair: MetadataPair, max: i64) -> Result<i64, Failure> {
        self.asked += 1;
        Ok(self.pairs.get(&pair).copied().unwrap_or_default().min(max))
    }

    async fn count_balances_under(&mut self, address: &str, max: i64) -> Result<i64, Failure> {
        self.asked += 1;
        Ok(self.under.get(address).copied().unwrap_or_default().min(max))
    }
}

fn exactly(text: &str) -> AddressPattern {
    AddressPattern::Exactly(Address::parse(text).unwrap())
}

fn under(text: &str) -> AddressPattern {
    AddressPattern::Under(Address::parse(text).unwrap())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A hot pair, a rare one, one that nobody has; an address with few accounts under it, and one with many.
fn counts() -> Counts {
    let counts = [(("kind", "order"), 1_000_000), (("order", "1"), 3), (("shop", "7"), 900)];
    Counts {
        pairs: counts.map(|((key, value), count)| (MetadataPair::of(key, value), count)).into(),
        under: [("users:42", 3), ("users", 1_000_000)].into(),
        asked: 0,
    }
}

#[test]
fn the_way_past_the_fewest_others_is_chosen() {
    let any = TransactionQuery::default;
    let hot = || pairs(&[("kind", "order")]);
    let pair = |key, value| Way::Pair(MetadataPair::of(key, value));
    for (query, way) in [
        (any(), Way::All),
        (TransactionQuery { account: Some(exactly("world")), ..any() }, Way::Account("world")),
        (
            TransactionQuery { account: Some(exactly("world")), source: Some(exactly("a")), ..any() },
            Way::Account("a"),
        ),
        (TransactionQuery { account: Some(under("users:42")), ..any() }, Way::Under("users:42", 3)),
        (TransactionQuery { account: Some(under("users")), ..any() }, Way::All),
        (
            TransactionQuery { account: Some(under("users")), source: Some(exactly("world")), ..any() },
            Way::Account("world"),
        ),
        (
            TransactionQuery { account: Some(under("users")), source: Some(under("users:42")), ..any() },
            Way::Under("users:42", 3),
        ),
        (
            TransactionQuery {
                source: Some(exactly("world")),
                destination: Some(under("users:42")),
                ..any()
            },
            Way::Under("users:42", 3),
        ),
        (TransactionQuery { metadata: hot(), ..any() }, pair("kind", "order")),
        (TransactionQuery { metadata: hot(), account: Some(exactly("a")), ..any() }, Way::Account("a")),
        (
            TransactionQuery { metadata: hot(), account: Some(under("users:42")), ..any() },
            Way::Under("users:42", 3),
        ),
        (TransactionQuery { metadata: hot(), account: Some(under("users")), ..any() }, pair("kind", "order")),
        (
            TransactionQuery { metadata: hot(), account: Some(exactly("world")), ..any() },
            pair("kind", "order"),
        ),
        (
            TransactionQuery { metadata: pairs(&[("order", "1")]), account: Some(exactly("a")), ..any() },
            pair("order", "1"),
        ),
        (
            TransactionQuery {
                metadata: pairs(&[("kind", "order"), ("shop", "7"), ("order", "1")]),
                ..any()
            },
            pair("order", "1"),
        ),
        (TransactionQuery { metadata: pairs(&[("none", ""), ("order", "1")]), ..any() }, pair("none", "")),
    ] {
        assert_eq!(ready(choose_way(&mut counts(), &query)).unwrap(), way, "{query:?}");
    }
}

#[test]
fn a_choice_of_one_is_made_without_asking() {
    let mut counts = counts();
    for query in [
        TransactionQuery::default(),
        TransactionQuery { account: Some(exactly("a")), ..TransactionQuery::default() },
        TransactionQuery { metadata: pairs(&[("kind", "order")]), ..TransactionQuery::default() },
        TransactionQuery { reference: Some(Reference::parse("r").unwrap()), ..TransactionQuery::default() },
    ] {
        ready(choose_way(&mut counts, &query)).unwrap();
    }
    assert_eq!(counts.asked, 0);
}

#[test]
fn rows_that_all_match_are_asked_for_no_further_than_the_page() {
    let any = || TransactionQuery { limit: 50, ..TransactionQuery::default() };
    let scanned = one_more(scan_max(50));
    let one = || pairs(&[("order", "1")]);
    let pair = Way::Pair(MetadataPair::of("order", "1"));
    let amount = AmountRange { at_least: Some(1_u64.into()), at_most: None };
    for (way, query, rows) in [
        (Way::All, any(), scanned),
        (Way::Account("a"), TransactionQuery { account: Some(exactly("a")), ..any() }, 51),
        (Way::Account("a"), TransactionQuery { account: Some(exactly("a")), amount, ..any() }, scanned),
        (
            Way::Account("a"),
            TransactionQuery { account: Some(exactly("a")), metadata: one(), ..any() },
            scanned,
        ),
        (Way::Account("a"), TransactionQuery { source: Some(exactly("a")), ..any() }, scanned),
        (Way::Under("a", 1), TransactionQuery { account: Some(under("a")), ..any() }, 51),
        (Way::Under("a", 1), TransactionQuery { account: Some(under("a")), amount, ..any() }, scanned),
        (Way::Under("a", 1), TransactionQuery { source: Some(under("a")), ..any() }, scanned),
        (pair, TransactionQuery { metadata: one(), ..any() }, 51),
        (pair, TransactionQuery { metadata: one(), amount, ..any() }, scanned),
        (pair, TransactionQuery { metadata: [one(), one()].concat(), ..any() }, scanned),
    ] {
        assert_eq!(way.rows_wanted(&query), rows, "{way:?} {query:?}");
    }
}
