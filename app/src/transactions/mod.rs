//! Transactions: money that moved, all of it or nothing. What moved never changes; what is kept beside it may.

mod change_transaction;
mod create_transaction;
mod error;
mod get_transaction;
mod list_transaction_changes;
mod list_transactions;
mod operations;
mod query;
mod reverse_transaction;

use crate::commands::{ChangeTransactionRequest, CreateTransactionRequest, ReverseTransactionRequest};

pub use change_transaction::*;
pub use create_transaction::*;
pub use error::*;
pub use get_transaction::*;
pub use list_transaction_changes::*;
pub use list_transactions::*;
pub use operations::operations;
pub use query::*;
pub use reverse_transaction::*;
