//! What operators do: migrate, back up and restore, verify, read `docs/operations.md` and type what it says.
//!
//! Tests on PostgreSQL are left out, with a word on it, where there is none.

#[path = "../harness/mod.rs"]
mod harness;

mod backup;
mod export;
mod import_csv;
mod import_kills;
mod import_ndjson;
mod import_page;
mod imports;
mod journals;
mod migrate;
mod oddities;
mod page;
mod place;
mod postgres;
mod programs;
mod set_back;
mod statements;
mod upgrade;
mod verify;
