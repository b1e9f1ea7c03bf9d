//! Few accounts, assets, references and moments, so that random histories and random questions about them meet.

/// When a history begins, in microseconds after 1970 began. It is over some sixty later.
pub const START: i64 = 1_000_000;

/// Accounts whose order by bytes is not the order of their segments. `world` stands first.
pub const ACCOUNTS: &[&str] = &[
    "world",
    "users",
    "users-2",
    "users2",
    "users:1",
    "users:1:a",
    "users:10",
    "users:1-x:a",
    "users:1-x:b",
    "users-2:x",
    "usersX:1",
    "bank",
    "bank:fees",
    "bank:fees:card",
    "bank:fees-old:card",
    "Z",
    "_:-:0",
];

/// Assets.
pub const ASSETS: &[&str] = &["USD/2", "EUR/2", "BTC/8"];

/// Metadata: a key with its value.
pub const PAIRS: &[(&str, &str)] = &[("kind", "order"), ("kind", "refund"), ("note", "")];

/// Returns a reference by its number.
#[must_use]
pub fn reference_text(number: u64) -> String {
    format!("reference {number}")
}
