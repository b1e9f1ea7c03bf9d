//! What commands look like in requests: the same whether one comes alone or in a batch. Nothing in here submits one, and
//! nothing knows a feature.

mod account;
mod capture;
mod command;
mod hold;
mod reversal;
mod rights;
mod transaction;
mod transaction_change;

pub use account::*;
pub use capture::*;
pub use command::*;
pub use hold::*;
pub use reversal::*;
pub use rights::*;
pub use transaction::*;
pub use transaction_change::*;
