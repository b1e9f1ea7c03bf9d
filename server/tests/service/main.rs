//! The binary as operators meet it: its command line, its configuration, its start and its end.

#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod command_line;
mod configuration;
mod handed_over;
mod start;
mod stop;
mod users;
mod verify;
