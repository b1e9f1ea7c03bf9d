//! What there is to be allowed, and what each operation takes: nothing but lists.

use super::table::Takes::{self, AnyKey, Nothing, OnLedger, Overall, Session, Somewhere};

const READ: Takes = OnLedger(&["ledger:read"]);
const WRITE: Takes = OnLedger(&["ledger:write"]);

/// Every scope, with whether it is about single ledgers.
pub(crate) const SCOPES: &[(&str, bool)] = &[
    ("ledger:read", true),
    ("ledger:write", true),
    ("ledger:force", true),
    ("accounts:policy", true),
    ("ledgers:create", false),
    ("keys:admin", false),
    ("users:admin", false),
    ("audit:read", false),
    // Sorted lines of the features that teams bring.
];

/// What each operation takes.
pub(crate) const TABLE: &[(&str, Takes)] = &[
    // Sorted by operation, one line each.
    ("cancel_schedule", WRITE),
    ("capture_hold", WRITE),
    ("change_account", OnLedger(&["ledger:write", "accounts:policy"])),
    ("change_password", Session),
    ("change_transaction", WRITE),
    ("change_user", Overall("users:admin")),
    ("create_hold", WRITE),
    ("create_key", Overall("keys:admin")),
    ("create_ledger", Overall("ledgers:create")),
    ("create_schedule", WRITE),
    ("create_session", Nothing),
    ("create_token", Nothing),
    ("create_transaction", WRITE),
    ("create_user", Overall("users:admin")),
    ("end_session", Session),
    ("export_ledger", READ),
    ("get_account", READ),
    ("get_docs", Nothing),
    ("get_docs_asset", Nothing),
    ("get_docs_errors", Nothing),
    ("get_hold", READ),
    ("get_jwks", Nothing),
    ("get_key", Overall("keys:admin")),
    ("get_ledger", READ),
    ("get_live", Nothing),
    ("get_metadata", Nothing),
    ("get_metrics", Nothing),
    ("get_openapi", Nothing),
    ("get_principal", AnyKey),
    ("get_ready", Nothing),
    ("get_schedule", READ),
    ("get_statement", READ),
    ("get_transaction", READ),
    ("get_user", Overall("users:admin")),
    ("get_version", Nothing),
    ("list_accounts", READ),
    ("list_audit", Overall("audit:read")),
    ("list_balances", READ),
    ("list_changes", READ),
    ("list_entries", READ),
    ("list_holds", READ),
    ("list_keys", Overall("keys:admin")),
    ("list_ledgers", Somewhere("ledger:read")),
    ("list_log", READ),
    ("list_runs", READ),
    ("list_schedules", READ),
    ("list_sessions", Session),
    ("list_transaction_changes", READ),
    ("list_transactions", READ),
    ("list_users", Overall("users:admin")),
    ("pause_schedule", WRITE),
    ("resume_schedule", WRITE),
    ("reverse_transaction", WRITE),
    ("revoke_key", Overall("keys:admin")),
    ("revoke_session", Session),
    ("revoke_user_sessions", Overall("users:admin")),
    ("submit_batch", WRITE),
    ("void_hold", WRITE),
];
