//! The service as its clients meet it: every feature over HTTP, each test with a service and a database of
//! its own.

mod accounts;
mod balances;
mod contract;
mod dry_runs;
#[path = "../harness/mod.rs"]
mod harness;
mod history;
mod hostile;
mod idempotency;
mod ledgers;
mod lists;
mod log;
mod precedence;
mod routes;
mod shown;
mod site;
mod transactions;
