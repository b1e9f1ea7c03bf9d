//! Mailed links: asked for, and followed. They set a password or verify an address.
//!
//! Whether there is a user of an address is told to nobody who asks for a link.

mod complete_email_verification;
mod complete_password_reset;
mod dto;
mod error;
mod get_account_asset;
mod get_set_password;
mod get_verify_email;
mod operations;
mod request_email_verification;
mod request_password_reset;
mod verify_user_email;

pub use complete_email_verification::*;
pub use complete_password_reset::*;
pub use dto::*;
pub use error::*;
pub use get_account_asset::*;
pub use get_set_password::*;
pub use get_verify_email::*;
pub use operations::operations;
pub use request_email_verification::*;
pub use request_password_reset::*;
pub use verify_user_email::*;

/// What a page may load: this service's own files. It asks this service, and nobody else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
