//! Why the job was not done, and what the caller is told: RFC 9457, as Florin tells it but for the request's id.

use std::borrow::Cow;

use serde::Serialize;

use crate::amount::Units;
use crate::names::{Address, Asset};
use crate::policy::Side;

/// The type of what [`Problem`] is sent as.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why the job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A part of the path is malformed.
    #[error("{0} is malformed")]
    Invalid(&'static str),
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// There is no such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// The transaction may not be carried out.
    #[error("a posting is rejected")]
    Rejected(Box<Rejection>),
    /// The database holds what it never should.
    #[error("{0} in the database makes no sense")]
    Corrupt(&'static str),
    /// The database cannot do its part.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The peer is about to end.
    #[error("the task was stopped")]
    Stopped,
}

/// Why a posting may not be carried out.
#[derive(Debug)]
pub struct Rejection {
    pub(crate) posting: usize,
    pub(crate) account: Address,
    pub(crate) cause: Cause,
}

#[derive(Debug)]
pub(crate) enum Cause {
    Closed,
    Frozen(Side),
    Funds { asset: Asset, available: i128, amount: i128, shortfall: i128 },
    Overflow { asset: Asset },
}

/// What the caller is told.
#[derive(Debug, Serialize)]
pub struct Problem {
    r#type: Cow<'static, str>,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posting: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Units>,
}

impl Problem {
    fn of(status: u16, code: &'static str, title: &'static str) -> Self {
        Self {
            r#type: format!("/docs/errors#{code}").into(),
            title,
            status,
            code,
            detail: None,
            posting: None,
            account: None,
            asset: None,
            side: None,
            available: None,
            amount: None,
            shortfall: None,
        }
    }

    /// Returns the status to send it with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns it as JSON.
    ///
    /// # Panics
    /// Never: every problem can be written.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a problem can be written")
    }
}

impl From<&JobError> for Problem {
    fn from(error: &JobError) -> Self {
        match error {
            JobError::Invalid(part) => Self {
                detail: Some(format!("{part} is malformed.")),
                ..Self::of(400, "request.invalid", "The request is malformed")
            },
            JobError::LedgerNotFound => Self::of(404, "ledger.not_found", "No such ledger"),
            JobError::AccountNotFound => Self::of(404, "account.not_found", "No such account"),
            JobError::Rejected(rejection) => rejected(rejection),
            JobError::Corrupt(_) | JobError::Database(_) | JobError::Stopped => {
                eprintln!("error: {error}");
                Self::of(503, "service.unavailable", "The service cannot reach its database")
            }
        }
    }
}

fn rejected(Rejection { posting, account, cause }: &Rejection) -> Problem {
    let account = account.as_str();
    let of = |code, title, detail| Problem {
        detail: Some(detail),
        posting: Some(*posting),
        account: Some(account.to_owned()),
        ..Problem::of(422, code, title)
    };
    match cause {
        Cause::Closed => of(
            "account.closed",
            "The account is closed",
            format!("Posting {posting} touches {account}, which is closed."),
        ),
        Cause::Frozen(side) => {
            let (side, name) = match side {
                Side::Debit => ("debit", "debits"),
                Side::Credit => ("credit", "credits"),
            };
            let detail = format!("Posting {posting} touches {account}, which is frozen for {name}.");
            Problem { side: Some(side), ..of("account.frozen", "The account is frozen", detail) }
        }
        Cause::Funds { asset, available, amount, shortfall } => {
            let asset = asset.as_str();
            let detail = format!(
                "Posting {posting} takes {amount} of {asset} from {account}, which has {available} available: \
                 {shortfall} is missing."
            );
            Problem {
                asset: Some(asset.to_owned()),
                available: Some(Units(*available)),
                amount: Some(Units(*amount)),
                shortfall: Some(Units(*shortfall)),
                ..of("transaction.insufficient_funds", "Insufficient funds", detail)
            }
        }
        Cause::Overflow { asset } => {
            let asset = asset.as_str();
            let detail =
                format!("Posting {posting} would take a counter of {account} in {asset} to 2^127 or beyond.");
            Problem {
                asset: Some(asset.to_owned()),
                ..of("amount.overflow", "A counter would overflow", detail)
            }
        }
    }
}
