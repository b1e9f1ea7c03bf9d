//! Health: whether the process lives and whether it can serve.

mod get_live;

pub use get_live::*;

/// x
pub fn blueprint() {}
