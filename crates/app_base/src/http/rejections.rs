//! What commands are rejected with, and what the caller is told: the same whichever request the command came with.

use engine::codec::encode_state;
use ledger::{AccountPart, Address, Asset, Bound, Direction, Figure, Floors, Metadata, Rejection, Unmet};
use pavex::http::StatusCode;

use super::problem::{Member, Problem, ProblemType};
use super::values::{AmountText, SignedText, TimeText};
use super::views::HoldStateText;

const POSTING: Member =
    Member { name: "posting", json_type: "integer", meaning: "The place of the posting that fails, from 0." };
const ACCOUNT: Member =
    Member { name: "account", json_type: "string", meaning: "The account that it fails on." };
const ASSET: Member = Member { name: "asset", json_type: "string", meaning: "The asset of the posting." };

const HOLD: Member = Member { name: "hold", json_type: "integer", meaning: "The id of the hold." };
const REMAINING: Member = Member {
    name: "remaining",
    json_type: "string",
    meaning: "How much is left that a posting of this source, destination and asset can take, in minor units.",
};
const AMOUNT: Member =
    Member { name: "amount", json_type: "string", meaning: "What the posting would have moved." };

/// There is no such hold.
pub static HOLD_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "hold.not_found",
    title: "No such hold",
    meaning: "There is no hold of this id in the ledger.",
    remedy: "Correct the id: a hold's id is in the reply that made it.",
    members: &[],
};

/// There is no such transaction.
pub static TRANSACTION_NOT_FOUND: ProblemType = ProblemType {
    status: StatusCode::NOT_FOUND,
    code: "transaction.not_found",
    title: "No such transaction",
    meaning: "There is no transaction of this id in the ledger.",
    remedy: "Correct the id: a transaction's id is in the reply that made it.",
    members: &[],
};

/// The hold would have expired before it is made.
pub static HOLD_EXPIRY_PASSED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "hold.expiry_passed",
    title: "The hold would have expired already",
    meaning: "`expires_at` is not later than the time at which the hold would be recorded. Nothing was done.",
    remedy: "Choose a later time, or none. The same Idempotency-Key may be used again.",
    members: &[Member { name: "expires_at", json_type: "string", meaning: "When it would expire." }],
};

/// The hold has ended.
pub static HOLD_NOT_OPEN: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "hold.not_open",
    title: "The hold is not open",
    meaning: "The hold was captured to its end or voided, or its time has come. Nothing was done.",
    remedy: "Look at the hold. What it reserved is available again: a new hold can reserve it.",
    members: &[
        HOLD,
        Member {
            name: "state",
            json_type: "string",
            meaning: "How it ended: `captured`, `voided` or `expired`.",
        },
    ],
};

/// More would be captured than is left of a hold.
pub static HOLD_EXCEEDS_REMAINING: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "hold.exceeds_remaining",
    title: "More than is left of the hold",
    meaning: "A posting would capture more than is left of the hold's postings of the same source, destination and \
              asset. Nothing was done.",
    remedy: "Capture less, or ask for `all` of it. The same Idempotency-Key may be used again.",
    members: &[HOLD, POSTING, REMAINING, AMOUNT],
};

/// More would be reversed than is left of a transaction.
pub static REVERSAL_EXCEEDS_ORIGINAL: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "reversal.exceeds_original",
    title: "More than is left of the transaction",
    meaning: "A posting would move back more than is left of what the transaction moved from its destination to its \
              source, or nothing is left to reverse. Nothing was done.",
    remedy: "Look at `reversed` of the transaction, and reverse less. The same Idempotency-Key may be used again.",
    members: &[
        Member { name: "transaction", json_type: "integer", meaning: "The id of the transaction." },
        POSTING,
        REMAINING,
        AMOUNT,
    ],
};

/// An account of a posting is closed.
pub static ACCOUNT_CLOSED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "account.closed",
    title: "The account is closed",
    meaning: "The source or the destination of a posting is closed: no posting may touch it. Nothing was done.",
    remedy: "Use another account, or open it again with PATCH. The same Idempotency-Key may be used again.",
    members: &[POSTING, ACCOUNT],
};

/// An account of a posting is frozen.
pub static ACCOUNT_FROZEN: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "account.frozen",
    title: "The account is frozen",
    meaning: "The source of a posting is frozen for debits, or its destination for credits. Nothing was done.",
    remedy: "Wait until the freeze is lifted, or lift it with PATCH. The same Idempotency-Key may be used again.",
    members: &[
        POSTING,
        ACCOUNT,
        Member {
            name: "side",
            json_type: "string",
            meaning: "The side of the posting on which the account is: `debit` or `credit`.",
        },
    ],
};

/// All of an account is asked for that has no floor.
pub static ACCOUNT_UNBOUNDED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "account.unbounded",
    title: "There is no all of an account without a floor",
    meaning: "A posting asks for all of an account that may fall without bound, as `world` may unless that was changed. \
              Nothing was done.",
    remedy: "Say how much to move, or up to how much.",
    members: &[POSTING, ACCOUNT, ASSET],
};

/// An account would keep more than it may.
pub static ACCOUNT_TOO_LARGE: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "account.too_large",
    title: "The account would keep too much",
    meaning: "With what it has already, the account would have more metadata keys or more floors than it may. Nothing \
              was done.",
    remedy: "Remove some in the same request: null takes the place of what is to go.",
    members: &[
        ACCOUNT,
        Member { name: "part", json_type: "string", meaning: "What is too much: `metadata` or `floor`." },
        Member { name: "max", json_type: "integer", meaning: "How many there may be." },
    ],
};

/// More would be kept beside a transaction than may be.
pub static TRANSACTION_TOO_LARGE: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "transaction.too_large",
    title: "Too much would be kept beside the transaction",
    meaning: "With what it has already, the transaction would have more metadata keys than it may. Nothing was done.",
    remedy: "Remove some in the same request: null takes the place of what is to go.",
    members: &[
        Member { name: "transaction", json_type: "integer", meaning: "The id of the transaction." },
        Member { name: "max", json_type: "integer", meaning: "How many there may be." },
    ],
};

/// The source of a posting lacks the money.
pub static INSUFFICIENT_FUNDS: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "transaction.insufficient_funds",
    title: "Insufficient funds",
    meaning: "The available balance of a posting's source would fall under its floor. Nothing was done.",
    remedy: "Move less, or bring the shortfall into the account first. The same Idempotency-Key may be used again.",
    members: &[
        POSTING,
        ACCOUNT,
        ASSET,
        Member {
            name: "available",
            json_type: "string",
            meaning: "What the account had available when the posting's turn came, in minor units.",
        },
        AMOUNT,
        Member { name: "shortfall", json_type: "string", meaning: "How much is missing." },
    ],
};

/// The reference is another transaction's.
pub static REFERENCE_TAKEN: ProblemType = ProblemType {
    status: StatusCode::CONFLICT,
    code: "transaction.reference_taken",
    title: "The reference is taken",
    meaning: "An earlier transaction or hold of the ledger, or of the same batch, has this reference. Nothing was done.",
    remedy: "Look at the transaction that has it: if it is the one that was meant, all is done. Otherwise, or where it \
             is of the same batch, choose another reference.",
    members: &[
        Member { name: "reference", json_type: "string", meaning: "The reference." },
        Member {
            name: "transaction",
            json_type: "integer",
            meaning: "The id of the transaction or hold that has it; the one that it would have been given where it is of \
                      the same batch, of which nothing was applied.",
        },
    ],
};

/// A counter would reach its bound.
pub static AMOUNT_OVERFLOW: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "amount.overflow",
    title: "A counter would overflow",
    meaning: "All that ever went into or out of an account would reach 2^127 minor units. Nothing was done.",
    remedy: "Move less, or use another account.",
    members: &[POSTING, ACCOUNT, ASSET],
};

/// A balance would not be as expected.
pub static EXPECTATION_FAILED: ProblemType = ProblemType {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    code: "transaction.expectation_failed",
    title: "An expectation does not hold",
    meaning: "All postings could be carried out, but a balance would then not be as `expect` says, or an account's \
              version was not. Nothing was done.",
    remedy: "Look at the balance, and decide anew what to move. The same Idempotency-Key may be used again.",
    members: &[
        Member {
            name: "expectation",
            json_type: "integer",
            meaning: "The place of the expectation that fails, from 0.",
        },
        ACCOUNT,
        Member {
            name: "asset",
            json_type: "string",
            meaning: "The asset of the expectation, where it names one.",
        },
        Member {
            name: "figure",
            json_type: "string",
            meaning: "The figure that is not as expected: `posted`, `available` or `version`.",
        },
        Member {
            name: "bound",
            json_type: "string",
            meaning: "The bound that does not hold: `at_least`, `at_most` or `equals`.",
        },
        Member { name: "expected", json_type: "string", meaning: "What the bound is." },
        Member {
            name: "actual",
            json_type: "string",
            meaning: "What the figure would be after the transaction, or what the version was before it.",
        },
    ],
};

/// Says what a rejection is called and means, as callers would have been told: its code, and the reason in words.
#[must_use]
pub fn describe_rejection(rejection: &Rejection) -> (String, String) {
    let problem = rejected(rejection);
    (problem.code().to_owned(), problem.detail_or_title().to_owned())
}

/// Says what a rejection means.
#[must_use]
pub fn rejected(rejection: &Rejection) -> Problem {
    match rejection {
        Rejection::TransactionNotFound { .. } => Problem::of(&TRANSACTION_NOT_FOUND),
        Rejection::TransactionTooLarge { transaction } => Problem::of(&TRANSACTION_TOO_LARGE)
            .detail(format!(
                "Transaction {} would have more than {} keys of metadata.",
                transaction.0,
                Metadata::MAX_KEYS
            ))
            .with("transaction", transaction.0)
            .with("max", Metadata::MAX_KEYS),
        Rejection::ReferenceTaken { reference, entry } => Problem::of(&REFERENCE_TAKEN)
            .detail(format!("Entry {} has this reference.", entry.0))
            .with("reference", reference.as_str())
            .with("transaction", entry.0),
        Rejection::HoldNotFound { .. } => Problem::of(&HOLD_NOT_FOUND),
        Rejection::HoldExpiryPassed { expires_at } => Problem::of(&HOLD_EXPIRY_PASSED)
            .detail("The hold would have expired before it is recorded.")
            .with("expires_at", TimeText(*expires_at)),
        Rejection::HoldNotOpen { hold, state } => Problem::of(&HOLD_NOT_OPEN)
            .detail(format!("Hold {} is {}.", hold.0, encode_state(*state)))
            .with("hold", hold.0)
            .with("state", HoldStateText::from(*state)),
        // No request of a client is told this: only expiry by itself waits for a time.
        Rejection::HoldNotDue { hold } => {
            Problem::of(&HOLD_NOT_OPEN).with("hold", hold.0).with("state", HoldStateText::Open)
        }
        Rejection::HoldExceedsRemaining { hold, posting, remaining, amount } => {
            Problem::of(&HOLD_EXCEEDS_REMAINING)
                .detail(format!(
                    "Posting {posting} captures {amount}, and {remaining} of it is left of hold {}.",
                    hold.0
                ))
                .with("hold", hold.0)
                .with("posting", posting)
                .with("remaining", AmountText(*remaining))
                .with("amount", AmountText(*amount))
        }
        Rejection::ReversalExceedsOriginal { transaction, posting, remaining, amount } => {
            Problem::of(&REVERSAL_EXCEEDS_ORIGINAL)
                .detail(format!(
                    "Posting {posting} moves back {amount}, and {remaining} of it is left of transaction {}.",
                    transaction.0
                ))
                .with("transaction", transaction.0)
                .with("posting", posting)
                .with("remaining", AmountText(*remaining))
                .with("amount", AmountText(*amount))
        }
        Rejection::AccountClosed { posting, account } => Problem::of(&ACCOUNT_CLOSED)
            .detail(format!("Posting {posting} touches {account}, which is closed."))
            .with("posting", posting)
            .with("account", account.as_str()),
        Rejection::AccountFrozen { posting, account, side } => {
            let (side, name) = match side {
                Direction::Debit => ("debit", "debits"),
                Direction::Credit => ("credit", "credits"),
            };
            Problem::of(&ACCOUNT_FROZEN)
                .detail(format!("Posting {posting} touches {account}, which is frozen for {name}."))
                .with("posting", posting)
                .with("account", account.as_str())
                .with("side", side)
        }
        Rejection::AccountUnbounded { posting, account, asset } => Problem::of(&ACCOUNT_UNBOUNDED)
            .detail(format!("Posting {posting} asks for all of {asset} in {account}, which has no floor."))
            .with("posting", posting)
            .with("account", account.as_str())
            .with("asset", asset.as_str()),
        Rejection::AccountTooLarge { account, part } => {
            let (part, max, what) = match part {
                AccountPart::Metadata => ("metadata", Metadata::MAX_KEYS, "keys of metadata"),
                AccountPart::Floors => ("floor", Floors::MAX, "floors"),
            };
            Problem::of(&ACCOUNT_TOO_LARGE)
                .detail(format!("{account} would have more than {max} {what}."))
                .with("account", account.as_str())
                .with("part", part)
                .with("max", max)
        }
        Rejection::InsufficientFunds { posting, account, asset, available, amount, shortfall } => {
            Problem::of(&INSUFFICIENT_FUNDS)
                .detail(format!(
                    "Posting {posting} takes {amount} of {asset} from {account}, which has {available} available: \
                     {shortfall} is missing."
                ))
                .with("posting", posting)
                .with("account", account.as_str())
                .with("asset", asset.as_str())
                .with("available", SignedText::from(*available))
                .with("amount", AmountText(*amount))
                .with("shortfall", AmountText(*shortfall))
        }
        Rejection::AmountOverflow { posting, account, asset } => Problem::of(&AMOUNT_OVERFLOW)
            .detail(format!("Posting {posting} would take a counter of {account} in {asset} to 2^127 or beyond."))
            .with("posting", posting)
            .with("account", account.as_str())
            .with("asset", asset.as_str()),
        Rejection::ExpectationFailed { expectation, account, asset, unmet } => {
            expectation_failed(*expectation, account, asset.as_ref(), *unmet)
        }
    }
}

fn expectation_failed(expectation: usize, account: &Address, asset: Option<&Asset>, unmet: Unmet) -> Problem {
    let figure = match unmet.figure {
        Figure::Posted => "posted",
        Figure::Available => "available",
        Figure::Version => "version",
    };
    let (bound, wanted, expected) = match unmet.bound {
        Bound::AtLeast(units) => ("at_least", "at least ", units),
        Bound::AtMost(units) => ("at_most", "at most ", units),
        Bound::Equals(units) => ("equals", "", units),
    };
    let actual = unmet.actual;
    let place = match asset {
        Some(asset) => format!("{account} in {asset}"),
        None => account.to_string(),
    };
    let verb = if unmet.figure == Figure::Version { "is" } else { "would be" };
    let problem = Problem::of(&EXPECTATION_FAILED)
        .detail(format!(
            "Expectation {expectation} wants {figure} of {place} to be {wanted}{expected}: it {verb} {actual}."
        ))
        .with("expectation", expectation)
        .with("account", account.as_str());
    let problem = match asset {
        Some(asset) => problem.with("asset", asset.as_str()),
        None => problem,
    };
    problem
        .with("figure", figure)
        .with("bound", bound)
        .with("expected", SignedText::from(expected))
        .with("actual", SignedText::from(actual))
}

#[cfg(test)]
mod tests {
    use ledger::{Amount, EntryNumber, Reference};

    use super::*;

    #[test]
    fn rejections_say_what_the_caller_needs_to_act() {
        let account = Address::parse("users:42").unwrap();
        let asset = Asset::parse("USD/2").unwrap();
        let funds = rejected(
            &(Rejection::InsufficientFunds {
                posting: 1,
                account: account.clone(),
                asset: asset.clone(),
                available: -5,
                amount: Amount::MAX,
                shortfall: Amount::from(7),
            }),
        );
        assert_eq!((funds.status().as_u16(), funds.code()), (422, "transaction.insufficient_funds"));
        let shown = format!("{funds:?}");
        for member in [
            r#""posting": Number(1)"#,
            r#""account": String("users:42")"#,
            r#""asset": String("USD/2")"#,
            r#""available": String("-5")"#,
            r#""amount": String("170141183460469231731687303715884105727")"#,
            r#""shortfall": String("7")"#,
        ] {
            assert!(shown.contains(member), "{member} is not in {shown}");
        }

        let reference = Reference::parse("order-1001").unwrap();
        let taken = rejected(&(Rejection::ReferenceTaken { reference, entry: EntryNumber(3) }));
        assert_eq!((taken.status().as_u16(), taken.code()), (409, "transaction.reference_taken"));
        assert!(format!("{taken:?}").contains(r#""transaction": Number(3)"#));

        let unmet = Unmet { figure: Figure::Available, bound: Bound::AtMost(-7), actual: 5 };
        let failed = rejected(
            &(Rejection::ExpectationFailed {
                expectation: 2,
                account: account.clone(),
                asset: Some(asset.clone()),
                unmet,
            }),
        );
        assert_eq!((failed.status().as_u16(), failed.code()), (422, "transaction.expectation_failed"));
        let shown = format!("{failed:?}");
        for member in [
            r#""expectation": Number(2)"#,
            r#""figure": String("available")"#,
            r#""bound": String("at_most")"#,
            r#""expected": String("-7")"#,
            r#""actual": String("5")"#,
        ] {
            assert!(shown.contains(member), "{member} is not in {shown}");
        }

        let overflow = rejected(&(Rejection::AmountOverflow { posting: 0, account, asset }));
        assert_eq!((overflow.status().as_u16(), overflow.code()), (422, "amount.overflow"));
    }

    #[test]
    fn changes_of_transactions_are_rejected_with_what_the_caller_needs() {
        let transaction = EntryNumber(7);
        let missing = rejected(&Rejection::TransactionNotFound { transaction });
        assert_eq!((missing.status().as_u16(), missing.code()), (404, "transaction.not_found"));
        let large = rejected(&Rejection::TransactionTooLarge { transaction });
        assert_eq!((large.status().as_u16(), large.code()), (422, "transaction.too_large"));
        let shown = format!("{large:?}");
        for member in [r#""transaction": Number(7)"#, r#""max": Number(64)"#] {
            assert!(shown.contains(member), "{member} is not in {shown}");
        }
    }

    #[test]
    fn rejections_by_policies_say_whose_and_which() {
        let account = || Address::parse("users:42").unwrap();
        let (posting, asset) = (3, Asset::parse("USD/2").unwrap());
        for (rejection, code, members) in [
            (
                Rejection::AccountClosed { posting, account: account() },
                "account.closed",
                &[r#""posting": Number(3)"#][..],
            ),
            (
                Rejection::AccountFrozen { posting, account: account(), side: Direction::Credit },
                "account.frozen",
                &[r#""posting": Number(3)"#, r#""side": String("credit")"#],
            ),
            (
                Rejection::AccountFrozen { posting, account: account(), side: Direction::Debit },
                "account.frozen",
                &[r#""side": String("debit")"#],
            ),
            (
                Rejection::AccountUnbounded { posting, account: account(), asset },
                "account.unbounded",
                &[r#""posting": Number(3)"#, r#""asset": String("USD/2")"#],
            ),
            (
                Rejection::AccountTooLarge { account: account(), part: AccountPart::Metadata },
                "account.too_large",
                &[r#""part": String("metadata")"#, r#""max": Number(64)"#],
            ),
            (
                Rejection::AccountTooLarge { account: account(), part: AccountPart::Floors },
                "account.too_large",
                &[r#""part": String("floor")"#, r#""max": Number(64)"#],
            ),
        ] {
            let problem = rejected(&rejection);
            assert_eq!((problem.status().as_u16(), problem.code()), (422, code));
            let shown = format!("{problem:?}");
            for member in members.iter().chain(&[r#""account": String("users:42")"#]) {
                assert!(shown.contains(member), "{member} is not in {shown}");
            }
        }
    }

    #[test]
    fn a_rejection_is_described_as_its_problem_is() {
        let rejection = Rejection::AccountClosed { posting: 1, account: Address::parse("a").unwrap() };
        let described = describe_rejection(&rejection);
        assert_eq!(described, ("account.closed".into(), "Posting 1 touches a, which is closed.".into()));
    }
}
