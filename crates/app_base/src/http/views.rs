//! What several features show: postings, balances, transactions, holds, and what entries say of the last two.
//!
//! Views are for replies only; no request is ever read into one.

mod account;
mod hold;
mod transaction;
mod transaction_change;

use engine::query::BalanceSum;
use ledger::{Asset, Balance, BalanceKey, Capture, HoldState, Posting, Release, ReleaseCause, Reversal};
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub use self::account::AccountView;
pub use self::hold::HoldView;
pub use self::transaction::TransactionView;
pub use self::transaction_change::TransactionChangeView;
use super::values::{AddressText, AmountText, AssetText, EntryNumberValue, SignedText, SumText};

/// A movement of an amount of an asset from a source to a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Posting")]
pub struct PostingView {
    /// The account that was debited.
    pub source: AddressText,
    /// The account that was credited.
    pub destination: AddressText,
    /// What moved.
    pub asset: AssetText,
    /// How much moved.
    pub amount: AmountText,
}

impl From<&Posting> for PostingView {
    fn from(posting: &Posting) -> Self {
        Self {
            source: AddressText(posting.source().clone()),
            destination: AddressText(posting.destination().clone()),
            asset: AssetText(posting.asset().clone()),
            amount: AmountText(posting.amount()),
        }
    }
}

/// How far a hold has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "HoldState")]
pub enum HoldStateText {
    /// It can be captured and voided.
    Open,
    /// Nothing is left of it, or its last capture let the rest go.
    Captured,
    /// A request let go what was left of it.
    Voided,
    /// What was left of it was let go when its time came.
    Expired,
}

impl From<HoldState> for HoldStateText {
    fn from(state: HoldState) -> Self {
        match state {
            HoldState::Open => Self::Open,
            HoldState::Captured => Self::Captured,
            HoldState::Voided => Self::Voided,
            HoldState::Expired => Self::Expired,
        }
    }
}

/// What a capture did to its hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Capture")]
pub struct CaptureView {
    /// The id of the hold.
    pub hold: EntryNumberValue,
    /// Whether the hold ended with it.
    pub closes: bool,
    /// What was let go of the hold, in order; nothing, unless it ended.
    pub released: Vec<PostingView>,
}

impl From<&Capture> for CaptureView {
    fn from(capture: &Capture) -> Self {
        Self {
            hold: EntryNumberValue(capture.hold),
            closes: capture.closes,
            released: capture.released.iter().map(PostingView::from).collect(),
        }
    }
}

/// What a reversal reversed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Reversal")]
pub struct ReversalView {
    /// The id of the transaction.
    pub transaction: EntryNumberValue,
    /// Whether it could take accounts under their floors.
    pub forced: bool,
}

impl From<&Reversal> for ReversalView {
    fn from(reversal: &Reversal) -> Self {
        Self { transaction: EntryNumberValue(reversal.of), forced: reversal.forced }
    }
}

/// The end of a hold of which something may have been left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Release")]
pub struct ReleaseView {
    /// The id of the hold.
    pub hold: EntryNumberValue,
    /// Why: `voided` by a request, or `expired` when its time had come.
    pub cause: ReleaseCauseText,
}

/// Why a hold was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ReleaseCause")]
pub enum ReleaseCauseText {
    /// A request voided it.
    Voided,
    /// Its time had come.
    Expired,
}

impl From<&Release> for ReleaseView {
    fn from(release: &Release) -> Self {
        let cause = match release.cause {
            ReleaseCause::Voided => ReleaseCauseText::Voided,
            ReleaseCause::Expired => ReleaseCauseText::Expired,
        };
        Self { hold: EntryNumberValue(release.hold), cause }
    }
}

/// A balance in one asset: four counters, and two figures that follow from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Balance")]
pub struct BalanceView {
    /// What the counters count.
    pub asset: AssetText,
    /// The sum of all credits.
    pub posted_in: SumText,
    /// The sum of all debits.
    pub posted_out: SumText,
    /// The sum of all held credits.
    pub pending_in: SumText,
    /// The sum of all held debits.
    pub pending_out: SumText,
    /// What is there: `posted_in` less `posted_out`.
    pub posted: SignedText,
    /// What can be spent: `posted` less `pending_out`.
    pub available: SignedText,
}

impl From<(Asset, BalanceSum)> for BalanceView {
    fn from((asset, sum): (Asset, BalanceSum)) -> Self {
        Self {
            asset: AssetText(asset),
            posted_in: SumText(sum.posted_in),
            posted_out: SumText(sum.posted_out),
            pending_in: SumText(sum.pending_in),
            pending_out: SumText(sum.pending_out),
            posted: SignedText::difference(sum.posted_in, sum.posted_out),
            available: SignedText::difference(sum.posted_in, sum.posted_out.saturating_add(sum.pending_out)),
        }
    }
}

impl From<(Asset, Balance)> for BalanceView {
    fn from((asset, balance): (Asset, Balance)) -> Self {
        let mut sum = BalanceSum::default();
        sum.add(&balance);
        (asset, sum).into()
    }
}

/// A balance with the account that it is of.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "AccountBalance")]
pub struct AccountBalanceView {
    /// The account.
    pub account: AddressText,
    /// The balance.
    #[schemars(flatten)]
    pub balance: BalanceView,
}

// Every reply to a write has some of these: serde's own way to flatten takes several times as long.
impl Serialize for AccountBalanceView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { account, balance } = self;
        let mut fields = serializer.serialize_struct("AccountBalance", 8)?;
        fields.serialize_field("account", account)?;
        fields.serialize_field("asset", &balance.asset)?;
        fields.serialize_field("posted_in", &balance.posted_in)?;
        fields.serialize_field("posted_out", &balance.posted_out)?;
        fields.serialize_field("pending_in", &balance.pending_in)?;
        fields.serialize_field("pending_out", &balance.pending_out)?;
        fields.serialize_field("posted", &balance.posted)?;
        fields.serialize_field("available", &balance.available)?;
        fields.end()
    }
}

impl From<(BalanceKey, Balance)> for AccountBalanceView {
    fn from((key, balance): (BalanceKey, Balance)) -> Self {
        Self { account: AddressText(key.account), balance: (key.asset, balance).into() }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Amount};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_balance_shows_its_counters_and_what_follows_from_them() {
        let key = BalanceKey { account: Address::parse("a").unwrap(), asset: Asset::parse("USD/2").unwrap() };
        let balance = Balance {
            posted_in: Amount::from(10),
            posted_out: Amount::from(14),
            pending_in: Amount::from(100),
            pending_out: Amount::from(3),
        };
        let shown = serde_json::to_value(AccountBalanceView::from((key, balance))).unwrap();
        let expected = json!({
            "account": "a", "asset": "USD/2",
            "posted_in": "10", "posted_out": "14", "pending_in": "100", "pending_out": "3",
            "posted": "-4", "available": "-7",
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn sums_beyond_an_amount_are_shown_in_full() {
        let asset = Asset::parse("USD/2").unwrap();
        let sum = BalanceSum { posted_out: u128::MAX, pending_out: 1, ..BalanceSum::default() };
        let view = BalanceView::from((asset, sum));
        assert_eq!(view.posted.to_string(), format!("-{}", u128::MAX));
        assert_eq!(view.available.to_string(), format!("-{}", u128::MAX));
    }
}
