//! Access tokens for programs: OAuth 2.0 client credentials (RFC 6749, 4.4), and what others need to check tokens. The
//! client is an API key, and its secret the key's text; a token never allows more than its key.

mod client;
mod create_token;
mod dto;
mod error;
mod form;
mod get_jwks;
mod get_metadata;
mod operations;

pub use client::{Client, ClientError};
pub use create_token::*;
pub use dto::*;
pub use error::*;
pub use form::{Form, FormError};
pub use get_jwks::*;
pub use get_metadata::*;
pub use operations::operations;
