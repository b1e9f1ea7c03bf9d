//! Transactions: money that moved, all of it or nothing. They are created and read, never changed.

mod create_transaction;
mod error;
mod get_transaction;
mod list_transactions;
mod operations;
mod query;
mod reverse_transaction;

use crate::commands::{CreateTransactionRequest, ReverseTransactionRequest};

pub use create_transaction::*;
pub use error::*;
pub use get_transaction::*;
pub use list_transactions::*;
pub use operations::operations;
pub use query::*;
pub use reverse_transaction::*;
