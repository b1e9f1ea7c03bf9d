//! Who may do what: scopes and grants, the principals that have them, and the form of API keys.
//!
//! Everything here is a function of its arguments. The crate never does I/O, reads no clock and draws no
//! randomness: times and random bytes arrive as arguments. No text made here shows a secret but the one that is asked
//! for by name.

mod action;
mod api_key;
mod audit;
mod base32;
mod base62;
mod checksum;
mod email;
mod grant;
mod id;
mod key_text;
mod link_token;
mod principal;
mod recovery_code;
mod role;
mod scope;
mod scopes;
mod sealing;
mod secret;
mod session;
mod session_text;
mod totp;
mod user;

pub use action::Action;
pub use api_key::{ApiKey, KeyName, KeyNameError, KeyState};
pub use audit::{Actor, AuditEvent, AuditRecord};
pub use email::{Email, EmailError};
pub use grant::{Grant, GrantError, Grants, LedgerSet};
pub use key_text::{KeyId, KeyText, KeyTextError};
pub use link_token::{LinkKind, LinkToken, LinkTokenError};
pub use principal::{Denied, Need, Principal, Subject};
pub use recovery_code::{RecoveryCode, RecoveryCodeError};
pub use role::Role;
pub use scope::Scope;
pub use scopes::Scopes;
pub use sealing::{Purpose, Sealer, ServiceSecret, ServiceSecretError, UnsealError};
pub use secret::SecretDigest;
pub use session::{Session, SessionState, UserAgent};
pub use session_text::{SessionId, SessionText, SessionTextError};
pub use totp::{TotpCode, TotpCodeError, TotpSecret};
pub use user::{User, UserId, UserIdError, UserName, UserNameError, UserState};
