//! The service as its clients meet it: every feature over HTTP, each test with a service and a database of
//! its own.

mod contract;
#[path = "../harness/mod.rs"]
mod harness;
mod hostile;
mod ledgers;
mod precedence;
mod shown;
mod site;
mod transactions;
