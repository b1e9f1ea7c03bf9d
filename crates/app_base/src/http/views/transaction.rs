//! A transaction as replies show it, whichever request it came of.

use engine::{Outcome, Submitted};
use ledger::{Amount, Entry, EntryBody, LedgerName, Origin};
use schemars::JsonSchema;
use serde::Serialize;

use super::{AccountBalanceView, CaptureView, PostingView};
use crate::http::reply::Created;
use crate::http::values::{
    AmountText, EntryNumberValue, LedgerNameText, MetadataValue, ReferenceText, TimeText,
};

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Transaction")]
pub struct TransactionView {
    /// Its id: the number of its entry. Null in the reply to a dry run.
    pub id: Option<EntryNumberValue>,
    /// The ledger that it is in.
    pub ledger: LedgerNameText,
    /// What moved, in order.
    pub postings: Vec<PostingView>,
    /// The caller's own name for it.
    pub reference: Option<ReferenceText>,
    /// What the caller keeps beside it: now, where it is read; when it was created, in the reply to that.
    pub metadata: MetadataValue,
    /// When it counts.
    pub effective_at: TimeText,
    /// When it was written.
    pub recorded_at: TimeText,
    /// The transaction that this one reverses; null where it reverses none.
    pub reverses: Option<EntryNumberValue>,
    /// Whether it is a reversal that could take accounts under their floors. Left out where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// The hold that it captures, and what became of that. Left out where it captures none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captures: Option<CaptureView>,
    /// How much of each posting has been reversed so far: now, where it is read; nothing yet, in the reply to what
    /// created it.
    pub reversed: Vec<AmountText>,
    /// Every balance that it touched as it stood afterwards, by account and asset.
    pub balances: Vec<AccountBalanceView>,
}

impl TransactionView {
    /// Replies to a command that creates a transaction, and to its replay: from the entry alone, so that both are the
    /// same whatever was reversed since.
    ///
    /// # Panics
    /// When the entry is no transaction.
    #[must_use]
    pub fn created(ledger: LedgerName, submitted: Submitted) -> Created<Self> {
        let Submitted { entry, outcome } = submitted;
        match outcome {
            Outcome::DryRun => Created::dry_run(Self { id: None, ..Self::unreversed(ledger, entry) }),
            Outcome::Recorded | Outcome::Replayed => {
                let location = format!("/v1/ledgers/{ledger}/transactions/{}", entry.number.0);
                let view = Self::unreversed(ledger, entry);
                Created::at(&location, view).replayed(outcome == Outcome::Replayed)
            }
        }
    }

    /// Shows a transaction that is in the log, with how much of each posting has been reversed; nothing, where that
    /// is not given.
    ///
    /// # Panics
    /// When the entry is no transaction.
    #[must_use]
    pub fn recorded(ledger: LedgerName, entry: Entry, reversed: Option<Vec<Amount>>) -> Self {
        let mut view = Self::unreversed(ledger, entry);
        if let Some(reversed) = reversed {
            view.reversed = reversed.into_iter().map(AmountText).collect();
        }
        view
    }

    fn unreversed(ledger: LedgerName, entry: Entry) -> Self {
        let EntryBody::Transaction(transaction) = entry.body else {
            panic!("entry {} is no transaction", entry.number.0)
        };
        let postings: Vec<_> = transaction.postings.as_slice().iter().map(PostingView::from).collect();
        let (reverses, forced, captures) = match &transaction.origin {
            Origin::Posted => (None, false, None),
            Origin::Reversal(reversal) => (Some(EntryNumberValue(reversal.of)), reversal.forced, None),
            Origin::Capture(capture) => (None, false, Some(CaptureView::from(capture))),
        };
        Self {
            id: Some(EntryNumberValue(entry.number)),
            ledger: LedgerNameText(ledger),
            reversed: vec![AmountText(Amount::ZERO); postings.len()],
            postings,
            reference: transaction.reference.map(ReferenceText),
            metadata: MetadataValue(transaction.metadata),
            effective_at: TimeText(entry.effective_at),
            recorded_at: TimeText(entry.recorded_at),
            reverses,
            forced,
            captures,
            balances: entry.balances.into_iter().map(AccountBalanceView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{
        Address, Asset, Balance, BalanceKey, EntryNumber, Metadata, Posting, Postings, Timestamp, Transaction,
    };
    use serde_json::json;

    use super::*;

    fn posting() -> Posting {
        Posting::new(
            Address::parse("world").unwrap(),
            Address::parse("users:42").unwrap(),
            Asset::parse("USD/2").unwrap(),
            Amount::from(1250),
        )
        .unwrap()
    }

    fn entry() -> Entry {
        let key = |account| BalanceKey {
            account: Address::parse(account).unwrap(),
            asset: Asset::parse("USD/2").unwrap(),
        };
        let amount = Amount::from(1250);
        Entry {
            number: EntryNumber(7),
            recorded_at: Timestamp::from_micros(1_769_860_800_000_001).unwrap(),
            effective_at: Timestamp::from_micros(1_769_860_800_000_000).unwrap(),
            body: EntryBody::Transaction(Transaction {
                postings: Postings::new(vec![posting()]).unwrap(),
                reference: None,
                metadata: Metadata::default(),
                origin: Origin::Posted,
            }),
            balances: vec![
                (key("users:42"), Balance { posted_in: amount, ..Balance::default() }),
                (key("world"), Balance { posted_out: amount, ..Balance::default() }),
            ],
        }
    }

    #[test]
    fn a_transaction_is_shown_with_all_that_it_touched() {
        let reversed = Some(vec![Amount::from(50)]);
        let view = TransactionView::recorded(LedgerName::parse("main").unwrap(), entry(), reversed);
        assert_eq!(
            serde_json::to_value(&view).unwrap(),
            json!({
                "id": 7,
                "ledger": "main",
                "postings": [
                    { "source": "world", "destination": "users:42", "asset": "USD/2", "amount": "1250" }
                ],
                "reference": null,
                "metadata": {},
                "effective_at": "2026-01-31T12:00:00.000000Z",
                "recorded_at": "2026-01-31T12:00:00.000001Z",
                "reverses": null,
                "reversed": ["50"],
                "balances": [
                    {
                        "account": "users:42", "asset": "USD/2",
                        "posted_in": "1250", "posted_out": "0", "pending_in": "0", "pending_out": "0",
                        "posted": "1250", "available": "1250"
                    },
                    {
                        "account": "world", "asset": "USD/2",
                        "posted_in": "0", "posted_out": "1250", "pending_in": "0", "pending_out": "0",
                        "posted": "-1250", "available": "-1250"
                    }
                ]
            })
        );
    }
}
