//! What requests and replies about second factors look like.

use engine::second_factors::{Enrolled, SecondFactorCode};
use identity::{RecoveryCode, TotpCode};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::password::{PasswordSchema, PresentedPassword};
use crate::http::second_factors::CodeSchema;
use crate::http::users::UserIdText;

/// With what somebody shows that a second factor is to be theirs.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "password": "correct horse battery staple" }]))]
pub struct EnrolTotpRequest {
    /// Their password.
    #[schemars(with = "PasswordSchema")]
    pub password: PresentedPassword,
}

impl FromJson for EnrolTotpRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut password = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "password" => password.read(value, errors),
            _ => refuse_unknown(value, &["password"], errors),
        })?;
        Some(Self { password: password.required(value, "password", errors)? })
    }
}

/// A code that confirms a second factor.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "code": "287082" }]))]
pub struct ConfirmTotpRequest {
    /// Six digits of the authenticator.
    #[schemars(with = "String", regex(pattern = "^[0-9]{6}$"))]
    pub code: TotpCode,
}

impl FromJson for ConfirmTotpRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut code = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "code" => code.read(value, errors),
            _ => refuse_unknown(value, &["code"], errors),
        })?;
        Some(Self { code: code.required(value, "code", errors)? })
    }
}

/// With what somebody shows that a second factor is theirs: a password or a code, not both.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "code": "287082" }]))]
pub struct RemoveTotpRequest {
    /// Their password.
    #[schemars(with = "Option<PasswordSchema>")]
    pub password: Option<PresentedPassword>,
    /// A code of the authenticator, or a recovery code.
    #[schemars(with = "Option<CodeSchema>")]
    pub code: Option<SecondFactorCode>,
}

impl FromJson for RemoveTotpRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut password, mut code) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "password" => password.read_optional(value, errors),
            "code" => code.read_optional(value, errors),
            _ => refuse_unknown(value, &["password", "code"], errors),
        })?;
        let (password, code) = (password.optional(), code.optional());
        if password.is_some() == code.is_some() {
            value.refuse(errors, "must have a password or a code, and not both");
            return None;
        }
        Some(Self { password, code })
    }
}

/// A text that only one reply ever shows.
#[derive(Clone, Debug)]
pub struct ShownOnce(Zeroizing<String>);

impl Serialize for ShownOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A second factor that counts once a code of it is shown.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "EnrolledTotp")]
pub struct EnrolledTotpView {
    /// Its secret, in base 32, for typing it into an authenticator. It is shown this once.
    #[schemars(with = "String")]
    pub secret: ShownOnce,
    /// The same as an address that authenticators read: `otpauth://totp/…`, mostly shown as a QR code.
    #[schemars(with = "String")]
    pub uri: ShownOnce,
}

impl From<Enrolled> for EnrolledTotpView {
    fn from(enrolled: Enrolled) -> Self {
        Self { secret: ShownOnce(enrolled.secret), uri: ShownOnce(enrolled.uri) }
    }
}

/// A second factor that counts from now on.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "ConfirmedTotp")]
pub struct ConfirmedTotpView {
    /// Ten codes, each of which does once what a code of the authenticator does. They are shown this once.
    #[schemars(with = "Vec<String>")]
    pub recovery_codes: Vec<ShownOnce>,
}

impl From<Vec<RecoveryCode>> for ConfirmedTotpView {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        Self { recovery_codes: codes.iter().map(|code| ShownOnce(code.expose())).collect() }
    }
}

/// A second factor that is there no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RemovedTotp")]
pub struct RemovedTotpView {
    /// Whose it was.
    pub user: UserIdText,
}
