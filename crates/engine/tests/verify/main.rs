//! Verification against ledgers held in vectors: what is whole is clean, and whatever is damaged is found.
//!
//! No database takes part; that stores give out what they hold is tested where they are.

mod accounts;
mod damage;
mod holds;
mod movements;
mod report;
mod shifted;
mod stored;
mod sums;
mod transactions;
