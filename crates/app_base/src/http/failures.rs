//! What may befall any request once it is read: the ledger is not there, the key was used, the store
//! does not answer. Features turn the rest of their errors into problems themselves.
//!
//! What the store says about its troubles never gets into a problem: it is for the log.

use engine::SubmitError;
use engine::port::ReadError;
use engine::users::DigestError;
use pavex::http::StatusCode;

use super::problem::{Problem, ProblemType};
use super::problem_types::{INTERNAL_ERROR, SERVICE_OVERLOADED};
use super::rejections::rejected;

/// After how many seconds a request that met trouble may be sent again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// There is no ledger of the name in the path.
pub static LEDGER_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "ledger.not_found",
    title: "No such ledger",
    meaning: "There is no ledger of the name in the path.",
    remedy: "Create it with POST /v1/ledgers, or correct the name.",
    members: &[],
};

/// The key was used for another request.
pub static IDEMPOTENCY_KEY_REUSED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "idempotency.key_reused",
    title: "The idempotency key was used for another request",
    meaning: "A request that differs from this one took effect under the same Idempotency-Key. This one did nothing.",
    remedy: "Use a new key for every new request, and the same key only to send the very same request again.",
    members: &[],
};

/// A request with this key has not been answered yet.
pub static IDEMPOTENCY_IN_PROGRESS: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "idempotency.in_progress",
    title: "A request with this idempotency key is still running",
    meaning: "A request with the same Idempotency-Key came before and has not been answered yet.",
    remedy: "Send the request again after the seconds in Retry-After: the reply is then the first one's.",
    members: &[],
};

/// The store does not answer as it should; nothing was written.
pub static SERVICE_UNAVAILABLE: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "service.unavailable",
    title: "The service is unavailable",
    meaning: "The database did not answer as it should. Nothing was done.",
    remedy: "Send the request again after the seconds in Retry-After, with growing pauses.",
    members: &[],
};

/// It was written or it was not.
pub static OUTCOME_UNKNOWN: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "service.outcome_unknown",
    title: "The outcome is not known",
    meaning: "The database was told to commit and did not answer: the request took effect, or it did not.",
    remedy: "Send the request again with the same Idempotency-Key: it happens once, and the reply says what came \
             of it. Where a request takes no such key, look whether it took effect.",
    members: &[],
};

/// To go back as far takes too much.
pub static AS_OF_TOO_MUCH: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "as_of.too_much",
    title: "The answer takes too much to look at",
    meaning: "To say how it was at that moment, more balances or entries would have to be looked at than one request \
              may. How it is now can be told at any time.",
    remedy: "Ask for less at once: a longer prefix, a greater depth, one account. By the effective clock, a later moment \
             needs less, and the statement of an account has its balance of any moment, however long that takes.",
    members: &[],
};

/// The service stops and takes nothing new.
pub static SERVICE_SHUTTING_DOWN: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "service.shutting_down",
    title: "The service is shutting down",
    meaning: "The service finishes what it has and takes nothing new. Nothing was done.",
    remedy: "Send the request again after the seconds in Retry-After, to another replica or once it is back.",
    members: &[],
};

/// Another command of the same batch was not carried out.
pub static BATCH_NOT_APPLIED: ProblemType = ProblemType {
    status: StatusCode::FAILED_DEPENDENCY,
    code: "batch.not_applied",
    title: "Another command of the batch failed",
    meaning: "The batch is atomic, and another of its commands was rejected or could not be taken. Nothing of the batch \
              was done.",
    remedy: "Look at the result that has another code: with that mended, send the whole batch again. The same keys may \
             be used again.",
    members: &[],
};

/// There is no such ledger.
#[must_use]
pub fn ledger_not_found() -> Problem {
    Problem::of(&LEDGER_NOT_FOUND)
}

/// The key was used for another request.
#[must_use]
pub fn key_reused() -> Problem {
    Problem::of(&IDEMPOTENCY_KEY_REUSED)
}

/// A request with this key is still running.
#[must_use]
pub fn key_in_progress() -> Problem {
    Problem::of(&IDEMPOTENCY_IN_PROGRESS).retry_after(RETRY_AFTER_SECONDS)
}

/// Too much is waiting already.
#[must_use]
pub fn overloaded() -> Problem {
    Problem::of(&SERVICE_OVERLOADED).retry_after(RETRY_AFTER_SECONDS)
}

/// Nothing was written: the store did not answer.
#[must_use]
pub fn unavailable() -> Problem {
    Problem::of(&SERVICE_UNAVAILABLE).retry_after(RETRY_AFTER_SECONDS)
}

/// It was written or it was not.
#[must_use]
pub fn outcome_unknown() -> Problem {
    Problem::of(&OUTCOME_UNKNOWN)
        .detail("Ask again with the same Idempotency-Key to learn whether it took effect.")
        .retry_after(RETRY_AFTER_SECONDS)
}

/// It was written or it was not, or a part of it: no key tells.
#[must_use]
pub fn unconfirmed() -> Problem {
    Problem::of(&OUTCOME_UNKNOWN)
        .detail("Look whether it took effect before you ask again.")
        .retry_after(RETRY_AFTER_SECONDS)
}

/// The service takes nothing new.
#[must_use]
pub fn shutting_down() -> Problem {
    Problem::of(&SERVICE_SHUTTING_DOWN).retry_after(RETRY_AFTER_SECONDS)
}

/// A command changed nothing, or may not have.
#[must_use]
pub fn not_submitted(error: &SubmitError) -> Problem {
    match error {
        SubmitError::LedgerNotFound => ledger_not_found(),
        SubmitError::KeyReused => key_reused(),
        SubmitError::KeyInProgress => key_in_progress(),
        SubmitError::Rejected(rejection) => rejected(rejection),
        SubmitError::NotApplied => Problem::of(&BATCH_NOT_APPLIED),
        SubmitError::Overloaded => overloaded(),
        SubmitError::ShuttingDown => shutting_down(),
        SubmitError::Unavailable(_) => unavailable(),
        SubmitError::OutcomeUnknown(_) => outcome_unknown(),
    }
}

/// A read failed.
#[must_use]
pub fn read_failed(error: &ReadError) -> Problem {
    match error {
        ReadError::LedgerNotFound => ledger_not_found(),
        ReadError::Unavailable(_) => unavailable(),
        ReadError::Corrupt(_) => Problem::of(&INTERNAL_ERROR),
        ReadError::TooMuchToLookAt => Problem::of(&AS_OF_TOO_MUCH),
    }
}

/// A password was not digested.
#[must_use]
pub fn not_digested(error: &DigestError) -> Problem {
    match error {
        DigestError::Overloaded => overloaded(),
        DigestError::Failed(_) => Problem::of(&INTERNAL_ERROR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_says_stays_inside() {
        let secret = || Box::<dyn std::error::Error + Send + Sync>::from("disk /dev/sda1 is full");
        for (error, status, code) in [
            (ReadError::LedgerNotFound, 404, "ledger.not_found"),
            (ReadError::Unavailable(secret()), 503, "service.unavailable"),
            (ReadError::Corrupt(secret()), 500, "internal.error"),
            (ReadError::TooMuchToLookAt, 422, "as_of.too_much"),
        ] {
            let problem = read_failed(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"));
        }
    }
}
