//! Why a request about transactions fails, and what the caller is told.

use engine::SubmitError;
use engine::port::ReadError;
use ledger::{Bound, Figure, Rejection};
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::{Member, Problem, ProblemType};
use crate::http::values::{AmountText, SignedText};

const POSTING: Member =
    Member { name: "posting", json_type: "integer", meaning: "The place of the posting that fails, from 0." };
const ACCOUNT: Member =
    Member { name: "account", json_type: "string", meaning: "The account that it fails on." };
const ASSET: Member = Member { name: "asset", json_type: "string", meaning: "The asset of the posting." };

/// There is no transaction of the id in the path.
pub static TRANSACTION_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "transaction.not_found",
    title: "No such transaction",
    meaning: "The ledger has no transaction of the id in the path.",
    remedy: "Correct the id. A transaction that was just created is there at once.",
    members: &[],
};

/// The source of a posting lacks the money.
pub static INSUFFICIENT_FUNDS: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "transaction.insufficient_funds",
    title: "Insufficient funds",
    meaning: "The available balance of a posting's source would fall under its floor. Nothing was done.",
    remedy: "Move less, or bring the shortfall into the account first. The same Idempotency-Key may be used again.",
    members: &[
        POSTING,
        ACCOUNT,
        ASSET,
        Member {
            name: "available",
            json_type: "string",
            meaning: "What the account had available when the posting's turn came, in minor units.",
        },
        Member { name: "amount", json_type: "string", meaning: "What the posting would have moved." },
        Member { name: "shortfall", json_type: "string", meaning: "How much is missing." },
    ],
};

/// The reference is another transaction's.
pub static REFERENCE_TAKEN: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "transaction.reference_taken",
    title: "The reference is taken",
    meaning: "An earlier transaction of the ledger has this reference. Nothing was done.",
    remedy: "Look at the transaction that has it: if it is the one that was meant, all is done. Otherwise choose \
             another reference.",
    members: &[
        Member { name: "reference", json_type: "string", meaning: "The reference." },
        Member {
            name: "transaction",
            json_type: "integer",
            meaning: "The id of the transaction that has it.",
        },
    ],
};

/// A counter would reach its bound.
pub static AMOUNT_OVERFLOW: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "amount.overflow",
    title: "A counter would overflow",
    meaning: "All that ever went into or out of an account would reach 2^127 minor units. Nothing was done.",
    remedy: "Move less, or use another account.",
    members: &[POSTING, ACCOUNT, ASSET],
};

/// A balance would not be as expected.
pub static EXPECTATION_FAILED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "transaction.expectation_failed",
    title: "An expectation does not hold",
    meaning: "All postings could be carried out, but a balance would then not be as `expect` says. Nothing was done.",
    remedy: "Look at the balance, and decide anew what to move. The same Idempotency-Key may be used again.",
    members: &[
        Member {
            name: "expectation",
            json_type: "integer",
            meaning: "The place of the expectation that fails, from 0.",
        },
        ACCOUNT,
        Member { name: "asset", json_type: "string", meaning: "The asset of the expectation." },
        Member {
            name: "figure",
            json_type: "string",
            meaning: "The figure that is not as expected: `posted` or `available`.",
        },
        Member {
            name: "bound",
            json_type: "string",
            meaning: "The bound that does not hold: `at_least`, `at_most` or `equals`.",
        },
        Member { name: "expected", json_type: "string", meaning: "What the bound is, in minor units." },
        Member {
            name: "actual",
            json_type: "string",
            meaning: "What the figure would be after the transaction, in minor units.",
        },
    ],
};

/// Why a request about transactions fails.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotFound,
    /// The command changed nothing, or may not have.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<&TransactionError> for Problem {
    fn from(error: &TransactionError) -> Self {
        match error {
            TransactionError::NotFound => Self::of(&TRANSACTION_NOT_FOUND),
            TransactionError::Submit(error) => not_submitted(error),
            TransactionError::Read(error) => failures::read_failed(error),
        }
    }
}

fn not_submitted(error: &SubmitError) -> Problem {
    match error {
        SubmitError::LedgerNotFound => failures::ledger_not_found(),
        SubmitError::KeyReused => failures::key_reused(),
        SubmitError::KeyInProgress => failures::key_in_progress(),
        SubmitError::Rejected(rejection) => rejected(rejection),
        SubmitError::Overloaded => failures::overloaded(),
        SubmitError::ShuttingDown => failures::shutting_down(),
        SubmitError::Unavailable(_) => failures::unavailable(),
        SubmitError::OutcomeUnknown(_) => failures::outcome_unknown(),
    }
}

fn rejected(rejection: &Rejection) -> Problem {
    match rejection {
        Rejection::ReferenceTaken { reference, entry } => Problem::of(&REFERENCE_TAKEN)
            .detail(format!("Transaction {} has this reference.", entry.0))
            .with("reference", reference.as_str())
            .with("transaction", entry.0),
        Rejection::InsufficientFunds { posting, account, asset, available, amount, shortfall } => {
            Problem::of(&INSUFFICIENT_FUNDS)
                .detail(format!(
                    "Posting {posting} takes {amount} of {asset} from {account}, which has {available} available: \
                     {shortfall} is missing."
                ))
                .with("posting", posting)
                .with("account", account.as_str())
                .with("asset", asset.as_str())
                .with("available", SignedText::from(*available))
                .with("amount", AmountText(*amount))
                .with("shortfall", AmountText(*shortfall))
        }
        Rejection::AmountOverflow { posting, account, asset } => Problem::of(&AMOUNT_OVERFLOW)
            .detail(format!("Posting {posting} would take a counter of {account} in {asset} to 2^127 or beyond."))
            .with("posting", posting)
            .with("account", account.as_str())
            .with("asset", asset.as_str()),
        Rejection::ExpectationFailed { expectation, account, asset, unmet } => {
            let figure = match unmet.figure {
                Figure::Posted => "posted",
                Figure::Available => "available",
            };
            let (bound, wanted, expected) = match unmet.bound {
                Bound::AtLeast(units) => ("at_least", "at least ", units),
                Bound::AtMost(units) => ("at_most", "at most ", units),
                Bound::Equals(units) => ("equals", "", units),
            };
            let actual = unmet.actual;
            Problem::of(&EXPECTATION_FAILED)
                .detail(format!(
                    "Expectation {expectation} wants {figure} of {account} in {asset} to be {wanted}{expected}: it \
                     would be {actual}."
                ))
                .with("expectation", expectation)
                .with("account", account.as_str())
                .with("asset", asset.as_str())
                .with("figure", figure)
                .with("bound", bound)
                .with("expected", SignedText::from(expected))
                .with("actual", SignedText::from(actual))
        }
    }
}

/// Replies to a request about transactions that failed.
#[error_handler]
#[must_use]
pub fn refuse_transaction(
    #[px(error_ref)] error: &TransactionError,
    request_id: ServerRequestId,
) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::SharedSource;
    use ledger::{Address, Amount, Asset, EntryNumber, Reference, Unmet};

    use super::*;

    fn problem(error: impl Into<TransactionError>) -> Problem {
        Problem::from(&error.into())
    }

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || SharedSource(Arc::new(std::io::Error::other("disk /dev/sda1 is full")));
        for (error, status, code) in [
            (SubmitError::LedgerNotFound, 404, "ledger.not_found"),
            (SubmitError::KeyReused, 422, "idempotency.key_reused"),
            (SubmitError::KeyInProgress, 409, "idempotency.in_progress"),
            (SubmitError::Overloaded, 503, "service.overloaded"),
            (SubmitError::ShuttingDown, 503, "service.shutting_down"),
            (SubmitError::Unavailable(source()), 503, "service.unavailable"),
            (SubmitError::OutcomeUnknown(source()), 503, "service.outcome_unknown"),
        ] {
            let problem = problem(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
        assert_eq!(problem(TransactionError::NotFound).code(), "transaction.not_found");
        assert_eq!(problem(ReadError::LedgerNotFound).code(), "ledger.not_found");
    }

    #[test]
    fn what_the_store_said_goes_to_the_log() {
        let source = SharedSource(Arc::new(std::io::Error::other("the disk is full")));
        let error = TransactionError::from(SubmitError::Unavailable(source));
        let mut causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
        assert!(causes.any(|cause| cause.to_string() == "the disk is full"));
    }

    #[test]
    fn rejections_say_what_the_caller_needs_to_act() {
        let account = Address::parse("users:42").unwrap();
        let asset = Asset::parse("USD/2").unwrap();
        let funds = problem(SubmitError::Rejected(Rejection::InsufficientFunds {
            posting: 1,
            account: account.clone(),
            asset: asset.clone(),
            available: -5,
            amount: Amount::MAX,
            shortfall: Amount::from(7),
        }));
        assert_eq!((funds.status().as_u16(), funds.code()), (422, "transaction.insufficient_funds"));
        let shown = format!("{funds:?}");
        for member in [
            r#""posting": Number(1)"#,
            r#""account": String("users:42")"#,
            r#""asset": String("USD/2")"#,
            r#""available": String("-5")"#,
            r#""amount": String("170141183460469231731687303715884105727")"#,
            r#""shortfall": String("7")"#,
        ] {
            assert!(shown.contains(member), "{member} is not in {shown}");
        }

        let reference = Reference::parse("order-1001").unwrap();
        let taken =
            problem(SubmitError::Rejected(Rejection::ReferenceTaken { reference, entry: EntryNumber(3) }));
        assert_eq!((taken.status().as_u16(), taken.code()), (409, "transaction.reference_taken"));
        assert!(format!("{taken:?}").contains(r#""transaction": Number(3)"#));

        let unmet = Unmet { figure: Figure::Available, bound: Bound::AtMost(-7), actual: 5 };
        let failed = problem(SubmitError::Rejected(Rejection::ExpectationFailed {
            expectation: 2,
            account: account.clone(),
            asset: asset.clone(),
            unmet,
        }));
        assert_eq!((failed.status().as_u16(), failed.code()), (422, "transaction.expectation_failed"));
        let shown = format!("{failed:?}");
        for member in [
            r#""expectation": Number(2)"#,
            r#""figure": String("available")"#,
            r#""bound": String("at_most")"#,
            r#""expected": String("-7")"#,
            r#""actual": String("5")"#,
        ] {
            assert!(shown.contains(member), "{member} is not in {shown}");
        }

        let overflow =
            problem(SubmitError::Rejected(Rejection::AmountOverflow { posting: 0, account, asset }));
        assert_eq!((overflow.status().as_u16(), overflow.code()), (422, "amount.overflow"));
    }
}
