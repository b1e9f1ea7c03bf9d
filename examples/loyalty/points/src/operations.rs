//! The operations of this feature, for the description of the API.

use app_base::api::Operation;
use app_base::http::failures::{
    IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, SERVICE_SHUTTING_DOWN, SERVICE_UNAVAILABLE,
};
use app_base::http::input::{Read, Write};
use app_base::http::pagination::Page;
use app_base::http::principal::{LedgerRead, LedgerWrite};
use app_base::http::problem::ProblemType;
use app_base::http::rejections::{ACCOUNT_CLOSED, ACCOUNT_FROZEN, AMOUNT_OVERFLOW, INSUFFICIENT_FUNDS};
use app_base::http::reply::{Created, Tagged};
use app_base::http::views::TransactionView;

use crate::{
    AwardPointsRequest, EnrolMemberRequest, ListReceiptsQuery, MEMBER_EXISTS, MEMBER_NOT_FOUND, MemberPath,
    MemberView, POINTS_PAUSED, PURCHASE_TOO_SMALL, RECEIPT_USED, ReceiptView, RedeemPointsRequest,
};

const TAG: &str = "Points";

/// The problems of whatever changes something.
static WRITES: [&ProblemType; 5] = [
    &IDEMPOTENCY_KEY_REUSED,
    &IDEMPOTENCY_IN_PROGRESS,
    &SERVICE_SHUTTING_DOWN,
    &SERVICE_UNAVAILABLE,
    &POINTS_PAUSED,
];

/// Lists the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/ledgers/{ledger}/members/{member}", "enrol_member")
            .right::<LedgerWrite>()
            .about(TAG, "Enrols a member")
            .takes::<Write<(MemberPath, EnrolMemberRequest)>>()
            .returns::<Created<MemberView>>()
            .problems(WRITES)
            .problems([&MEMBER_EXISTS]),
        Operation::post("/v1/ledgers/{ledger}/members/{member}/awards", "award_points")
            .right::<LedgerWrite>()
            .about(TAG, "Awards points for a purchase")
            .description("The receipt is recorded with the transaction: both are there, or neither is.")
            .takes::<Write<(MemberPath, AwardPointsRequest)>>()
            .returns::<Created<TransactionView>>()
            .problems(WRITES)
            .problems([&MEMBER_NOT_FOUND, &RECEIPT_USED, &PURCHASE_TOO_SMALL])
            .problems([&ACCOUNT_CLOSED, &ACCOUNT_FROZEN, &AMOUNT_OVERFLOW]),
        Operation::post("/v1/ledgers/{ledger}/members/{member}/redemptions", "redeem_points")
            .right::<LedgerWrite>()
            .about(TAG, "Redeems points")
            .takes::<Write<(MemberPath, RedeemPointsRequest)>>()
            .returns::<Created<TransactionView>>()
            .problems(WRITES)
            .problems([&INSUFFICIENT_FUNDS, &ACCOUNT_CLOSED, &ACCOUNT_FROZEN, &AMOUNT_OVERFLOW]),
        Operation::get("/v1/ledgers/{ledger}/members/{member}/receipts", "list_receipts")
            .right::<LedgerRead>()
            .about(TAG, "Lists a member's receipts, newest first")
            .takes::<Read<(MemberPath, ListReceiptsQuery)>>()
            .returns::<Tagged<Page<ReceiptView>>>()
            .problems([&MEMBER_NOT_FOUND, &SERVICE_UNAVAILABLE]),
    ]
}
