//! The operations of this feature, for the description of the API.

use super::{BatchRequest, BatchView};
use crate::api::Operation;
use crate::http::failures::{
    BATCH_NOT_APPLIED, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND,
    SERVICE_SHUTTING_DOWN, SERVICE_UNAVAILABLE,
};
use crate::http::many::{NDJSON, WriteMany};
use crate::http::path::InLedger;
use crate::http::principal::LedgerWrite;
use crate::http::stream::HTTP_VERSION_TOO_OLD;

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers/{ledger}/batches", "submit_batch")
            .right::<LedgerWrite>()
            .about("Batches", "Carries out many commands in one request")
            .description(
                "Commands are carried out in order, each on top of those before it. Of each there is a result in the \
                 same order, with the status and the body or problem that its request would have got alone, so that \
                 the reply is 200 although commands fail.\n\nIn an `atomic` batch all commands happen or none: where \
                 one fails, it has its problem, the others 424 `batch.not_applied`, and `applied` is false. A command \
                 that was recorded when the same batch came before is replayed all the same. In an `independent` one \
                 each happens for itself.\n\nA command has its own `idempotency_key`. With the header \
                 `Idempotency-Key`, those without one get one that is made of the header and their place, so that the \
                 whole batch can be sent again. `dry_run` is not taken.\n\nAs `application/x-ndjson` the body is one \
                 command a line (without `mode`: each for itself), as many as the client likes, and the reply one \
                 result a line, in order, each with the number of its `line`, sent while lines still come: read while \
                 you send. A malformed line gets its 400, and the next one is taken. Where the service ends the stream \
                 itself, the last line has no `line` but `next_line`, the first line to send again, with the status \
                 and the problem. docs/batches.md shows it all.",
            )
            .takes::<WriteMany<(InLedger, BatchRequest)>>()
            .returns_json::<BatchView>()
            .returns_media(&[NDJSON])
            .problems([
                &LEDGER_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_IN_PROGRESS,
                &BATCH_NOT_APPLIED,
                &HTTP_VERSION_TOO_OLD,
                &SERVICE_SHUTTING_DOWN,
                &SERVICE_UNAVAILABLE,
            ]),
    ]
}
