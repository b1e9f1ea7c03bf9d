//! Why a request about points fails, and what the caller is told.

use app_base::http::failures;
use app_base::http::problem::{Problem, ProblemType};
use engine::SubmitError;
use engine::companion::AccompaniedError;
use engine::port::ReadError;
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

/// There is no such member.
pub static MEMBER_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "member.not_found",
    title: "No such member",
    meaning: "Nobody of this id is a member. Nothing was done.",
    remedy: "Enrol them with POST /v1/ledgers/{ledger}/members/{member}, or correct the id.",
    members: &[],
};

/// There is a member of this id.
pub static MEMBER_EXISTS: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "member.exists",
    title: "The member exists",
    meaning: "There is a member of this id already. Nothing was done.",
    remedy: "Use it, or choose another id.",
    members: &[],
};

/// Points were awarded for this receipt.
pub static RECEIPT_USED: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "receipt.used",
    title: "The receipt was used",
    meaning: "Points were awarded for this receipt before, perhaps to somebody else. Nothing was done.",
    remedy: "To repeat a request of which the reply got lost, send the same Idempotency-Key.",
    members: &[],
};

/// Too little was spent for a point.
pub static PURCHASE_TOO_SMALL: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "purchase.too_small",
    title: "The purchase is too small",
    meaning: "Less was spent than a point takes. Nothing was done.",
    remedy: "Award nothing for it.",
    members: &[],
};

/// Points are paused.
pub static POINTS_PAUSED: ProblemType = ProblemType {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "points.paused",
    title: "Points are paused",
    meaning: "For the time being nobody is enrolled, and nothing is awarded or redeemed. Nothing was done.",
    remedy: "Send the request again later.",
    members: &[],
};

/// How a companion of this feature says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such member.
    #[error("there is no such member")]
    UnknownMember,
    /// There is such a member.
    #[error("there is such a member")]
    KnownMember,
    /// Points were awarded for the receipt.
    #[error("points were awarded for this receipt")]
    ReceiptUsed,
}

/// Why a request about points fails.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// The feature says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too little was spent for a point.
    #[error("too little was spent for a point")]
    TooSmall,
    /// The command changed nothing, or may not have.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<AccompaniedError<Refusal>> for PointsError {
    fn from(error: AccompaniedError<Refusal>) -> Self {
        match error {
            AccompaniedError::Refused(refusal) => refusal.into(),
            AccompaniedError::Submit(error) => error.into(),
        }
    }
}

impl From<&PointsError> for Problem {
    fn from(error: &PointsError) -> Self {
        match error {
            PointsError::Refused(Refusal::UnknownMember) => Self::of(&MEMBER_NOT_FOUND),
            PointsError::Refused(Refusal::KnownMember) => Self::of(&MEMBER_EXISTS),
            PointsError::Refused(Refusal::ReceiptUsed) => Self::of(&RECEIPT_USED),
            PointsError::TooSmall => Self::of(&PURCHASE_TOO_SMALL),
            PointsError::Submit(error) => failures::not_submitted(error),
            PointsError::Read(error) => failures::read_failed(error),
        }
    }
}

/// Replies to a request about points that failed.
#[error_handler]
#[must_use]
pub fn refuse_points(#[px(error_ref)] error: &PointsError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}
