//! The operations of this feature, for the description of the API.

use super::{CaptureHoldRequest, CreateHoldRequest, HoldPath, ListHoldsQuery};
use crate::api::Operation;
use crate::http::failures::{
    IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND, SERVICE_SHUTTING_DOWN,
    SERVICE_UNAVAILABLE,
};
use crate::http::input::{NoBody, Read, Write};
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{LedgerRead, LedgerWrite};
use crate::http::problem::ProblemType;
use crate::http::query::NoQuery;
use crate::http::rejections::{
    ACCOUNT_CLOSED, ACCOUNT_FROZEN, ACCOUNT_UNBOUNDED, AMOUNT_OVERFLOW, HOLD_EXCEEDS_REMAINING,
    HOLD_EXPIRY_PASSED, HOLD_NOT_FOUND, HOLD_NOT_OPEN, INSUFFICIENT_FUNDS, REFERENCE_TAKEN,
};
use crate::http::reply::{Changed, Created, Tagged};
use crate::http::views::{HoldView, TransactionView};

const TAG: &str = "Holds";

/// What any write may end with.
static WRITES: [&ProblemType; 5] = [
    &LEDGER_NOT_FOUND,
    &IDEMPOTENCY_KEY_REUSED,
    &IDEMPOTENCY_IN_PROGRESS,
    &SERVICE_SHUTTING_DOWN,
    &SERVICE_UNAVAILABLE,
];

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers/{ledger}/holds", "create_hold")
            .right::<LedgerWrite>()
            .about(TAG, "Reserves money")
            .description(
                "Reserves all postings in order, or nothing, under the same rules as if they moved: what is reserved \
                 is pending, and not available to its source any more. It can be captured, in one part or several, \
                 until it is voided or expires. Once `expires_at` has come it can be neither captured nor voided, and \
                 what is left of it is let go by itself, usually within a second.\n\nAn amount may be `{\"up_to\": \
                 amount}` or `\"all\"`, as in transactions: the reply shows what was reserved. The same request under \
                 the same `Idempotency-Key` gets the same reply, whatever became of the hold since. With `dry_run` \
                 nothing is written and the key is not used up.",
            )
            .takes::<Write<(InLedger, CreateHoldRequest)>>()
            .returns::<Created<HoldView>>()
            .with_dry_run()
            .problems(WRITES)
            .problems([
                &REFERENCE_TAKEN,
                &HOLD_EXPIRY_PASSED,
                &ACCOUNT_CLOSED,
                &ACCOUNT_FROZEN,
                &ACCOUNT_UNBOUNDED,
                &INSUFFICIENT_FUNDS,
                &AMOUNT_OVERFLOW,
            ]),
        Operation::get("/v1/ledgers/{ledger}/holds", "list_holds")
            .right::<LedgerRead>()
            .about(TAG, "Lists holds, newest first")
            .description(
                "All filters have to hold. A page may be short, even empty, although the list goes on: only a \
                 `next_cursor` of null is the end.",
            )
            .takes::<Read<(InLedger, ListHoldsQuery)>>()
            .returns::<Tagged<Page<HoldView>>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/holds/{id}", "get_hold")
            .right::<LedgerRead>()
            .about(TAG, "Shows a hold")
            .description(
                "`state`, `captured` and `remaining` are those of now; its balances are those right after it was made.",
            )
            .takes::<Read<(HoldPath, NoQuery)>>()
            .returns::<Tagged<HoldView>>()
            .problems([&LEDGER_NOT_FOUND, &HOLD_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::post("/v1/ledgers/{ledger}/holds/{id}/captures", "capture_hold")
            .right::<LedgerWrite>()
            .about(TAG, "Captures a hold, in part or whole")
            .description(
                "Moves money that is reserved; the reply is a transaction. It cannot lack funds, as the hold reserved \
                 them, but no more can be captured than is left, and accounts that were frozen or closed since take \
                 no part. `captures` says whether the hold ended with it, and what was let go then. With `dry_run` \
                 nothing is written and the key is not used up.",
            )
            .takes::<Write<(HoldPath, CaptureHoldRequest)>>()
            .returns::<Created<TransactionView>>()
            .with_dry_run()
            .problems(WRITES)
            .problems([
                &HOLD_NOT_FOUND,
                &REFERENCE_TAKEN,
                &HOLD_NOT_OPEN,
                &HOLD_EXCEEDS_REMAINING,
                &ACCOUNT_CLOSED,
                &ACCOUNT_FROZEN,
            ]),
        Operation::post("/v1/ledgers/{ledger}/holds/{id}/void", "void_hold")
            .right::<LedgerWrite>()
            .about(TAG, "Voids a hold")
            .description(
                "Lets go what is left of it: it is available to its source again. The reply is the hold as it stands \
                 from then on, with every balance that this touched. No account can be against it, frozen or closed.",
            )
            .takes::<Write<(HoldPath, NoBody)>>()
            .returns::<Changed<HoldView>>()
            .problems(WRITES)
            .problems([&HOLD_NOT_FOUND, &HOLD_NOT_OPEN]),
    ]
}
