//! The groups of operations, in the order in which they are shown: nothing but a list.

/// What each group is called, and what it is about.
pub(super) const GROUPS: &[(&str, &str)] = &[
    ("Ledgers", "Named, independent books. Nothing moves between ledgers."),
    ("Transactions", "Money in motion: postings from account to account, all of them or none."),
    ("Schedules", "Transactions that are posted later, once or by a calendar rule."),
    ("Holds", "Money that is reserved: captured in parts or whole, or let go."),
    ("Batches", "Many commands in one request: all of them or none, or each for itself."),
    ("Accounts", "What has moved through each account, and what it holds."),
    ("Balances", "Balances summed over groups of accounts."),
    ("Log", "Every change of a ledger, numbered without gaps."),
    // One sorted line per feature that teams bring.
    // Who may do what, and how it runs.
    ("Access", "Users and API keys: who may do what, and what was done and refused."),
    ("Operations", "For those who run the service."),
];
