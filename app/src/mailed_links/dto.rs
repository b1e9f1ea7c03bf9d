//! What requests and replies about mailed links look like.

use std::borrow::Cow;

use identity::{Email, LinkToken};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::password::{PasswordSchema, PresentedPassword};
use crate::http::users::{EmailText, UserIdText};

/// Whose password is to be set.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "email": "ada@example.com" }]))]
pub struct RequestPasswordResetRequest {
    /// Their address.
    #[schemars(with = "EmailText")]
    pub email: Email,
}

impl FromJson for RequestPasswordResetRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut email = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "email" => email.read(value, errors),
            _ => refuse_unknown(value, &["email"], errors),
        })?;
        Some(Self { email: email.required(value, "email", errors)? })
    }
}

/// A password to set.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "token": "28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ",
    "new_password": "correct horse battery staple",
}]))]
pub struct CompletePasswordResetRequest {
    /// What the mailed link holds after `#token=`.
    #[schemars(with = "TokenSchema")]
    pub token: LinkToken,
    /// What the password is to be.
    #[schemars(with = "PasswordSchema")]
    pub new_password: PresentedPassword,
}

impl FromJson for CompletePasswordResetRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut token, mut new_password) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "token" => token.read(value, errors),
            "new_password" => new_password.read(value, errors),
            _ => refuse_unknown(value, &["token", "new_password"], errors),
        })?;
        let token = token.required(value, "token", errors);
        let new_password = new_password.required(value, "new_password", errors);
        Some(Self { token: token?, new_password: new_password? })
    }
}

/// An address to verify.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "token": "28pwpFvXuOCuClQJSgvJUKf8mA3ApwedogOvpU3VfJJ" }]))]
pub struct CompleteEmailVerificationRequest {
    /// What the mailed link holds after `#token=`.
    #[schemars(with = "TokenSchema")]
    pub token: LinkToken,
}

impl FromJson for CompleteEmailVerificationRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut token = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "token" => token.read(value, errors),
            _ => refuse_unknown(value, &["token"], errors),
        })?;
        Some(Self { token: token.required(value, "token", errors)? })
    }
}

/// The schema of a link's secret.
struct TokenSchema;

impl JsonSchema for TokenSchema {
    fn schema_name() -> Cow<'static, str> {
        "LinkToken".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The secret of a mailed link.",
            "type": "string",
            "pattern": "^[0-9A-Za-z]{43}$",
            "writeOnly": true
        })
    }
}

/// A mail was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MailAccepted")]
pub struct MailAcceptedView {
    /// Always `accepted`: whether there is anybody to send it to is not told.
    pub mail: AcceptedWord,
}

/// The one word that is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedWord {
    /// It is taken.
    #[default]
    Accepted,
}

/// What a link did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FollowedLink")]
pub struct FollowedLinkView {
    /// Whose link it was.
    pub user: UserIdText,
    /// Their address, which is verified.
    pub email: EmailText,
}

impl From<identity::User> for FollowedLinkView {
    fn from(user: identity::User) -> Self {
        Self { user: UserIdText(user.id), email: EmailText(user.email) }
    }
}
