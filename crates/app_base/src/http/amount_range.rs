//! Reads bounds of an amount in queries: `amount[at_least]=10&amount[at_most]=20`, as the bounds of expectations are
//! called.

use engine::query::AmountRange;
use ledger::Amount;

use super::fields::{FieldErrors, Shown};
use super::query::QueryReader;
use super::text::FromText;

/// Takes the bounds of an amount, each of which may be left out.
pub fn take_amount_range(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> AmountRange {
    let mut range = AmountRange::default();
    for (bound, text) in query.family("amount", "amount[key]", errors) {
        let place = match &*bound {
            "at_least" => &mut range.at_least,
            "at_most" => &mut range.at_most,
            _ => {
                errors.add(
                    format_args!("amount[{}]", Shown(&bound)),
                    "must be amount[at_least] or amount[at_most]",
                );
                continue;
            }
        };
        match Amount::from_text(&text) {
            Ok(amount) => *place = Some(amount),
            Err(message) => errors.add(format_args!("amount[{bound}]"), message),
        }
    }
    if let AmountRange { at_least: Some(least), at_most: Some(most) } = range
        && most < least
    {
        errors.add("amount[at_most]", "is less than amount[at_least]");
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::{FromQuery, read_query};

    struct Bounds(AmountRange);

    impl FromQuery for Bounds {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            Self(take_amount_range(query, errors))
        }
    }

    fn read(query: &str) -> Result<AmountRange, Vec<String>> {
        let mut errors = FieldErrors::default();
        let Bounds(range) = read_query("/transactions", Some(query), &mut errors);
        let fields: Vec<_> = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if fields.is_empty() { Ok(range) } else { Err(fields) }
    }

    #[test]
    fn either_bound_will_do() {
        let range = |at_least: Option<u64>, at_most: Option<u64>| AmountRange {
            at_least: at_least.map(Amount::from),
            at_most: at_most.map(Amount::from),
        };
        for (query, expected) in [
            ("", range(None, None)),
            ("amount[at_least]=10", range(Some(10), None)),
            ("amount%5Bat_most%5D=0", range(None, Some(0))),
            ("amount[at_most]=20&amount[at_least]=20", range(Some(20), Some(20))),
        ] {
            assert_eq!(read(query), Ok(expected), "{query}");
        }
        let max = Amount::MAX.get();
        let largest = read(&format!("amount[at_least]={max}")).unwrap();
        assert_eq!(largest.at_least, Some(Amount::MAX));
    }

    #[test]
    fn every_fault_is_named() {
        for (query, fields) in [
            ("amount=5", &["amount"][..]),
            ("amount[equals]=5", &["amount[equals]"]),
            ("amount[at_least]=-1&amount[at_most]=1.5", &["amount[at_least]", "amount[at_most]"]),
            ("amount[at_least]=", &["amount[at_least]"]),
            ("amount[at_least]=1&amount[at_least]=2", &["amount[at_least]"]),
            ("amount[at_least]=2&amount[at_most]=1", &["amount[at_most]"]),
        ] {
            assert_eq!(read(query).unwrap_err(), fields, "{query}");
        }
    }
}
