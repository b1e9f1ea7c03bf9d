//! The operations of this feature, for the description of the API.

use super::{
    CreateScheduleRequest, ListRunsQuery, ListSchedulesQuery, RunView, SCHEDULE_ENDED, SCHEDULE_NEVER_FALLS,
    SCHEDULE_NOT_ACTIVE, SCHEDULE_NOT_FOUND, SCHEDULE_NOT_PAUSED, SCHEDULE_TOO_MANY, SchedulePath,
    ScheduleView,
};
use crate::api::Operation;
use crate::http::failures::{IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND, SERVICE_UNAVAILABLE};
use crate::http::input::{NoBody, Read, Write};
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{LedgerRead, LedgerWrite};
use crate::http::problem::ProblemType;
use crate::http::query::NoQuery;
use crate::http::reply::{Changed, Created, Tagged};

const TAG: &str = "Schedules";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers/{ledger}/schedules", "create_schedule")
            .right::<LedgerWrite>()
            .about(TAG, "Creates a schedule")
            .description(
                "Has a transaction posted later: once, `at` a time, or whenever a calendar `rule` says (RFC 5545, \
                 3.3.10, without `SECONDLY`). Every occurrence is submitted once, and what came of it is kept: see \
                 its runs. One that is rejected is not tried again, and a rule goes on with the next.\n\nA rule is \
                 read on the clock of its time zone: 09:00 stays 09:00 when clocks change. What a rule would have \
                 had before the schedule was created is left out, and counts for `COUNT` all the same. What falls \
                 due while the service is down is run when it is back, in order. A ledger has at most 10000 \
                 schedules that are active or paused.\n\nKeys of requests about schedules are of their own: the \
                 same `Idempotency-Key` on a transaction is another one.",
            )
            .takes::<Write<(InLedger, CreateScheduleRequest)>>()
            .returns::<Created<ScheduleView>>()
            .problems([
                &LEDGER_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &SCHEDULE_NEVER_FALLS,
                &SCHEDULE_TOO_MANY,
            ]),
        Operation::get("/v1/ledgers/{ledger}/schedules", "list_schedules")
            .right::<LedgerRead>()
            .about(TAG, "Lists schedules, newest first")
            .takes::<Read<(InLedger, ListSchedulesQuery)>>()
            .returns::<Tagged<Page<ScheduleView>>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/schedules/{id}", "get_schedule")
            .right::<LedgerRead>()
            .about(TAG, "Shows a schedule")
            .takes::<Read<(SchedulePath, NoQuery)>>()
            .returns::<Tagged<ScheduleView>>()
            .problems([&LEDGER_NOT_FOUND, &SCHEDULE_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/schedules/{id}/runs", "list_runs")
            .right::<LedgerRead>()
            .about(TAG, "Lists what came of a schedule's occurrences, the latest due first")
            .takes::<Read<(SchedulePath, ListRunsQuery)>>()
            .returns::<Tagged<Page<RunView>>>()
            .problems([&LEDGER_NOT_FOUND, &SCHEDULE_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        change("/v1/ledgers/{ledger}/schedules/{id}/pause", "pause_schedule", &SCHEDULE_NOT_ACTIVE)
            .about(TAG, "Pauses a schedule")
            .description(
                "Nothing of it is run until it is resumed. An occurrence that had begun is brought to its end.",
            ),
        change("/v1/ledgers/{ledger}/schedules/{id}/resume", "resume_schedule", &SCHEDULE_NOT_PAUSED)
            .about(TAG, "Resumes a schedule")
            .description(
                "It goes on with what is due from now on: what fell due while it was paused is left out. Where \
                 nothing is left, it is completed.",
            ),
        change("/v1/ledgers/{ledger}/schedules/{id}/cancel", "cancel_schedule", &SCHEDULE_ENDED)
            .about(TAG, "Cancels a schedule")
            .description("It never runs again. An occurrence that had begun is brought to its end."),
    ]
}

fn change(path: &'static str, id: &'static str, otherwise: &'static ProblemType) -> Operation {
    Operation::post(path, id)
        .right::<LedgerWrite>()
        .takes::<Write<(SchedulePath, NoBody)>>()
        .returns::<Changed<ScheduleView>>()
        .problems([&LEDGER_NOT_FOUND, &SCHEDULE_NOT_FOUND, &IDEMPOTENCY_KEY_REUSED, otherwise])
}
