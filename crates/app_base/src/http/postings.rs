//! Postings of requests: how they are read, and their schema.

use ledger::{Address, Asset, Posting, PostingError, Postings, Quantity};
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::quantity::QuantityInput;
use super::values::{AddressText, AssetText};

/// A movement of an amount of an asset from a source to another account.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PostingRequest {
    /// The account to debit.
    #[schemars(with = "AddressText")]
    pub source: Address,
    /// The account to credit; not the source.
    #[schemars(with = "AddressText")]
    pub destination: Address,
    /// What to move.
    #[schemars(with = "AssetText")]
    pub asset: Asset,
    /// How much to move.
    #[schemars(with = "QuantityInput")]
    pub amount: Quantity,
}

impl FromJson for PostingRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut source, mut destination) = (Slot::default(), Slot::default());
        let (mut asset, mut amount) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "source" => source.read(value, errors),
            "destination" => destination.read(value, errors),
            "asset" => asset.read(value, errors),
            "amount" => amount.read(value, errors),
            _ => refuse_unknown(value, &["source", "destination", "asset", "amount"], errors),
        })?;
        let source = source.required(value, "source", errors);
        let destination = destination.required(value, "destination", errors);
        let asset = asset.required(value, "asset", errors);
        let amount = amount.required(value, "amount", errors);
        Some(Self { source: source?, destination: destination?, asset: asset?, amount: amount? })
    }
}

impl FromJson for Posting<Quantity> {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let PostingRequest { source, destination, asset, amount } = FromJson::from_json(value, errors)?;
        match Self::new(source, destination, asset, amount) {
            Ok(posting) => Some(posting),
            Err(PostingError::SameAccount) => {
                value.refuse_member("destination", "must be another account than the source", errors);
                None
            }
        }
    }
}

impl FromJson for Postings<Quantity> {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut postings = Vec::new();
        let read =
            |item: Value<'_>, errors: &mut FieldErrors| postings.extend(Posting::from_json(item, errors));
        let count = value.items(Postings::MAX, errors, read)?;
        if count == 0 {
            value.refuse(errors, "is empty; there must be at least one posting");
        }
        Self::new(postings).ok()
    }
}
