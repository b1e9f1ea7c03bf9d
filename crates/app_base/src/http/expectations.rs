//! What requests expect of balances and accounts: how it is read, and its schema.

use ledger::{Address, Asset, Bounds, Expectation, Expectations, ExpectedBounds};
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::text::SignedAmount;
use super::values::{AddressText, AssetText, SignedInput};

/// What is expected of a balance once all postings are through, or of an account's version before them. One that does
/// not hold rejects the transaction.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "account": "users:42:wallet",
    "asset": "USD/2",
    "posted": { "at_least": "0" },
}]))]
pub struct ExpectationRequest {
    /// The account. No posting has to touch it.
    #[schemars(with = "AddressText")]
    pub account: Address,
    /// The asset: there has to be one with `posted` and `available`.
    #[schemars(with = "Option<AssetText>")]
    pub asset: Option<Asset>,
    /// Bounds of what is posted. There has to be a bound of this, of `available`, or of `version`.
    #[schemars(with = "Option<BoundsRequest>")]
    pub posted: Bounds,
    /// Bounds of what is available.
    #[schemars(with = "Option<BoundsRequest>")]
    pub available: Bounds,
    /// Bounds of the account's `version`: 0 where nothing ever touched it, and larger with every entry that does.
    #[schemars(with = "Option<BoundsRequest>")]
    pub version: Bounds,
}

/// Bounds of a figure, at least one: all that are given have to hold.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "at_least": "0" }]))]
pub struct BoundsRequest {
    /// The figure has to be this or more.
    #[schemars(with = "Option<SignedInput>")]
    pub at_least: Option<i128>,
    /// The figure has to be this or less.
    #[schemars(with = "Option<SignedInput>")]
    pub at_most: Option<i128>,
    /// The figure has to be this.
    #[schemars(with = "Option<SignedInput>")]
    pub equals: Option<i128>,
}

impl FromJson for Bounds {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut at_least, mut at_most, mut equals) = (Slot::default(), Slot::default(), Slot::default());
        let mut has_any = false;
        value.members(errors, |member, value, errors| {
            has_any |= !value.is_null();
            match member {
                "at_least" => at_least.read_optional(value, errors),
                "at_most" => at_most.read_optional(value, errors),
                "equals" => equals.read_optional(value, errors),
                _ => refuse_unknown(value, &["at_least", "at_most", "equals"], errors),
            }
        })?;
        if !has_any {
            value.refuse(errors, "must have at_least, at_most or equals");
            return None;
        }
        let units = |slot: Slot<SignedAmount>| slot.optional().map(|SignedAmount(units)| units);
        Some(Self { at_least: units(at_least), at_most: units(at_most), equals: units(equals) })
    }
}

impl FromJson for Expectation {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut account, mut asset) = (Slot::default(), Slot::default());
        let (mut posted, mut available, mut version) = (Slot::default(), Slot::default(), Slot::default());
        let (mut is_of_balance, mut is_of_version, mut has_asset) = (false, false, false);
        value.members(errors, |member, value, errors| match member {
            "account" => account.read(value, errors),
            "asset" => {
                has_asset |= !value.is_null();
                asset.read_optional(value, errors);
            }
            "posted" => {
                is_of_balance |= !value.is_null();
                posted.read_optional(value, errors);
            }
            "available" => {
                is_of_balance |= !value.is_null();
                available.read_optional(value, errors);
            }
            "version" => {
                is_of_version |= !value.is_null();
                version.read_optional(value, errors);
            }
            _ => refuse_unknown(value, &["account", "asset", "posted", "available", "version"], errors),
        })?;
        let account = account.required(value, "account", errors);
        let asset: Option<Asset> = if is_of_balance || !(has_asset || is_of_version) {
            asset.required(value, "asset", errors)
        } else {
            asset.optional()
        };
        if !(is_of_balance || is_of_version) {
            value.refuse(errors, "must have posted, available or version");
        }
        let bounds = ExpectedBounds {
            posted: posted.optional().unwrap_or_default(),
            available: available.optional().unwrap_or_default(),
            version: version.optional().unwrap_or_default(),
        };
        // Where there is no bound, or an asset is missing, that was refused above.
        Self::new(account?, asset, bounds).ok()
    }
}

impl FromJson for Expectations {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut expectations = Vec::new();
        let read = |item: Value<'_>, errors: &mut FieldErrors| {
            expectations.extend(Expectation::from_json(item, errors));
        };
        value.items(Self::MAX, errors, read)?;
        Self::new(expectations).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<Expectations, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(expectations) if errors.is_empty() => Ok(expectations),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    fn with(rest: &str) -> String {
        format!(r#"[{{"account": "a", "asset": "USD/2"{rest}}}]"#)
    }

    #[test]
    fn bounds_of_both_figures_are_read() {
        let body = with(
            r#", "posted": {"at_least": "-5", "at_most": 7, "equals": null},
                "available": {"equals": "-170141183460469231731687303715884105727"}"#,
        );
        let expectations = read(&body).unwrap();
        let [one] = expectations.as_slice() else { panic!("{expectations:?}") };
        let key = one.key().unwrap();
        assert_eq!((key.account.as_str(), key.asset.as_str()), ("a", "USD/2"));
        assert_eq!(one.bounds().posted, Bounds { at_least: Some(-5), at_most: Some(7), equals: None });
        let least = -ledger::Amount::MAX.signed();
        assert_eq!(one.bounds().available, Bounds { equals: Some(least), ..Bounds::default() });
        assert!(read("[]").unwrap().as_slice().is_empty());
    }

    #[test]
    fn a_version_needs_no_asset() {
        for body in [
            r#"[{"account": "a", "version": {"equals": "17"}}]"#,
            r#"[{"account": "a", "asset": null, "version": {"equals": 17}}]"#,
        ] {
            let expectations = read(body).unwrap();
            let [one] = expectations.as_slice() else { panic!("{expectations:?}") };
            assert_eq!((one.account().as_str(), one.key()), ("a", None));
            assert_eq!(one.bounds().version, Bounds { equals: Some(17), ..Bounds::default() });
        }
        let both = r#"[{"account": "a", "version": {"equals": 17}, "posted": {"equals": 0}}]"#;
        assert_eq!(read(both).unwrap_err(), ["body[0].asset"]);
        assert_eq!(read(r#"[{"account": "a", "version": {}}]"#).unwrap_err(), ["body[0].version"]);
    }

    #[test]
    fn every_fault_is_named() {
        let many = |count| {
            format!("[{}]", vec![r#"{"account":"a","asset":"X","posted":{"equals":0}}"#; count].join(","))
        };
        assert_eq!(read(&many(100)).unwrap().as_slice().len(), 100);
        for (body, fields) in [
            (many(101), &["body"][..]),
            ("{}".into(), &["body"]),
            ("[1]".into(), &["body[0]"]),
            ("[{}]".into(), &["body[0].account", "body[0].asset", "body[0]"]),
            (with(""), &["body[0]"]),
            (with(r#", "posted": null"#), &["body[0]"]),
            (with(r#", "posted": {}"#), &["body[0].posted"]),
            (with(r#", "posted": {"equals": null}, "available": {"equals": 0}"#), &["body[0].posted"]),
            (with(r#", "posted": {"min": 5}"#), &["body[0].posted.min"]),
            (with(r#", "posted": 5"#), &["body[0].posted"]),
            (
                with(r#", "posted": {"at_least": "x", "at_most": 1.5}, "available": {"equals": ""}"#),
                &["body[0].posted.at_least", "body[0].posted.at_most", "body[0].available.equals"],
            ),
            (with(r#", "age": {"equals": 3}, "posted": {"equals": 3}"#), &["body[0].age"]),
            (with(r#", "posted": {"equals": 3, "equals": 3}"#), &["body[0].posted.equals"]),
        ] {
            assert_eq!(read(&body).unwrap_err(), fields, "{body}");
        }
    }
}
