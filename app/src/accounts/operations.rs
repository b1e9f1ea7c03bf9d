//! The operations of this feature, for the description of the API.

use super::{
    ACCOUNT_NOT_FOUND, AccountChangeView, AccountPath, AccountView, ChangeAccountRequest, GetAccountQuery,
    ListAccountsQuery, ListChangesQuery, ListEntriesQuery, StatementLineView, StatementParameters,
    StatementView,
};
use crate::api::Operation;
use crate::http::failures::{
    AS_OF_TOO_MUCH, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, LEDGER_NOT_FOUND, SERVICE_SHUTTING_DOWN,
    SERVICE_UNAVAILABLE,
};
use crate::http::input::{Read, Write};
use crate::http::pagination::Page;
use crate::http::path::InLedger;
use crate::http::principal::{AccountsChange, LedgerRead};
use crate::http::rejections::ACCOUNT_TOO_LARGE;
use crate::http::reply::{Changed, Tagged};
use crate::http::stream::HTTP_VERSION_TOO_OLD;

const TAG: &str = "Accounts";

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ledgers/{ledger}/accounts", "list_accounts")
            .right::<LedgerRead>()
            .about(TAG, "Lists accounts by address")
            .takes::<Read<(InLedger, ListAccountsQuery)>>()
            .returns::<Tagged<Page<AccountView>>>()
            .problems([&LEDGER_NOT_FOUND, &AS_OF_TOO_MUCH, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}", "get_account")
            .right::<LedgerRead>()
            .about(TAG, "Shows an account with its balances")
            .description(
                "An account is there from its first posting on, or from when somebody gave it a policy or \
                 metadata.\n\nWith `at`, it is shown as it was at that moment. By the `recorded` clock, everything \
                 counts that had been written by then: the answer is final once anything in the ledger was written \
                 later, whatever is backdated. By the `effective` clock, of all that is written so far, the \
                 transactions count that count by then; what is held, the policy and the metadata are those that had \
                 been written by then.",
            )
            .takes::<Read<(AccountPath, GetAccountQuery)>>()
            .returns::<Tagged<AccountView>>()
            .problems([&LEDGER_NOT_FOUND, &ACCOUNT_NOT_FOUND, &AS_OF_TOO_MUCH, &SERVICE_UNAVAILABLE]),
        Operation::patch("/v1/ledgers/{ledger}/accounts/{address}", "change_account")
            .right::<AccountsChange>()
            .about(TAG, "Changes what an account allows and what is kept beside it")
            .description(
                "What is left out stays as it is, down to single keys of metadata and floors of single assets; null in \
                 their place removes them. The account need not have moved before. Each change is an entry of the log. \
                 The reply shows the account as it was then, balances included, and the same request under the same \
                 `Idempotency-Key` gets the same reply.\n\nA change counts for all that is recorded after it. A floor \
                 may be set above what is available: the account keeps what it has, and no debit is accepted until \
                 there is enough. A closed account takes part in no posting until it is opened again, and keeps its \
                 balances: to leave nothing behind, freeze credits, move all of it, then close. `world` has a policy \
                 as well: unbounded, until that is changed.",
            )
            .takes::<Write<(AccountPath, ChangeAccountRequest)>>()
            .returns::<Changed<AccountView>>()
            .problems([
                &LEDGER_NOT_FOUND,
                &IDEMPOTENCY_KEY_REUSED,
                &IDEMPOTENCY_IN_PROGRESS,
                &ACCOUNT_TOO_LARGE,
                &SERVICE_SHUTTING_DOWN,
                &SERVICE_UNAVAILABLE,
            ]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}/changes", "list_changes")
            .right::<LedgerRead>()
            .about(TAG, "Lists the changes of an account, newest first")
            .description("Each with its policy and metadata as they were from then on.")
            .takes::<Read<(AccountPath, ListChangesQuery)>>()
            .returns::<Tagged<Page<AccountChangeView>>>()
            .problems([&LEDGER_NOT_FOUND, &ACCOUNT_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}/entries", "list_entries")
            .right::<LedgerRead>()
            .about(TAG, "Lists an account's statement, newest first")
            .description(
                "Each line is the account's side of one posting, with the balance after it in the order of the \
                 log, whatever the `clock`.",
            )
            .takes::<Read<(AccountPath, ListEntriesQuery)>>()
            .returns::<Tagged<Page<StatementLineView>>>()
            .problems([&LEDGER_NOT_FOUND, &ACCOUNT_NOT_FOUND, &SERVICE_UNAVAILABLE]),
        Operation::get("/v1/ledgers/{ledger}/accounts/{address}/statement", "get_statement")
            .right::<LedgerRead>()
            .about(TAG, "Sends an account's statement for a period")
            .description(
                "For each asset an opening balance, the lines of the period, oldest first, and a closing balance: the \
                 opening balance, and the credits less the debits. Balances are in the order of the `clock`: by \
                 `effective`, what is backdated counts on its day. What is written while the statement is being sent \
                 does not count. It is sent while it is being read, however long that takes: a reply that is not \
                 complete (no last chunk in HTTP/1.1, a stream reset in HTTP/2) is not the whole statement. In `csv` \
                 and `html`, amounts are decimal numbers; docs/statements.md says more.",
            )
            .takes::<Read<(AccountPath, StatementParameters)>>()
            .returns_json::<StatementView>()
            .returns_media(&["text/csv; charset=utf-8", "text/html; charset=utf-8"])
            .download()
            .problems([
                &LEDGER_NOT_FOUND,
                &ACCOUNT_NOT_FOUND,
                &HTTP_VERSION_TOO_OLD,
                &SERVICE_UNAVAILABLE,
            ]),
    ]
}
