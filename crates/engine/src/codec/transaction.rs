//! The text form of transactions, whatever they come of.

use std::collections::BTreeMap;
use std::fmt::Write;

use ledger::{
    Balance, BalanceKey, Capture, EntryBody, EntryNumber, Metadata, Origin, Postings, Reference, Reversal,
    Transaction,
};
use serde::Deserialize;

use super::account::encode_metadata;
use super::rows::{self, BalanceText, PostingText, bad, push_balances, push_postings};
use super::{DecodeError, DecodedBody};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    postings: Vec<PostingText>,
    #[serde(default)]
    captures: Option<CaptureText>,
    #[serde(default)]
    reverses: Option<ReversalText>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    balances: Vec<BalanceText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureText {
    hold: u64,
    closes: bool,
    #[serde(default)]
    released: Vec<PostingText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReversalText {
    transaction: u64,
    #[serde(default)]
    forced: bool,
}

pub(super) fn encode(transaction: &Transaction, balances: &[(BalanceKey, Balance)]) -> String {
    let postings = transaction.postings.as_slice();
    let mut text = String::with_capacity(64 + 96 * (postings.len() + balances.len()));
    text.push_str("{\"postings\":");
    push_postings(&mut text, postings);
    push_origin(&mut text, &transaction.origin);
    if !transaction.metadata.is_empty() {
        text.push_str(",\"metadata\":");
        text.push_str(&encode_metadata(&transaction.metadata));
    }
    text.push_str(",\"balances\":");
    push_balances(&mut text, balances);
    text.push('}');
    text
}

fn push_origin(text: &mut String, origin: &Origin) {
    match origin {
        Origin::Posted => {}
        Origin::Capture(Capture { hold, closes, released }) => {
            let _ = write!(text, ",\"captures\":{{\"hold\":{},\"closes\":{closes}", hold.0);
            if !released.is_empty() {
                text.push_str(",\"released\":");
                push_postings(text, released);
            }
            text.push('}');
        }
        Origin::Reversal(Reversal { of, forced }) => {
            let forced = if *forced { ",\"forced\":true" } else { "" };
            let _ = write!(text, ",\"reverses\":{{\"transaction\":{}{forced}}}", of.0);
        }
    }
}

pub(super) fn decode(text: &str, reference: Option<Reference>) -> Result<DecodedBody, DecodeError> {
    let body: Body = serde_json::from_str(text)?;
    let origin = match (body.captures, body.reverses) {
        (None, None) => Origin::Posted,
        (Some(capture), None) => Origin::Capture(Capture {
            hold: EntryNumber(capture.hold),
            closes: capture.closes,
            released: rows::postings(capture.released)?,
        }),
        (None, Some(ReversalText { transaction, forced })) => {
            Origin::Reversal(Reversal { of: EntryNumber(transaction), forced })
        }
        (Some(_), Some(_)) => return Err(bad("reverses", "a capture".into())),
    };
    let transaction = Transaction {
        postings: Postings::new(rows::postings(body.postings)?)
            .map_err(|_| bad("postings", String::new()))?,
        reference,
        metadata: Metadata::new(body.metadata).map_err(|_| bad("metadata", String::new()))?,
        origin,
    };
    Ok(DecodedBody { body: EntryBody::Transaction(transaction), balances: rows::balances(body.balances)? })
}
