//! `POST /v1/ledgers/{ledger}/members/{member}/awards`.

use app_base::http::fields::FieldErrors;
use app_base::http::input::Write;
use app_base::http::json::{FromJson, Slot, Value, refuse_unknown};
use app_base::http::principal::{Granted, LedgerWrite};
use app_base::http::reply::Created;
use app_base::http::values::{AmountText, ReferenceText};
use app_base::http::views::TransactionView;
use app_base::storage::Connection;
use app_base::storage::Engine;
use async_trait::async_trait;
use engine::Submission;
use engine::companion::{Companion, CompanionError, StoreTransaction};
use ledger::{
    Address, Amount, Command, Entry, Expectations, LedgerName, Metadata, PostTransaction, Posting, Postings,
    Quantity, Reference,
};
use pavex::post;
use schemars::JsonSchema;

use crate::member::point;
use crate::rows::{ReceiptRow, insert_receipt, is_member};
use crate::{LoyaltyConfig, MemberId, MemberPath, PointsError, Refusal};

/// The most that one purchase may come to, in minor units.
const SPENT_MAX: i64 = 1_000_000_000_000;

/// A purchase to award points for.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "receipt": "r-1001", "spent": "1250" }]))]
pub struct AwardPointsRequest {
    /// The receipt, for which points are awarded once.
    #[schemars(with = "ReferenceText")]
    pub receipt: Reference,
    /// What was spent, in minor units: up to 1000000000000.
    #[schemars(with = "AmountText")]
    pub spent: Amount,
}

impl FromJson for AwardPointsRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut receipt, mut spent) = (Slot::default(), Slot::<Amount>::default());
        value.members(errors, |member, value, errors| match member {
            "receipt" => receipt.read(value, errors),
            "spent" => spent.read(value, errors),
            _ => refuse_unknown(value, &["receipt", "spent"], errors),
        })?;
        let receipt = receipt.required(value, "receipt", errors);
        let spent = spent.required(value, "spent", errors);
        if spent.is_some_and(|spent| spent.signed() > i128::from(SPENT_MAX)) {
            value.refuse_member("spent", format!("must be up to {SPENT_MAX}"), errors);
        }
        Some(Self { receipt: receipt?, spent: spent? })
    }
}

/// Writes the receipt that points are awarded for.
struct Receipt {
    ledger: LedgerName,
    member: MemberId,
    name: Reference,
    spent: i64,
    points: i64,
}

#[async_trait]
impl Companion for Receipt {
    type Refusal = Refusal;

    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), CompanionError<Refusal>> {
        if !is_member(Connection::of(transaction)?, &self.ledger, &self.member).await? {
            return Err(CompanionError::Refused(Refusal::UnknownMember));
        }
        let row = ReceiptRow {
            entry: i64::try_from(entry.number.0)?,
            receipt: self.name.as_str().to_owned(),
            spent: self.spent,
            points: self.points,
        };
        insert_receipt(transaction, &self.ledger, &self.member, &row).await
    }
}

/// Awards points for a purchase: the posting and the receipt are both there, or neither is.
///
/// # Errors
/// [`PointsError`], as a problem.
#[post(path = "/v1/ledgers/{ledger}/members/{member}/awards")]
pub async fn award_points(
    _granted: Granted<LedgerWrite>,
    request: Write<(MemberPath, AwardPointsRequest)>,
    engine: &Engine,
    config: &LoyaltyConfig,
) -> Result<Created<TransactionView>, PointsError> {
    let Write { key, input: (MemberPath { ledger, member }, AwardPointsRequest { receipt, spent }) } =
        request;
    let points = spent.get() / u128::from(config.spent_per_point);
    let points = Amount::new(points).filter(|points| *points > Amount::ZERO).ok_or(PointsError::TooSmall)?;
    // What the command says is what its key stands for: the receipt and what was spent are part of it.
    let metadata = [("receipt", receipt.to_string()), ("spent", spent.to_string())];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value));
    let command = moving(Address::world(), member.account(), points, Metadata::new(metadata.into()));
    let small = |amount: Amount| i64::try_from(amount.get()).unwrap_or(i64::MAX);
    let (spent, points) = (small(spent), small(points));
    let companion = Receipt { ledger: ledger.clone(), member, name: receipt, spent, points };
    let submitted = engine.submit_with(&ledger, Submission::new(command, key), companion).await?;
    Ok(TransactionView::created(ledger, submitted))
}

/// Moves points.
///
/// # Panics
/// When there are more of what is to be kept beside it than a transaction takes, or both accounts are the same.
pub(crate) fn moving<E: std::fmt::Debug>(
    from: Address,
    to: Address,
    points: Amount,
    metadata: Result<Metadata, E>,
) -> Command {
    let posting = Posting::new(from, to, point(), Quantity::from(points)).expect("two accounts");
    Command::PostTransaction(PostTransaction {
        postings: Postings::new(vec![posting]).expect("it is one"),
        reference: None,
        effective_at: None,
        metadata: metadata.expect("it is short"),
        expectations: Expectations::default(),
    })
}
