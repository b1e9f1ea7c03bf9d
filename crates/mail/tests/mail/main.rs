//! Mails are sent to a small SMTP server of the tests' own, and into a folder.

mod folder;
mod sending;
mod server;
