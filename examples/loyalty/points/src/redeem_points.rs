//! `POST /v1/ledgers/{ledger}/members/{member}/redemptions`.

use app_base::http::fields::FieldErrors;
use app_base::http::input::Write;
use app_base::http::json::{FromJson, Slot, Value, refuse_unknown};
use app_base::http::principal::{Granted, LedgerWrite};
use app_base::http::reply::Created;
use app_base::http::values::{AmountText, ReferenceText};
use app_base::http::views::TransactionView;
use app_base::storage::Engine;
use engine::Submission;
use ledger::{Address, Amount, Metadata, Reference};
use pavex::post;
use schemars::JsonSchema;

use crate::award_points::moving;
use crate::{MemberPath, PointsError};

/// Points to redeem.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "points": "10", "reward": "coffee" }]))]
pub struct RedeemPointsRequest {
    /// How many.
    #[schemars(with = "AmountText")]
    pub points: Amount,
    /// What for.
    #[schemars(with = "ReferenceText")]
    pub reward: Reference,
}

impl FromJson for RedeemPointsRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut points, mut reward) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "points" => points.read(value, errors),
            "reward" => reward.read(value, errors),
            _ => refuse_unknown(value, &["points", "reward"], errors),
        })?;
        let points = points.required(value, "points", errors);
        let reward = reward.required(value, "reward", errors);
        Some(Self { points: points?, reward: reward? })
    }
}

/// Redeems points. It needs no row of its own: the ledger sees to it that nobody redeems more than they have.
///
/// # Errors
/// [`PointsError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/members/{member}/redemptions")]
pub async fn redeem_points(
    _granted: Granted<LedgerWrite>,
    request: Write<(MemberPath, RedeemPointsRequest)>,
    engine: &Engine,
) -> Result<Created<TransactionView>, PointsError> {
    let Write { key, input: (MemberPath { ledger, member }, RedeemPointsRequest { points, reward }) } =
        request;
    let metadata = Metadata::new([("reward".to_owned(), reward.to_string())].into());
    let command = moving(member.account(), Address::world(), points, metadata);
    let submitted = engine.submit(&ledger, Submission::new(command, key)).await?;
    Ok(TransactionView::created(ledger, submitted))
}
