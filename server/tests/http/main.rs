//! The service as its clients meet it: every feature over HTTP, each test with a service and a database of
//! its own.

mod access;
mod accounts;
mod amounts;
mod annotations;
mod balances;
mod batch_lines;
mod batches;
mod bounds;
mod calls;
mod changes;
mod concurrency;
mod contract;
mod dry_runs;
mod expectations;
mod faults;
#[path = "../harness/mod.rs"]
mod harness;
mod health;
mod history;
mod holds;
mod hostile;
mod idempotency;
mod ledgers;
mod lists;
mod log;
mod moments;
mod operations;
mod pages;
mod precedence;
mod quantities;
mod reads;
mod request_ids;
mod reversals;
mod routes;
mod schedules;
mod sections;
mod sessions;
mod shown;
mod site;
mod statements;
mod tags;
mod transactions;
