//! The text form of holds, of their ends, and of what stores keep beside both: how far a hold has come, and how much of
//! each posting is used.

use std::collections::BTreeMap;
use std::fmt::Write;

use ledger::{
    Amount, Balance, BalanceKey, EntryBody, EntryNumber, Hold, HoldState, Metadata, Postings, Reference,
    Release, ReleaseCause, Timestamp,
};
use serde::Deserialize;

use super::account::encode_metadata;
use super::rows::{self, BalanceText, PostingText, amount, bad, push_balances, push_postings};
use super::{DecodeError, DecodedBody};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldText {
    postings: Vec<PostingText>,
    /// Microseconds since 1970-01-01T00:00:00Z.
    #[serde(default)]
    expires_at: Option<i64>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    balances: Vec<BalanceText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseText {
    hold: u64,
    cause: CauseText,
    postings: Vec<PostingText>,
    balances: Vec<BalanceText>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CauseText {
    Voided,
    Expired,
}

pub(super) fn encode(hold: &Hold, balances: &[(BalanceKey, Balance)]) -> String {
    let postings = hold.postings.as_slice();
    let mut text = String::with_capacity(96 + 96 * (postings.len() + balances.len()));
    text.push_str("{\"postings\":");
    push_postings(&mut text, postings);
    if let Some(expires_at) = hold.expires_at {
        let _ = write!(text, ",\"expires_at\":{}", expires_at.micros());
    }
    if !hold.metadata.is_empty() {
        text.push_str(",\"metadata\":");
        text.push_str(&encode_metadata(&hold.metadata));
    }
    text.push_str(",\"balances\":");
    push_balances(&mut text, balances);
    text.push('}');
    text
}

pub(super) fn decode(text: &str, reference: Option<Reference>) -> Result<DecodedBody, DecodeError> {
    let HoldText { postings, expires_at, metadata, balances } = serde_json::from_str(text)?;
    let expires_at = expires_at
        .map(|micros| Timestamp::from_micros(micros).ok_or_else(|| bad("expires_at", micros.to_string())))
        .transpose()?;
    let hold = Hold {
        postings: Postings::new(rows::postings(postings)?).map_err(|_| bad("postings", String::new()))?,
        reference,
        metadata: Metadata::new(metadata).map_err(|_| bad("metadata", String::new()))?,
        expires_at,
    };
    Ok(DecodedBody { body: EntryBody::Hold(hold), balances: rows::balances(balances)? })
}

pub(super) fn encode_release(release: &Release, balances: &[(BalanceKey, Balance)]) -> String {
    let cause = match release.cause {
        ReleaseCause::Voided => "voided",
        ReleaseCause::Expired => "expired",
    };
    let mut text = format!("{{\"hold\":{},\"cause\":\"{cause}\",\"postings\":", release.hold.0);
    push_postings(&mut text, &release.postings);
    text.push_str(",\"balances\":");
    push_balances(&mut text, balances);
    text.push('}');
    text
}

pub(super) fn decode_release(text: &str) -> Result<DecodedBody, DecodeError> {
    let ReleaseText { hold, cause, postings, balances } = serde_json::from_str(text)?;
    let cause = match cause {
        CauseText::Voided => ReleaseCause::Voided,
        CauseText::Expired => ReleaseCause::Expired,
    };
    let release = Release { hold: EntryNumber(hold), cause, postings: rows::postings(postings)? };
    Ok(DecodedBody { body: EntryBody::Release(release), balances: rows::balances(balances)? })
}

/// Writes how far a hold has come as text.
#[must_use]
pub const fn encode_state(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "open",
        HoldState::Captured => "captured",
        HoldState::Voided => "voided",
        HoldState::Expired => "expired",
    }
}

/// Reads how far a hold has come.
///
/// # Errors
/// When the text is not one that [`encode_state`] wrote.
pub fn decode_state(text: &str) -> Result<HoldState, DecodeError> {
    let states = [HoldState::Open, HoldState::Captured, HoldState::Voided, HoldState::Expired];
    let found = states.into_iter().find(|state| encode_state(*state) == text);
    found.ok_or_else(|| bad("state", text.to_owned()))
}

/// Writes amounts as text: decimal, with a space between them.
#[must_use]
pub fn encode_amounts(amounts: &[Amount]) -> String {
    amounts.iter().map(Amount::to_string).collect::<Vec<_>>().join(" ")
}

/// Reads amounts back.
///
/// # Errors
/// When the text is not one that [`encode_amounts`] wrote.
pub fn decode_amounts(text: &str) -> Result<Vec<Amount>, DecodeError> {
    text.split_terminator(' ').map(|part| amount(part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_amounts_come_back() {
        for state in [HoldState::Open, HoldState::Captured, HoldState::Voided, HoldState::Expired] {
            assert_eq!(decode_state(encode_state(state)).unwrap(), state);
        }
        assert!(decode_state("Open").is_err());
        for amounts in [vec![], vec![Amount::ZERO], vec![Amount::from(7), Amount::MAX, Amount::ZERO]] {
            assert_eq!(decode_amounts(&encode_amounts(&amounts)).unwrap(), amounts);
        }
        for text in [" ", "1  2", "-1", "1,2", "170141183460469231731687303715884105728"] {
            assert!(decode_amounts(text).is_err(), "{text:?}");
        }
    }
}
