//! The operations of this feature, for the description of the API.

use super::{ListTransactionChangesQuery, ListTransactionsQuery, TransactionPath};
use crate::api::Operation;
use crate::commands::{ChangeTransactionRequest, CreateTransactionRequest, ReverseTransactionRequest};
use crate::http::failures::{
    IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND, SERVICE_SHUTTING_DOWN,
    SERVICE_UNAVAILABLE,
};
use crate::http::input::{Read, Write};
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{LedgerRead, LedgerWrite};
use crate::http::query::NoQuery;
use crate::http::rejections::{
    ACCOUNT_CLOSED, ACCOUNT_FROZEN, ACCOUNT_UNBOUNDED, AMOUNT_OVERFLOW, EXPECTATION_FAILED,
    INSUFFICIENT_FUNDS, REFERENCE_TAKEN, REVERSAL_EXCEEDS_ORIGINAL, TRANSACTION_NOT_FOUND,
    TRANSACTION_TOO_LARGE,
};
use crate::http::reply::{Changed, Created, Tagged};
use crate::http::views::{TransactionChangeView, TransactionView};

const TAG: &str = "Transactions";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        Operation::post("/v1/ledgers/{ledger}/transactions", "create_transaction")
            .right::<LedgerWrite>()
            .about(TAG, "Creates a transaction")
            .description(
                "Moves money: all postings in order, or nothing. The reply comes once it is durable. No account's \
                 available balance falls below its floor: zero, unless its policy says otherwise, and none at all for \
                 `world`, the outside.\n\nAn amount may be `{\"up_to\": \
                 amount}` or `\"all\"`: as much as the source's limit allows when the posting's turn comes, which \
                 may be 0. The reply and the log show what moved. The same request under the same \
                 `Idempotency-Key` gets the same reply, whatever there is by then. `expect` says what has to hold \
                 of balances once all postings are through.\n\nA command that is rejected \
                 leaves nothing behind: the same `Idempotency-Key` decides it anew. Where several rejections \
                 apply, the reference comes first, then the postings in order, of each the closed and frozen accounts \
                 before the funds, then the expectations in order. \
                 With `dry_run` nothing is written and the key is not used up.",
            )
            .takes::<Write<(InLedger, CreateTransactionRequest)>>()
            .returns::<Created<TransactionView>>()
            .with_dry_run()
            .problems([
                &LEDGER_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_IN_PROGRESS,
                &REFERENCE_TAKEN,
                &ACCOUNT_CLOSED,
                &ACCOUNT_FROZEN,
                &ACCOUNT_UNBOUNDED,
                &INSUFFICIENT_FUNDS,
                &AMOUNT_OVERFLOW,
                &EXPECTATION_FAILED,
                &SERVICE_SHUTTING_DOWN,
                &SERVICE_UNAVAILABLE,
            ]),
        Operation::get("/v1/ledgers/{ledger}/transactions", "list_transactions")
            .right::<LedgerRead>()
            .about(TAG, "Lists transactions, newest first")
            .description(
                "All filters have to hold; those on accounts, asset and amount have to hold for one and the same \
                 posting. Metadata is that of now, as it was last changed. Metadata, references, accounts, and addresses with few \
                 accounts under them lead straight to what has them; by anything else the list is searched page by page. \
                 A page may be short, even empty, although the list goes on: only a `next_cursor` of null is the \
                 end.",
            )
            .takes::<Read<(InLedger, ListTransactionsQuery)>>()
            .returns::<Tagged<Page<TransactionView>>>()
            .problems([&LEDGER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/transactions/{id}", "get_transaction")
            .right::<LedgerRead>()
            .about(TAG, "Shows a transaction")
            .description(
                "Its metadata is that of now, and so is `reversed`. Its balances are those right after it, not those of \
                 now.",
            )
            .takes::<Read<(TransactionPath, NoQuery)>>()
            .returns::<Tagged<TransactionView>>()
            .problems([&LEDGER_NOT_FOUND, &TRANSACTION_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::post("/v1/ledgers/{ledger}/transactions/{id}/reversals", "reverse_transaction")
            .right::<LedgerWrite>()
            .about(TAG, "Reverses a transaction, in part or whole")
            .description(
                "Moves back what the transaction moved, never more than that; the reply is a transaction, which can be \
                 reversed itself. Whatever moved can be reversed, captures and reversals included. It is held to the \
                 same rules as every transaction: who has spent the money lacks it. With `force` accounts may fall under \
                 their floors, which is recorded; for now everybody may ask for that.\n\nThe same request under the \
                 same `Idempotency-Key` gets the same reply. With `dry_run` nothing is written and the key is not used \
                 up.",
            )
            .takes::<Write<(TransactionPath, ReverseTransactionRequest)>>()
            .returns::<Created<TransactionView>>()
            .with_dry_run()
            .problems([
                &LEDGER_NOT_FOUND,
                &TRANSACTION_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_IN_PROGRESS,
                &REFERENCE_TAKEN,
                &REVERSAL_EXCEEDS_ORIGINAL,
                &ACCOUNT_CLOSED,
                &ACCOUNT_FROZEN,
                &INSUFFICIENT_FUNDS,
                &AMOUNT_OVERFLOW,
                &SERVICE_SHUTTING_DOWN,
                &SERVICE_UNAVAILABLE,
            ]),
    ]
    .into_iter()
    .chain(changes())
    .collect()
}

fn changes() -> [Operation; 2] {
    [
        Operation::patch("/v1/ledgers/{ledger}/transactions/{id}", "change_transaction")
            .right::<LedgerWrite>()
            .about(TAG, "Changes what is kept beside a transaction")
            .description(
                "Keys that are left out stay as they are; null in the place of a value removes its key. What moved, when it \
                 counts, and its reference never change. Each change is an entry of the log, which goes on showing the \
                 transaction as it was recorded, as exports do. The reply is the change, with all that is kept beside \
                 the transaction from then on, and the same request under the same `Idempotency-Key` gets the same \
                 reply.",
            )
            .takes::<Write<(TransactionPath, ChangeTransactionRequest)>>()
            .returns::<Changed<TransactionChangeView>>()
            .problems([
                &LEDGER_NOT_FOUND,
                &TRANSACTION_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_IN_PROGRESS,
                &TRANSACTION_TOO_LARGE,
                &SERVICE_SHUTTING_DOWN,
                &SERVICE_UNAVAILABLE,
            ]),
        Operation::get("/v1/ledgers/{ledger}/transactions/{id}/changes", "list_transaction_changes")
            .right::<LedgerRead>()
            .about(TAG, "Lists the changes of a transaction, newest first")
            .description("Each with what was kept beside it from then on.")
            .takes::<Read<(TransactionPath, ListTransactionChangesQuery)>>()
            .returns::<Tagged<Page<TransactionChangeView>>>()
            .problems([&LEDGER_NOT_FOUND, &TRANSACTION_NOT_FOUND, &SERVICE_UNAVAILABLE]),
    ]
}
