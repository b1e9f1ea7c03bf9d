//! What stores on SQL share: what rows say in the terms of the ledger, and where pages of lists end.
//!
//! It never names a table or sends a statement: that is each store's own.

mod access;
mod accounts;
mod at_head;
mod batch;
mod factors;
mod failure;
mod groups;
mod holds;
mod moved;
mod movements;
mod past;
mod rows;
mod schedules;
mod schema;
mod sessions;
mod signing_keys;
mod sorting;
mod spans;
mod statement;
mod transactions;
mod users;
mod ways;

pub use access::{AuditRow, KeyRow, StoredEvent, StoredPlace, page_of_audit, page_of_keys};
pub use accounts::{
    AccountPage, AccountRow, ChangePage, KeptRow, add_looked_up, add_to_account, end_of, first_behind,
};
pub use at_head::{HeadRow, PlacedRow, accounts_at_head};
pub use batch::{
    BatchRows, ChangedAccounts, ChangedPairs, ChangedTransactions, MovedBalance, recorded_pairs,
    shifted_movements,
};
pub use factors::{LinkRow, TotpRow};
pub use failure::{Corruption, Failure};
pub use groups::{Group, GroupReads, KeptReads, sum_groups_now};
pub use holds::{
    HoldPage, HoldRow, HoldRows, ReversalRow, UsedEntries, VersionRow, balances_of, standings, stored_time,
    unreversed, versions,
};
pub use moved::{MovedByEffectiveTime, MovedReads, ShiftedPlaceRow};
pub use movements::{ListReads, ListRow, Moved, NewMovements, entries_that_moved, lists_after};
pub use past::{
    BodyRow, Past, PastReads, ShiftedRow, ThenKeptRow, accounts_as_of, shifted_after, sum_groups_as_of,
};
pub use rows::{
    BalanceRow, EntryRow, KeptTransactionRow, LedgerRow, Reader, SumRow, entry_number, one_more,
    page_of_ledgers, stored_before, stored_limit, stored_number, sums_of,
};
pub use schedules::{
    DueRow, ProgressRow, RunRow, ScheduleRow, created_schedule, is_in_use, page_of_runs, page_of_schedules,
    schedule_request, stored_schedule,
};
pub use schema::{MigrateError, OwnSteps, RecordedStep, SchemaState, SchemaStep, applicable, compare_steps};
pub use sessions::{SessionRow, page_of_sessions};
pub use signing_keys::{SigningKeyRow, signing_keys};
pub use sorting::{ByEffectiveTime, SortingReads};
pub use spans::{EffectivePlace, EffectivePlaces, Numbers};
pub use statement::StatementPage;
pub use transactions::{LogPage, TransactionPage};
pub use users::{StoredUserRow, UserRow, page_of_users};
pub use ways::{Way, WayReads, addresses_under, choose_way, most_rows_match};
