//! Why a token is not given, or signing keys cannot be used.

use crate::access::{AuthenticationError, WriteAccessError};
use crate::port::ReadError;

/// Why signing keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store did not answer as it should.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// There is no randomness to be had.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The private part of a key cannot be opened.
    #[error("the signing key {0} was sealed with another secret, or changed since")]
    Sealed(String),
    /// Others made keys again and again while this one was to be made.
    #[error("other replicas made signing keys at the same time, again and again")]
    Contended,
}

/// Why a token is not given.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key opens nothing.
    #[error(transparent)]
    Refused(#[from] AuthenticationError),
    /// The key does not have a scope that was asked for.
    #[error("the key does not have what was asked for")]
    Scope,
    /// It could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
}
