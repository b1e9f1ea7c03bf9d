//! Why a row is refused.

use std::borrow::Cow;
use std::fmt;

use engine::SubmitError;

use crate::http::rejections::rejected;

/// Why a row is refused, and where in it the reason lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The column, or the columns; none where it is about the row as a whole.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Cow<'static, str>,
}

impl Refusal {
    /// Refuses a row as a whole.
    #[must_use]
    pub fn of_row(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { column: None, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{column}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// Says why a ledger refused a transaction; `None` where it is not about the transaction at all.
#[must_use]
pub fn refused_by_ledger(error: &SubmitError) -> Option<Refusal> {
    match error {
        SubmitError::Rejected(rejection) => {
            let problem = rejected(rejection);
            let detail = problem.detail_text().unwrap_or_default();
            Some(Refusal::of_row(format!("{}: {detail}", problem.code())))
        }
        SubmitError::KeyReused => Some(Refusal::of_row(
            "idempotency.key_reused: What makes this transaction known was imported before, and was not the same then.",
        )),
        SubmitError::LedgerNotFound
        | SubmitError::KeyInProgress
        | SubmitError::NotApplied
        | SubmitError::Overloaded
        | SubmitError::ShuttingDown
        | SubmitError::Unavailable(_)
        | SubmitError::OutcomeUnknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Rejection};

    use super::*;

    #[test]
    fn what_a_ledger_says_has_its_code_and_its_detail() {
        let account = Address::parse("a").unwrap();
        let closed = SubmitError::Rejected(Rejection::AccountClosed { posting: 0, account });
        let refusal = refused_by_ledger(&closed).unwrap();
        assert_eq!(refusal.to_string(), "account.closed: Posting 0 touches a, which is closed.");
        assert!(refused_by_ledger(&SubmitError::KeyReused).is_some());
        assert_eq!(refused_by_ledger(&SubmitError::Overloaded), None);
    }
}
