//! Mailed links: what is sent to an address opens one thing, once, for a while.
//!
//! What is kept of a link's secret is a digest. A link belongs to the address that it was mailed to: once its user has
//! another, or is disabled, it does nothing. One with which a password is set does nothing either once that was set since.

mod following;
mod issuing;
mod port;

pub use following::FollowLinkError;
pub use issuing::{IssueLinkError, link_lifetime};
pub use port::{LinkStore, StoredLink};

use identity::LinkKind;

/// With what a password is set.
pub(crate) const SET_PASSWORD: [LinkKind; 2] = [LinkKind::Invitation, LinkKind::PasswordReset];
/// With what an address is verified.
pub(crate) const VERIFY_ADDRESS: [LinkKind; 2] = [LinkKind::AddressVerification; 2];
