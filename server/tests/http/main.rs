//! The service as its clients meet it: every feature over HTTP, each test with a service and a database of
//! its own.

#[path = "../harness/mod.rs"]
mod harness;
