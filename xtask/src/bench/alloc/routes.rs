//! The routes that are counted, and what is asked of them: the same each time, so that two runs differ in nothing but how
//! often.

use std::fmt::Write as _;

use crate::bench::load::account;

/// Accounts that the ledger has.
pub(crate) const ACCOUNTS: u32 = 1000;

/// Transfers that it has before anything is counted.
pub(super) const TRANSFERS: u32 = 1000;

/// Commands in the batch that is posted.
pub(super) const BATCH: u32 = 100;

const TRANSACTIONS: &str = "/v1/ledgers/main/transactions";

/// A request that is sent again and again.
pub(crate) struct Route {
    /// What it is called in the page.
    pub(crate) name: &'static str,
    pub(super) method: &'static str,
    pub(super) path: String,
    /// JSON, or nothing.
    pub(super) body: String,
    /// What a good reply says.
    pub(super) status: u16,
}

impl Route {
    fn get(name: &'static str, path: impl Into<String>) -> Self {
        Self { name, method: "GET", path: path.into(), body: String::new(), status: 200 }
    }

    fn post(name: &'static str, path: &str, body: String, status: u16) -> Self {
        Self { name, method: "POST", path: path.to_owned(), body, status }
    }
}

/// Returns the routes, in the order of the page.
pub(crate) fn all() -> Vec<Route> {
    vec![
        Route::get("GET /version", "/version"),
        Route::get("GET …/accounts/{address}", format!("/v1/ledgers/main/accounts/{}", account(1, ACCOUNTS))),
        Route::get("GET …/accounts", "/v1/ledgers/main/accounts"),
        Route::get("GET …/transactions", TRANSACTIONS),
        Route::post("POST …/transactions", TRANSACTIONS, transfer(1), 201),
        Route::post("POST …/batches, 100 commands", "/v1/ledgers/main/batches", batch(), 200),
    ]
}

/// Writes a transfer from the account of a number to the next one.
pub(super) fn transfer(number: u32) -> String {
    let (source, destination) =
        (account(number % ACCOUNTS, ACCOUNTS), account((number + 1) % ACCOUNTS, ACCOUNTS));
    format!(
        r#"{{"postings":[{{"source":"{source}","destination":"{destination}","asset":"USD/2","amount":"100"}}]}}"#
    )
}

/// Writes a batch of transfers.
pub(super) fn batch() -> String {
    let mut commands = String::new();
    for number in 0..BATCH {
        let comma = if number == 0 { "" } else { "," };
        let transfer = transfer(number);
        let members = transfer.trim_start_matches('{');
        write!(commands, r#"{comma}{{"type":"transaction",{members}"#).expect("texts can be written");
    }
    format!(r#"{{"mode":"atomic","commands":[{commands}]}}"#)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::all;

    #[test]
    fn every_route_has_a_name_of_its_own_and_posts_have_bodies() {
        let routes = all();
        let names: HashSet<_> = routes.iter().map(|route| route.name).collect();
        assert_eq!(names.len(), routes.len());
        for route in &routes {
            assert_eq!(route.method == "POST", !route.body.is_empty(), "{}", route.name);
            // Names stand in a table in Markdown.
            assert!(!route.name.contains('|'), "{}", route.name);
        }
    }
}
