//! Signed tokens: JWTs (RFC 7519) in their compact form as they are read, checked and made, and the keys that they are
//! signed with (RFC 7517).
//!
//! Everything here is a function of its arguments: it reads no clock, draws no randomness and fetches nothing. A key
//! never comes out of the token that it is to check, and a token never chooses how it is checked: whoever asks names the
//! algorithms that they take.

mod algorithm;
mod claims;
mod compact;
mod key_set;
mod object;
mod signing;

pub use algorithm::{Algorithm, PublicKey};
pub use claims::{Claims, Expected};
pub use compact::{Compact, Kind, TOKEN_BYTES_MAX};
pub use key_set::{KEYS_MAX, Key, KeySet, KeySetError};
pub use object::object;
pub use signing::{AccessClaims, SigningKey, published};

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token in the compact form, or says something twice.
    #[error("the token is malformed")]
    Malformed,
    /// Its header has something that is not taken: keys of its own, extensions, another kind of token.
    #[error("the token is of a kind that is not taken")]
    Kind,
    /// Its algorithm is none that is taken.
    #[error("the token's algorithm is not taken")]
    Algorithm,
    /// Its key is none that is known.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Its signature is not that of its key.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is from somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// Nothing in it leads to a right here.
    #[error("the token grants nothing here")]
    GrantsNothing,
}
