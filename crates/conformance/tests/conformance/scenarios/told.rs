//! What clients are told of what came of a command: a status of HTTP, and where it is refused a code with some facts.
//! The service says the same, from tables of its own; a test beside this holds the codes to those.

use engine::SubmitError;
use ledger::{Direction, HoldState, Rejection};

use super::amounts;

/// Every code that a command can be refused with here, with its status.
pub(crate) const CODES: [(&str, u16); 19] = [
    ("ledger.not_found", 404),
    ("hold.not_found", 404),
    ("transaction.not_found", 404),
    ("idempotency.key_reused", 422),
    ("idempotency.in_progress", 409),
    ("transaction.reference_taken", 409),
    ("hold.expiry_passed", 422),
    ("hold.not_open", 422),
    ("account.closed", 422),
    ("account.frozen", 422),
    ("hold.exceeds_remaining", 422),
    ("reversal.exceeds_original", 422),
    ("account.unbounded", 422),
    ("transaction.insufficient_funds", 422),
    ("amount.overflow", 422),
    ("transaction.expectation_failed", 422),
    ("account.too_large", 422),
    ("transaction.too_large", 422),
    ("batch.not_applied", 424),
];

/// What can be said of a refusal, beside its code.
pub(crate) const FACTS: [&str; 5] = ["posting", "account", "side", "state", "shortfall"];

/// Returns the code of a refusal; `None` where it is no answer to what was asked, but trouble.
pub(crate) fn code(error: &SubmitError) -> Option<&'static str> {
    match error {
        SubmitError::LedgerNotFound => Some("ledger.not_found"),
        SubmitError::KeyReused => Some("idempotency.key_reused"),
        SubmitError::KeyInProgress => Some("idempotency.in_progress"),
        SubmitError::NotApplied => Some("batch.not_applied"),
        SubmitError::Rejected(rejection) => Some(code_of(rejection)),
        SubmitError::Overloaded
        | SubmitError::ShuttingDown
        | SubmitError::Unavailable(_)
        | SubmitError::OutcomeUnknown(_) => None,
    }
}

fn code_of(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::HoldNotFound { .. } => "hold.not_found",
        Rejection::TransactionNotFound { .. } => "transaction.not_found",
        Rejection::ReferenceTaken { .. } => "transaction.reference_taken",
        Rejection::HoldExpiryPassed { .. } => "hold.expiry_passed",
        Rejection::HoldNotOpen { .. } | Rejection::HoldNotDue { .. } => "hold.not_open",
        Rejection::AccountClosed { .. } => "account.closed",
        Rejection::AccountFrozen { .. } => "account.frozen",
        Rejection::HoldExceedsRemaining { .. } => "hold.exceeds_remaining",
        Rejection::ReversalExceedsOriginal { .. } => "reversal.exceeds_original",
        Rejection::AccountUnbounded { .. } => "account.unbounded",
        Rejection::InsufficientFunds { .. } => "transaction.insufficient_funds",
        Rejection::AmountOverflow { .. } => "amount.overflow",
        Rejection::ExpectationFailed { .. } => "transaction.expectation_failed",
        Rejection::AccountTooLarge { .. } => "account.too_large",
        Rejection::TransactionTooLarge { .. } => "transaction.too_large",
    }
}

/// Returns the facts of a refusal, by name.
pub(crate) fn facts(error: &SubmitError) -> Vec<(&'static str, String)> {
    let SubmitError::Rejected(rejection) = error else { return Vec::new() };
    match rejection {
        Rejection::HoldNotOpen { state, .. } => vec![("state", state_text(*state).to_owned())],
        Rejection::HoldNotDue { .. } => vec![("state", state_text(HoldState::Open).to_owned())],
        Rejection::AccountFrozen { posting, account, side } => {
            let side = match side {
                Direction::Debit => "debit",
                Direction::Credit => "credit",
            };
            vec![
                ("posting", posting.to_string()),
                ("account", account.to_string()),
                ("side", side.to_owned()),
            ]
        }
        Rejection::InsufficientFunds { posting, account, asset, shortfall, .. } => vec![
            ("posting", posting.to_string()),
            ("account", account.to_string()),
            ("shortfall", amounts::text(shortfall.signed(), asset)),
        ],
        Rejection::AccountClosed { posting, account }
        | Rejection::AccountUnbounded { posting, account, .. }
        | Rejection::AmountOverflow { posting, account, .. } => {
            vec![("posting", posting.to_string()), ("account", account.to_string())]
        }
        Rejection::HoldExceedsRemaining { posting, .. }
        | Rejection::ReversalExceedsOriginal { posting, .. } => {
            vec![("posting", posting.to_string())]
        }
        Rejection::ExpectationFailed { account, .. } | Rejection::AccountTooLarge { account, .. } => {
            vec![("account", account.to_string())]
        }
        Rejection::HoldNotFound { .. }
        | Rejection::TransactionNotFound { .. }
        | Rejection::ReferenceTaken { .. }
        | Rejection::HoldExpiryPassed { .. }
        | Rejection::TransactionTooLarge { .. } => Vec::new(),
    }
}

/// Writes how a hold stands.
pub(crate) fn state_text(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "open",
        HoldState::Captured => "captured",
        HoldState::Voided => "voided",
        HoldState::Expired => "expired",
    }
}
