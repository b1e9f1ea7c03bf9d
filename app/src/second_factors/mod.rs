//! Second factors: a user's own, and those of others for who administers users. A secret and recovery codes are shown
//! once, to their owner.

mod confirm_totp;
mod dto;
mod enrol_totp;
mod error;
mod operations;
mod remove_totp;
mod remove_user_totp;

pub use confirm_totp::*;
pub use dto::*;
pub use enrol_totp::*;
pub use error::*;
pub use operations::operations;
pub use remove_totp::*;
pub use remove_user_totp::*;
