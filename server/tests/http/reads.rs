//! A site where every operation that answers GET has something to show, and the paths of these.

use serde_json::json;

use crate::contract::Operation;
use crate::site::{Site, posting};

/// A path of an operation that answers 200 to GET once [`seeded`] there is something to show.
pub(crate) fn path(operation: &Operation) -> String {
    let filled = [
        ("{ledger}", "main"),
        ("holds/{id}", "holds/1"),
        // The key with which the tests come.
        ("keys/{id}", "keys/2USBDPIBEdi3"),
        ("users/{id}", "users/000000000000"),
        ("{id}", "0"),
        ("{address}", "a"),
        ("account/assets/{file}", "account/assets/account.css"),
        ("{file}", "docs.css"),
    ];
    filled
        .iter()
        .fold(operation.template.to_owned(), |path, (parameter, value)| path.replace(parameter, value))
}

pub(crate) fn seeded() -> Site {
    let site = Site::start();
    site.pay("world", "a", "USD/2", 5);
    let transaction = json!({ "postings": [posting("world", "a", "USD/2", 5)] });
    let schedule = json!({ "transaction": transaction, "at": "2999-01-01T00:00:00Z" });
    assert_eq!(site.post("/v1/ledgers/main/schedules", &schedule).status, 201);
    let hold = json!({ "postings": [posting("a", "b", "USD/2", 1)] });
    assert_eq!(site.post("/v1/ledgers/main/holds", &hold).status, 201);
    site
}
