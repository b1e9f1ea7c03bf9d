//! `POST /v1/ledgers/{ledger}/members/{member}`.

use app_base::http::fields::FieldErrors;
use app_base::http::input::Write;
use app_base::http::json::{FromJson, Slot, Value, refuse_unknown};
use app_base::http::principal::{Granted, LedgerWrite};
use app_base::http::reply::Created;
use app_base::storage::Engine;
use async_trait::async_trait;
use engine::companion::{Companion, CompanionError, StoreTransaction};
use engine::{Outcome, Submission};
use ledger::{ChangeAccount, Command, Entry, LedgerName, MetadataPatch, PolicyPatch};
use pavex::post;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rows::insert_member;
use crate::{MemberId, MemberPath, PointsError, Refusal};

/// What a member is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberName(String);

impl FromJson for MemberName {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let name = value.string(errors)?;
        if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            value.refuse(errors, "must have 1 to 100 bytes, none of them control characters");
            return None;
        }
        Some(Self(name.into_owned()))
    }
}

/// Somebody to enrol.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "name": "Ada Lovelace" }]))]
pub struct EnrolMemberRequest {
    /// What they are called.
    #[schemars(with = "String", length(min = 1, max = 100))]
    pub name: MemberName,
}

impl FromJson for EnrolMemberRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut name = Slot::default();
        value.members(errors, |member, value, errors| match member {
            "name" => name.read(value, errors),
            _ => refuse_unknown(value, &["name"], errors),
        })?;
        Some(Self { name: name.required(value, "name", errors)? })
    }
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Member")]
pub struct MemberView {
    /// Their id.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// The account that holds their points.
    pub account: String,
}

/// Writes the row of a member.
struct NewMember {
    ledger: LedgerName,
    member: MemberId,
    name: String,
}

#[async_trait]
impl Companion for NewMember {
    type Refusal = Refusal;

    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        _entry: &Entry,
    ) -> Result<(), CompanionError<Refusal>> {
        insert_member(transaction, &self.ledger, &self.member, &self.name).await
    }
}

/// Enrols a member: their account says who they are from now on, and their row is there with that.
///
/// # Errors
/// [`PointsError`], as a problem.
///
/// # Panics
/// Never: a name is a value that an account takes.
#[post(path = "/v1/ledgers/{ledger}/members/{member}")]
pub async fn enrol_member(
    _granted: Granted<LedgerWrite>,
    request: Write<(MemberPath, EnrolMemberRequest)>,
    engine: &Engine,
) -> Result<Created<MemberView>, PointsError> {
    let Write { key, input: (MemberPath { ledger, member }, EnrolMemberRequest { name }) } = request;
    let MemberName(name) = name;
    let view = MemberView {
        id: member.as_str().to_owned(),
        name: name.clone(),
        account: member.account().to_string(),
    };
    let metadata = MetadataPatch::new([("name".to_owned(), Some(name.clone()))].into());
    let command = Command::ChangeAccount(ChangeAccount {
        account: member.account(),
        policy: PolicyPatch::default(),
        metadata: metadata.expect("a name is a value"),
    });
    let companion = NewMember { ledger: ledger.clone(), member, name };
    let submitted = engine.submit_with(&ledger, Submission::new(command, key), companion).await?;
    let location = format!("/v1/ledgers/{ledger}/accounts/{}", view.account);
    Ok(Created::at(&location, view).replayed(submitted.outcome == Outcome::Replayed))
}
