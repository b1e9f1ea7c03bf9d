//! What requests and replies about sessions look like.

use std::time::Duration;

use engine::second_factors::SecondFactorCode;
use identity::{Email, Session, SessionId};
use ledger::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::password::{PasswordSchema, PresentedPassword};
use crate::http::second_factors::CodeSchema;
use crate::http::sessions::SessionIdText;
use crate::http::users::{EmailText, UserIdText};
use crate::http::values::TimeText;

/// Who signs in.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "email": "ada@example.com",
    "password": "correct horse battery staple",
}]))]
pub struct SignInRequest {
    /// The user's address, in whatever case.
    #[schemars(with = "EmailText")]
    pub email: Email,
    /// Their password.
    #[schemars(with = "PasswordSchema")]
    pub password: PresentedPassword,
    /// A code of their second factor, or a recovery code, where they have one.
    #[schemars(with = "Option<CodeSchema>")]
    pub code: Option<SecondFactorCode>,
}

impl FromJson for SignInRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut email, mut password, mut code) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "email" => email.read(value, errors),
            "password" => password.read(value, errors),
            "code" => code.read_optional(value, errors),
            _ => refuse_unknown(value, &["email", "password", "code"], errors),
        })?;
        let email = email.required(value, "email", errors);
        let password = password.required(value, "password", errors);
        Some(Self { email: email?, password: password?, code: code.optional() })
    }
}

/// A password to change.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "current_password": "correct horse battery staple",
    "new_password": "a longer one than that, or another",
}]))]
pub struct ChangePasswordRequest {
    /// The password as it is.
    #[schemars(with = "PasswordSchema")]
    pub current_password: PresentedPassword,
    /// What it is to be.
    #[schemars(with = "PasswordSchema")]
    pub new_password: PresentedPassword,
}

impl FromJson for ChangePasswordRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut current, mut new) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "current_password" => current.read(value, errors),
            "new_password" => new.read(value, errors),
            _ => refuse_unknown(value, &["current_password", "new_password"], errors),
        })?;
        let current = current.required(value, "current_password", errors);
        let new = new.required(value, "new_password", errors);
        Some(Self { current_password: current?, new_password: new? })
    }
}

/// A session, without what is in its cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub struct SessionView {
    /// Its id. It is no secret.
    pub id: SessionIdText,
    /// The id of the user whose it is.
    pub user: UserIdText,
    /// Whether it is the one that the request came with, or that it started.
    pub current: bool,
    /// Whether it opens anything: `active`, `expired`, `revoked`.
    pub state: &'static str,
    /// When its user signed in.
    pub created_at: TimeText,
    /// When it was last used, give or take a minute or so.
    pub last_seen_at: TimeText,
    /// When it is over, however much it is used. One that is not used is over sooner.
    pub expires_at: TimeText,
    /// The address that its user signed in from.
    pub address: Option<String>,
    /// What their browser called itself.
    pub user_agent: Option<String>,
    /// When it was ended.
    pub revoked_at: Option<TimeText>,
}

impl SessionView {
    /// Shows a session as it is at a time, where one that is not used for `idle` is over.
    #[must_use]
    pub fn of(session: Session, current: &SessionId, now: Timestamp, idle: Duration) -> Self {
        Self {
            current: session.id == *current,
            state: session.state(now, idle).name(),
            created_at: TimeText(session.created_at),
            last_seen_at: TimeText(session.last_seen_at),
            expires_at: TimeText(session.expires_at),
            address: session.address.map(|address| address.to_string()),
            user_agent: session.user_agent.map(|agent| agent.to_string()),
            revoked_at: session.revoked_at.map(TimeText),
            id: SessionIdText(session.id),
            user: UserIdText(session.user),
        }
    }
}

/// How many sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "EndedSessions")]
pub struct EndedSessionsView {
    /// How many were open until now, or had not been ended after their time was over.
    pub ended: u64,
}
