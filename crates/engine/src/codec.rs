//! The text form in which stores keep the body of an entry: JSON, the same on every store, readable
//! without Florin.
//!
//! What an entry has that stores keep in columns of their own (number, times, reference, key) is not in
//! here. A change must go on reading everything that was ever written.

use ledger::{Address, Amount, Asset, Balance, BalanceKey, Entry, EntryBody, Metadata, Posting, Postings};
use serde::{Deserialize, Serialize};

/// An entry's kind and content, as far as it stands in the text form.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodedBody {
    /// What moved, in order.
    pub postings: Postings,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// Every balance touched, as it stood afterwards, by account and asset.
    pub balances: Vec<(BalanceKey, Balance)>,
}

/// A text that is no entry's.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is not of the right shape.
    #[error("not the text of an entry")]
    Shape(#[from] serde_json::Error),
    /// A part of it is not what its place asks for.
    #[error("`{part}` of an entry is not valid: {text:?}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What stands there.
        text: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Body {
    /// `[source, destination, asset, amount]`, the amount as text.
    postings: Vec<(String, String, String, String)>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    metadata: std::collections::BTreeMap<String, String>,
    /// `[account, asset, posted_in, posted_out, pending_in, pending_out]`, the amounts as text.
    balances: Vec<(String, String, String, String, String, String)>,
}

/// Returns the name of an entry's kind.
#[must_use]
pub fn kind(entry: &Entry) -> &'static str {
    match entry.body {
        EntryBody::Transaction(_) => "transaction",
    }
}

/// Writes an entry's body as text.
///
/// # Panics
/// Never: every body can be written.
#[must_use]
pub fn encode(entry: &Entry) -> String {
    let EntryBody::Transaction(transaction) = &entry.body;
    let body = Body {
        postings: transaction
            .postings
            .as_slice()
            .iter()
            .map(|p| {
                (
                    p.source().to_string(),
                    p.destination().to_string(),
                    p.asset().to_string(),
                    p.amount().to_string(),
                )
            })
            .collect(),
        metadata: transaction.metadata.as_map().clone(),
        balances: entry
            .balances
            .iter()
            .map(|(key, b)| {
                (
                    key.account.to_string(),
                    key.asset.to_string(),
                    b.posted_in.to_string(),
                    b.posted_out.to_string(),
                    b.pending_in.to_string(),
                    b.pending_out.to_string(),
                )
            })
            .collect(),
    };
    serde_json::to_string(&body).expect("texts and lists can always be written")
}

/// Reads an entry's body back.
///
/// # Errors
/// When the text is not one that [`encode`] wrote.
pub fn decode(text: &str) -> Result<DecodedBody, DecodeError> {
    let body: Body = serde_json::from_str(text)?;
    let bad = |part, text: String| DecodeError::Part { part, text };
    let address = |text: String| Address::parse(&text).map_err(|_| bad("account", text));
    let asset = |text: String| Asset::parse(&text).map_err(|_| bad("asset", text));
    let amount = |text: String| Amount::parse(&text).map_err(|_| bad("amount", text));
    let mut postings = Vec::with_capacity(body.postings.len());
    for (source, destination, asset_text, amount_text) in body.postings {
        let posting =
            Posting::new(address(source)?, address(destination)?, asset(asset_text)?, amount(amount_text)?)
                .map_err(|_| bad("posting", "source and destination are the same".into()))?;
        postings.push(posting);
    }
    let mut balances = Vec::with_capacity(body.balances.len());
    for (account, asset_text, posted_in, posted_out, pending_in, pending_out) in body.balances {
        balances.push((
            BalanceKey { account: address(account)?, asset: asset(asset_text)? },
            Balance {
                posted_in: amount(posted_in)?,
                posted_out: amount(posted_out)?,
                pending_in: amount(pending_in)?,
                pending_out: amount(pending_out)?,
            },
        ));
    }
    Ok(DecodedBody {
        postings: Postings::new(postings).map_err(|_| bad("postings", String::new()))?,
        metadata: Metadata::new(body.metadata).map_err(|_| bad("metadata", String::new()))?,
        balances,
    })
}
