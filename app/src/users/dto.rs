//! What requests and replies about users look like.

use engine::users::{NewUser, UserPatch};
use identity::User;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::grants::{self, GrantRequest, GrantView};
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::users::{EmailText, UserIdText, UserNameText, UserStateText};
use crate::http::values::TimeText;

/// A user to create.
#[derive(Clone, Debug)]
pub struct CreateUserRequest(pub NewUser);

/// A user to create.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "CreateUserRequest", extend("examples" = [{
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "grants": [{ "scopes": ["ledger:read", "ledger:write"], "ledgers": ["main"] }],
}]))]
#[expect(dead_code, reason = "it is the schema of a request")]
struct CreateUserBody {
    /// What they are called.
    name: UserNameText,
    /// Their address, which nobody else may have. Whether mail to it reaches them is not known yet.
    email: EmailText,
    /// What they may do; no more than whoever creates them. 1 to 16 grants, of which all count.
    #[schemars(length(min = 1, max = 16))]
    grants: Vec<GrantRequest>,
}

impl FromJson for CreateUserRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut name, mut email, mut grants) = (Slot::default(), Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "name" => name.read(value, errors),
            "email" => email.read(value, errors),
            "grants" => grants.read(value, errors),
            _ => refuse_unknown(value, &["name", "email", "grants"], errors),
        })?;
        let name = name.required(value, "name", errors);
        let email = email.required(value, "email", errors);
        let grants = grants.required(value, "grants", errors);
        Some(Self(NewUser { name: name?, email: email?, grants: grants? }))
    }
}

/// What is to become of a user. What is left out stays.
#[derive(Clone, Debug)]
pub struct ChangeUserRequest(pub UserPatch);

/// What is to become of a user. What is left out stays.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "ChangeUserRequest", extend("examples" = [{ "state": "disabled" }]))]
#[expect(dead_code, reason = "it is the schema of a request")]
struct ChangeUserBody {
    /// What they are called.
    name: Option<UserNameText>,
    /// Their address, which is then not verified any more.
    email: Option<EmailText>,
    /// Whether they get in.
    state: Option<UserStateText>,
    /// What they may do, instead of what they may do now; no more than whoever changes them.
    #[schemars(length(min = 1, max = 16))]
    grants: Option<Vec<GrantRequest>>,
}

impl FromJson for ChangeUserRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut name, mut email) = (Slot::default(), Slot::default());
        let (mut state, mut grants) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "name" => name.read_optional(value, errors),
            "email" => email.read_optional(value, errors),
            "state" => state.read_optional(value, errors),
            "grants" => grants.read_optional(value, errors),
            _ => refuse_unknown(value, &["name", "email", "state", "grants"], errors),
        })?;
        Some(Self(UserPatch {
            name: name.optional(),
            email: email.optional(),
            state: state.optional(),
            grants: grants.optional(),
        }))
    }
}

macro_rules! schema_of {
    ($request:ident, $body:ident) => {
        impl JsonSchema for $request {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $body::schema_name()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $body::json_schema(generator)
            }
        }
    };
}

schema_of!(CreateUserRequest, CreateUserBody);
schema_of!(ChangeUserRequest, ChangeUserBody);

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    /// Their id.
    pub id: UserIdText,
    /// What they are called.
    pub name: UserNameText,
    /// Their address, by which they sign in.
    pub email: EmailText,
    /// When they showed that mail to the address reaches them; null where they have not.
    pub email_verified_at: Option<TimeText>,
    /// Whether they get in.
    pub state: UserStateText,
    /// What they may do.
    pub grants: Vec<GrantView>,
    /// When they were created.
    pub created_at: TimeText,
    /// Who created them: `key:…`, `user:…`, or `operator`.
    pub created_by: String,
    /// When their password was set; null where they have none yet.
    pub password_set_at: Option<TimeText>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: UserIdText(user.id),
            name: UserNameText(user.name),
            email: EmailText(user.email),
            email_verified_at: user.email_verified_at.map(TimeText),
            state: UserStateText(user.state),
            grants: grants::show(&user.grants),
            created_at: TimeText(user.created_at),
            created_by: user.created_by.to_string(),
            password_set_at: user.password_set_at.map(TimeText),
        }
    }
}
