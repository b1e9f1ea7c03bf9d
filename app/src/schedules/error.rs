//! Why a request about schedules fails, and what the caller is told.

use engine::port::ReadError;
use engine::schedules::{Schedule, ScheduleError, ScheduleState};
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler};

use crate::http::failures;
use crate::http::problem::{Member, Problem, ProblemType};
use crate::http::problem_types::INTERNAL_ERROR;

const STATE: Member = Member {
    name: "state",
    json_type: "string",
    meaning: "What the schedule is: `active`, `paused`, `completed` or `cancelled`.",
};

/// There is no schedule of the id in the path.
pub static SCHEDULE_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "schedule.not_found",
    title: "No such schedule",
    meaning: "The ledger has no schedule of the id in the path.",
    remedy: "Correct the id. A schedule that was just created is there at once.",
    members: &[],
};

/// Only what is active can be paused.
pub static SCHEDULE_NOT_ACTIVE: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "schedule.not_active",
    title: "The schedule is not active",
    meaning: "Only an active schedule can be paused. Nothing was done.",
    remedy: "Look at the schedule's state: where it is paused already, all is done.",
    members: &[STATE],
};

/// Only what is paused can be resumed.
pub static SCHEDULE_NOT_PAUSED: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "schedule.not_paused",
    title: "The schedule is not paused",
    meaning: "Only a paused schedule can be resumed. Nothing was done.",
    remedy: "Look at the schedule's state: where it is active already, all is done. One that has ended does not \
             begin again; create another one.",
    members: &[STATE],
};

/// What has ended cannot be cancelled.
pub static SCHEDULE_ENDED: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "schedule.ended",
    title: "The schedule has ended",
    meaning: "The schedule was cancelled before, or has no occurrence left. Nothing was done.",
    remedy: "Nothing has to be done: it never runs again.",
    members: &[STATE],
};

/// The rule has no occurrence.
pub static SCHEDULE_NEVER_FALLS: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "schedule.never_falls",
    title: "The rule never falls",
    meaning: "The rule has no occurrence from now on, or none within the two hundred years or so that are looked \
              at. Nothing was done.",
    remedy: "Correct the rule, its start or its end.",
    members: &[],
};

/// The ledger has too many schedules.
pub static SCHEDULE_TOO_MANY: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "schedule.too_many",
    title: "The ledger has too many schedules",
    meaning: "The ledger has as many active and paused schedules as it may. Nothing was done.",
    remedy: "Cancel schedules that are not needed any more, then send the request again.",
    members: &[Member { name: "max", json_type: "integer", meaning: "How many there may be." }],
};

/// Why a request about schedules fails.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The schedule was not created or changed, or may not have been.
    #[error(transparent)]
    Change(#[from] ScheduleError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl RequestError {
    /// There is no such schedule.
    pub const NOT_FOUND: Self = Self::Change(ScheduleError::NotFound);
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        let error = match error {
            RequestError::Change(error) => error,
            RequestError::Read(error) => return failures::read_failed(error),
        };
        let in_state = |kind, state: &ScheduleState| {
            let name = state.name();
            Self::of(kind).detail(format!("The schedule is {name}.")).with("state", name)
        };
        match error {
            ScheduleError::LedgerNotFound => failures::ledger_not_found(),
            ScheduleError::NotFound => Self::of(&SCHEDULE_NOT_FOUND),
            ScheduleError::KeyReused => failures::key_reused(),
            ScheduleError::NotActive(state) => in_state(&SCHEDULE_NOT_ACTIVE, state),
            ScheduleError::NotPaused(state) => in_state(&SCHEDULE_NOT_PAUSED, state),
            ScheduleError::Ended(state) => in_state(&SCHEDULE_ENDED, state),
            ScheduleError::NeverFalls => Self::of(&SCHEDULE_NEVER_FALLS),
            ScheduleError::TooMany => Self::of(&SCHEDULE_TOO_MANY).with("max", Schedule::OPEN_MAX),
            ScheduleError::Corrupt(_) => Self::of(&INTERNAL_ERROR),
            // The store does not say whether it came as far as writing, so that nobody may rely on either.
            ScheduleError::Unavailable(_) => failures::outcome_unknown(),
        }
    }
}

/// Replies to a request about schedules that failed.
#[error_handler]
#[must_use]
pub fn refuse_schedule_request(
    #[px(error_ref)] error: &RequestError,
    request_id: ServerRequestId,
) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::SharedSource;

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let source = || SharedSource(Arc::new(std::io::Error::other("disk /dev/sda1 is full")));
        for (error, status, code) in [
            (ScheduleError::LedgerNotFound, 404, "ledger.not_found"),
            (ScheduleError::NotFound, 404, "schedule.not_found"),
            (ScheduleError::KeyReused, 422, "idempotency.key_reused"),
            (ScheduleError::NotActive(ScheduleState::Paused), 409, "schedule.not_active"),
            (ScheduleError::NotPaused(ScheduleState::Active), 409, "schedule.not_paused"),
            (ScheduleError::Ended(ScheduleState::Completed), 409, "schedule.ended"),
            (ScheduleError::NeverFalls, 422, "schedule.never_falls"),
            (ScheduleError::TooMany, 422, "schedule.too_many"),
            (ScheduleError::Corrupt(source()), 500, "internal.error"),
            (ScheduleError::Unavailable(source()), 503, "service.outcome_unknown"),
        ] {
            let problem = Problem::from(&RequestError::Change(error));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
        }
        let problem = Problem::from(&RequestError::Read(ReadError::LedgerNotFound));
        assert_eq!(problem.code(), "ledger.not_found");
    }
}
