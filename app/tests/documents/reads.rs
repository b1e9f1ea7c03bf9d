//! Every body and every query that is read: nothing but a list.

use crate::readers::{body, query};

/// Reads each, and says which it was.
pub(crate) const READS: &[fn() -> &'static str] = &[
    // One sorted line each.
    body::<app::batches::BatchRequest>,
    body::<app::commands::CaptureHoldRequest>,
    body::<app::commands::ChangeAccountRequest>,
    body::<app::commands::ChangeTransactionRequest>,
    body::<app::commands::CreateHoldRequest>,
    body::<app::commands::CreateTransactionRequest>,
    body::<app::commands::ReverseTransactionRequest>,
    body::<app::http::input::NoBody>,
    body::<app::keys::CreateKeyRequest>,
    body::<app::ledgers::CreateLedgerRequest>,
    body::<app::schedules::CreateScheduleRequest>,
    body::<app::sessions::ChangePasswordRequest>,
    body::<app::sessions::SignInRequest>,
    body::<app::users::ChangeUserRequest>,
    body::<app::users::CreateUserRequest>,
    query::<app::accounts::GetAccountQuery>,
    query::<app::accounts::ListAccountsQuery>,
    query::<app::accounts::ListChangesQuery>,
    query::<app::accounts::ListEntriesQuery>,
    query::<app::accounts::StatementParameters>,
    query::<app::audit::ListAuditQuery>,
    query::<app::balances::ListBalancesQuery>,
    query::<app::exports::ExportQuery>,
    query::<app::holds::ListHoldsQuery>,
    query::<app::http::query::NoQuery>,
    query::<app::keys::ListKeysQuery>,
    query::<app::ledgers::ListLedgersQuery>,
    query::<app::log::ListLogQuery>,
    query::<app::schedules::ListRunsQuery>,
    query::<app::schedules::ListSchedulesQuery>,
    query::<app::sessions::ListSessionsQuery>,
    query::<app::transactions::ListTransactionChangesQuery>,
    query::<app::transactions::ListTransactionsQuery>,
    query::<app::users::ListUsersQuery>,
];
