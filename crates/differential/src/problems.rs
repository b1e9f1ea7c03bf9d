//! Writes why the model rejects a command as the service has to say it: by the description of the API.

use ledger::{AccountPart, Address, Asset, Bound, Direction, Figure, Rejection, Unmet};
use serde_json::{Map, Value, json};

use crate::shown::state_text;
use crate::times;

/// A problem: its status, its code, and what it has beyond what all problems have.
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    members: Value,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str) -> Self {
        Self { status, code, members: json!({}) }
    }

    /// Returns one that says which state something is in.
    pub(crate) fn of_state(status: u16, code: &'static str, state: &str) -> Self {
        Self { members: json!({ "state": state }), ..Self::new(status, code) }
    }

    /// Returns all of it that can be compared: what is written for people, and the request's id, are left out.
    pub(crate) fn body(self) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), format!("/docs/errors#{}", self.code).into());
        body.insert("status".into(), self.status.into());
        body.insert("code".into(), self.code.into());
        let Value::Object(members) = self.members else { unreachable!("members are written as an object") };
        body.extend(members);
        Value::Object(body)
    }
}

/// Takes away of a problem what cannot be compared.
pub(crate) fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if let Value::Object(members) = &mut body {
        for of_people in ["title", "detail", "request_id"] {
            members.shift_remove(of_people);
        }
    }
    body
}

/// What a rejection is answered with.
pub(crate) fn rejected(rejection: &Rejection) -> Problem {
    let (status, code, members) = match rejection {
        Rejection::ReferenceTaken { reference, entry } => (
            409,
            "transaction.reference_taken",
            json!({ "reference": reference.as_str(), "transaction": entry.0 }),
        ),
        Rejection::HoldNotFound { .. } => (404, "hold.not_found", json!({})),
        Rejection::TransactionNotFound { .. } => (404, "transaction.not_found", json!({})),
        Rejection::HoldExpiryPassed { expires_at } => {
            (422, "hold.expiry_passed", json!({ "expires_at": times::text(*expires_at) }))
        }
        Rejection::HoldNotOpen { hold, state } => {
            (422, "hold.not_open", json!({ "hold": hold.0, "state": state_text(*state) }))
        }
        Rejection::HoldNotDue { hold } => panic!("hold {} is asked to expire, which no request does", hold.0),
        Rejection::HoldExceedsRemaining { hold, posting, remaining, amount } => (
            422,
            "hold.exceeds_remaining",
            json!({
                "hold": hold.0,
                "posting": posting,
                "remaining": remaining.get().to_string(),
                "amount": amount.get().to_string(),
            }),
        ),
        Rejection::ReversalExceedsOriginal { transaction, posting, remaining, amount } => (
            422,
            "reversal.exceeds_original",
            json!({
                "transaction": transaction.0,
                "posting": posting,
                "remaining": remaining.get().to_string(),
                "amount": amount.get().to_string(),
            }),
        ),
        Rejection::AccountClosed { posting, account } => {
            (422, "account.closed", json!({ "posting": posting, "account": account.as_str() }))
        }
        Rejection::AccountFrozen { posting, account, side } => {
            let side = match side {
                Direction::Debit => "debit",
                Direction::Credit => "credit",
            };
            let members = json!({ "posting": posting, "account": account.as_str(), "side": side });
            (422, "account.frozen", members)
        }
        Rejection::AccountUnbounded { posting, account, asset } => (
            422,
            "account.unbounded",
            json!({ "posting": posting, "account": account.as_str(), "asset": asset.as_str() }),
        ),
        Rejection::AccountTooLarge { account, part } => {
            let part = match part {
                AccountPart::Metadata => "metadata",
                AccountPart::Floors => "floor",
            };
            (422, "account.too_large", json!({ "account": account.as_str(), "part": part, "max": 64 }))
        }
        Rejection::TransactionTooLarge { transaction } => {
            (422, "transaction.too_large", json!({ "transaction": transaction.0, "max": 64 }))
        }
        Rejection::InsufficientFunds { posting, account, asset, available, amount, shortfall } => (
            422,
            "transaction.insufficient_funds",
            json!({
                "posting": posting,
                "account": account.as_str(),
                "asset": asset.as_str(),
                "available": available.to_string(),
                "amount": amount.get().to_string(),
                "shortfall": shortfall.get().to_string(),
            }),
        ),
        Rejection::AmountOverflow { posting, account, asset } => (
            422,
            "amount.overflow",
            json!({ "posting": posting, "account": account.as_str(), "asset": asset.as_str() }),
        ),
        Rejection::ExpectationFailed { expectation, account, asset, unmet } => {
            let members = not_as_expected(*expectation, account, asset.as_ref(), *unmet);
            (422, "transaction.expectation_failed", members)
        }
    };
    Problem { status, code, members }
}

fn not_as_expected(expectation: usize, account: &Address, asset: Option<&Asset>, unmet: Unmet) -> Value {
    let figure = match unmet.figure {
        Figure::Posted => "posted",
        Figure::Available => "available",
        Figure::Version => "version",
    };
    let (bound, expected) = match unmet.bound {
        Bound::AtLeast(units) => ("at_least", units),
        Bound::AtMost(units) => ("at_most", units),
        Bound::Equals(units) => ("equals", units),
    };
    let mut members = json!({
        "expectation": expectation,
        "account": account.as_str(),
        "figure": figure,
        "bound": bound,
        "expected": expected.to_string(),
        "actual": unmet.actual.to_string(),
    });
    if let Some(asset) = asset {
        members["asset"] = asset.as_str().into();
    }
    members
}
