//! Findings: what does not hold, with what was expected and what was found.
//!
//! Each says where to look; none says why it came to be, which the data cannot tell.

use std::error::Error;
use std::fmt;

use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, BalanceTotal, EntryNumber, Reference, Rejection, Root,
    RootKey, Timestamp, Total,
};
use serde::{Serialize, Serializer};

use super::Stage;
use crate::idempotency::IdempotencyKey;

/// One thing that does not hold in a ledger.
///
/// Amounts are in minor units and written as text, for they may be larger than what readers of JSON take
/// a number for; times are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// An entry does not follow the number before it: entries are missing, or out of order.
    NumberDiffers {
        /// The number that should stand there.
        #[serde(serialize_with = "number")]
        expected: EntryNumber,
        /// The number that does.
        #[serde(serialize_with = "number")]
        found: EntryNumber,
    },
    /// The head does not stand where the log ends.
    HeadDiffers {
        /// How many entries the head counts.
        #[serde(serialize_with = "number")]
        head: EntryNumber,
        /// The number that would follow the log's last entry.
        #[serde(serialize_with = "number")]
        log: EntryNumber,
    },
    /// An entry was recorded before the one ahead of it.
    TimeWentBack {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
        /// When the one ahead of it was recorded.
        #[serde(serialize_with = "micros")]
        previous: Timestamp,
        /// When this one was.
        #[serde(serialize_with = "micros")]
        found: Timestamp,
    },
    /// Two entries have one reference.
    ReferenceUsedTwice {
        /// The reference.
        #[serde(serialize_with = "text")]
        reference: Reference,
        /// The entry that had it first.
        #[serde(serialize_with = "number")]
        first: EntryNumber,
        /// The entry that has it again.
        #[serde(serialize_with = "number")]
        again: EntryNumber,
    },
    /// Two entries have one idempotency key.
    KeyUsedTwice {
        /// The key.
        #[serde(serialize_with = "text")]
        key: IdempotencyKey,
        /// The entry that had it first.
        #[serde(serialize_with = "number")]
        first: EntryNumber,
        /// The entry that has it again.
        #[serde(serialize_with = "number")]
        again: EntryNumber,
    },
    /// A recorded entry would not be accepted after the entries ahead of it.
    Rejected {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
        /// Why not.
        #[serde(serialize_with = "reason_text")]
        rejection: Rejection,
    },
    /// A balance recorded in an entry is not the one that its postings lead to.
    EntryBalanceDiffers {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// What the postings lead to; `None` where they do not touch it.
        expected: Option<Counters>,
        /// What is recorded; `None` where nothing is.
        found: Option<Counters>,
    },
    /// The balances recorded in an entry are not in the order of their accounts and assets, each once.
    EntryBalancesUnordered {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
    },
    /// The balances recorded in an entry add money to the ledger, or take some out of it.
    EntryNotConserved {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// By how much the sum over all accounts changes.
        #[serde(serialize_with = "text")]
        change: i128,
    },
    /// A balance in the projection is not the one that follows from the log.
    BalanceDiffers {
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// What follows from the log; `None` where the log never moved it.
        expected: Option<Counters>,
        /// What the projection holds; `None` where it holds nothing.
        found: Option<Counters>,
    },
    /// A sum that is kept of balances is not the one that follows from the log.
    SumDiffers {
        /// The root under which the accounts lie.
        #[serde(serialize_with = "text")]
        root: Root,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// What follows from the log; `None` where it moved no account under the root.
        expected: Option<Counters<Total>>,
        /// What is kept; `None` where nothing is.
        found: Option<Counters<Total>>,
    },
    /// The balances in the projection do not sum to zero.
    BalancesNotConserved {
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// What they sum to.
        #[serde(serialize_with = "text")]
        sum: i128,
    },
    /// The entries that moved a balance, as the projection has them, are not those that follow from the log.
    MovementsDiffer {
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// How many entries moved it by the log.
        expected_movements: u64,
        /// How many the projection holds. Where it is the same number, they are others, or in another order.
        found_movements: u64,
    },
    /// What moved a balance at another time than it was recorded, as the projection has it, is not what follows from the
    /// log.
    ShiftedMovementsDiffer {
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
        /// The asset.
        #[serde(serialize_with = "text")]
        asset: Asset,
        /// How many such movements there are by the log.
        expected_movements: u64,
        /// How many the projection holds. Where it is the same number, they are others.
        found_movements: u64,
    },
    /// What the projection keeps of an account that was changed is not what follows from the log.
    AccountDiffers {
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
        /// What of it.
        fault: AccountFault,
    },
    /// What an entry records of its hold is not what follows from the entries ahead of it.
    EntryDiffers {
        /// The entry.
        #[serde(serialize_with = "number")]
        entry: EntryNumber,
    },
    /// What the projection keeps of a hold is not what follows from the log.
    HoldDiffers {
        /// The hold.
        #[serde(serialize_with = "number")]
        hold: EntryNumber,
        /// In which way.
        fault: ProjectionFault,
    },
    /// The holds that name an account, as the projection has them, are not those that follow from the log.
    HoldsOfAccountDiffer {
        /// The account.
        #[serde(serialize_with = "text")]
        account: Address,
    },
    /// What the projection keeps of how far a transaction was reversed is not what follows from the log.
    ReversalDiffers {
        /// The transaction.
        #[serde(serialize_with = "number")]
        transaction: EntryNumber,
        /// In which way.
        fault: ProjectionFault,
    },
    /// What the projection keeps of a transaction is not what follows from the log.
    TransactionDiffers {
        /// The transaction: the number of its entry.
        #[serde(serialize_with = "number")]
        transaction: EntryNumber,
        /// What of it.
        fault: TransactionFault,
    },
    /// Something stored cannot be what Florin wrote, so that what comes after it was not looked at.
    Unreadable {
        /// What was being read.
        stage: Stage,
        /// What the store says of it.
        problem: String,
    },
}

/// What of an account differs from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountFault {
    /// The log changes the account, and the projection does not have it.
    Missing,
    /// The projection has the account, and the log never changed it.
    Unexpected,
    /// Its policy.
    Policy,
    /// Its metadata.
    Metadata,
    /// Which entries changed it.
    Changes,
    /// The metadata that it is found by.
    Index,
}

/// What of a transaction differs from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionFault {
    /// The log changes what is kept beside the transaction, and the projection does not have it.
    Missing,
    /// The projection has a change of it, and the log never changed it.
    Unexpected,
    /// Its metadata.
    Metadata,
    /// Which entries changed it.
    Changes,
    /// The metadata that it is found by.
    Index,
}

/// In which way a row of a projection differs from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionFault {
    /// It follows from the log, and the projection does not have it.
    Missing,
    /// The projection has it, and it does not follow from the log.
    Unexpected,
    /// Both have it, and it is another one.
    Differs,
}

impl fmt::Display for ProjectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Unexpected => "is kept, and the log does not have it",
            Self::Differs => "differs from the log",
        })
    }
}

/// The four counters of a balance, or of the sum of many, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(bound = "N: fmt::Display")]
pub struct Counters<N = Amount> {
    /// The sum of all credits.
    #[serde(serialize_with = "text")]
    pub posted_in: N,
    /// The sum of all debits.
    #[serde(serialize_with = "text")]
    pub posted_out: N,
    /// Held credits.
    #[serde(serialize_with = "text")]
    pub pending_in: N,
    /// Held debits.
    #[serde(serialize_with = "text")]
    pub pending_out: N,
}

impl From<Balance> for Counters {
    fn from(balance: Balance) -> Self {
        let Balance { posted_in, posted_out, pending_in, pending_out } = balance;
        Self { posted_in, posted_out, pending_in, pending_out }
    }
}

impl From<BalanceTotal> for Counters<Total> {
    fn from(sum: BalanceTotal) -> Self {
        let BalanceTotal { posted_in, posted_out, pending_in, pending_out } = sum;
        Self { posted_in, posted_out, pending_in, pending_out }
    }
}

impl Finding {
    pub(super) fn unreadable(stage: Stage, source: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(source), |&error| error.source());
        let problem = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self::Unreadable { stage, problem }
    }

    pub(super) fn entry_balance_differs(
        entry: EntryNumber,
        key: &BalanceKey,
        expected: Option<Balance>,
        found: Option<Balance>,
    ) -> Self {
        Self::EntryBalanceDiffers {
            entry,
            account: key.account.clone(),
            asset: key.asset.clone(),
            expected: expected.map(Counters::from),
            found: found.map(Counters::from),
        }
    }

    pub(super) fn balance_differs(
        key: &BalanceKey,
        expected: Option<Balance>,
        found: Option<Balance>,
    ) -> Self {
        Self::BalanceDiffers {
            account: key.account.clone(),
            asset: key.asset.clone(),
            expected: expected.map(Counters::from),
            found: found.map(Counters::from),
        }
    }

    pub(super) fn sum_differs(
        key: &RootKey,
        expected: Option<BalanceTotal>,
        found: Option<BalanceTotal>,
    ) -> Self {
        Self::SumDiffers {
            root: key.root.clone(),
            asset: key.asset.clone(),
            expected: expected.map(Counters::from),
            found: found.map(Counters::from),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumberDiffers { expected, found } => {
                write!(f, "entry {} stands where entry {} should", found.0, expected.0)
            }
            Self::HeadDiffers { head, log } => {
                write!(f, "the head counts {} entries, but the log ends before entry {}", head.0, log.0)
            }
            Self::TimeWentBack { entry, previous, found } => {
                let micros = previous.micros().abs_diff(found.micros());
                write!(f, "entry {} was recorded {micros} µs before the entry ahead of it", entry.0)
            }
            Self::ReferenceUsedTwice { reference, first, again } => {
                write!(f, "entry {} has the reference \"{reference}\" of entry {}", again.0, first.0)
            }
            Self::KeyUsedTwice { key, first, again } => {
                write!(f, "entry {} has the idempotency key \"{key}\" of entry {}", again.0, first.0)
            }
            Self::Rejected { entry, rejection } => {
                write!(f, "entry {} would be rejected: {}", entry.0, Reason(rejection))
            }
            Self::EntryBalanceDiffers { entry, account, asset, expected, found } => {
                let (expected, found) = (OrNone(*expected), OrNone(*found));
                write!(f, "entry {} records for {account} {asset}: {found}, expected: {expected}", entry.0)
            }
            Self::EntryBalancesUnordered { entry } => {
                write!(f, "entry {} records balances out of order or twice", entry.0)
            }
            Self::EntryNotConserved { entry, asset, change } => {
                write!(f, "entry {} changes the sum of all balances in {asset} by {change}", entry.0)
            }
            Self::BalanceDiffers { account, asset, expected, found } => {
                let (expected, found) = (OrNone(*expected), OrNone(*found));
                write!(f, "the balance of {account} {asset} is: {found}, the log says: {expected}")
            }
            Self::SumDiffers { root, asset, expected, found } => {
                let (expected, found) = (OrNone(*expected), OrNone(*found));
                write!(f, "the sum of all under {root}: in {asset} is: {found}, the log says: {expected}")
            }
            Self::BalancesNotConserved { asset, sum } => {
                write!(f, "all balances in {asset} sum to {sum}, not to 0")
            }
            Self::MovementsDiffer { account, asset, expected_movements, found_movements } => {
                write!(f, "the movements of {account} {asset} differ from the log (")?;
                write!(f, "entries found: {found_movements}, expected: {expected_movements})")
            }
            Self::ShiftedMovementsDiffer { account, asset, expected_movements, found_movements } => {
                write!(
                    f,
                    "what moved {account} {asset} at another time than it was recorded differs from the log "
                )?;
                write!(f, "(movements found: {found_movements}, expected: {expected_movements})")
            }
            Self::AccountDiffers { account, fault } => match fault {
                AccountFault::Missing => write!(f, "the log changes account {account}, which is missing"),
                AccountFault::Unexpected => {
                    write!(f, "account {account} is kept, and the log never changed it")
                }
                AccountFault::Policy => write!(f, "the policy of {account} differs from the log"),
                AccountFault::Metadata => write!(f, "the metadata of {account} differs from the log"),
                AccountFault::Changes => write!(f, "the changes of {account} differ from the log"),
                AccountFault::Index => write!(f, "what {account} is found by differs from its metadata"),
            },
            Self::TransactionDiffers { transaction: EntryNumber(number), fault } => match fault {
                TransactionFault::Missing => {
                    write!(f, "the log changes transaction {number}, of which no change is kept")
                }
                TransactionFault::Unexpected => {
                    write!(f, "a change of transaction {number} is kept, and the log never changed it")
                }
                TransactionFault::Metadata => {
                    write!(f, "the metadata of transaction {number} differs from the log")
                }
                TransactionFault::Changes => {
                    write!(f, "the changes of transaction {number} differ from the log")
                }
                TransactionFault::Index => {
                    write!(f, "what transaction {number} is found by differs from its metadata")
                }
            },
            Self::EntryDiffers { entry } => {
                write!(f, "entry {} does not say of its hold what follows from the log", entry.0)
            }
            Self::HoldDiffers { hold, fault } => write!(f, "hold {} {fault}", hold.0),
            Self::HoldsOfAccountDiffer { account } => write!(f, "the holds of {account} differ from the log"),
            Self::ReversalDiffers { transaction, fault } => {
                write!(f, "how far transaction {} was reversed {fault}", transaction.0)
            }
            Self::Unreadable { stage, problem } => {
                write!(f, "the {stage} cannot be read any further: {problem}")
            }
        }
    }
}

/// Writes counters, or that there are none.
struct OrNone<N>(Option<Counters<N>>);

impl<N: fmt::Display + Default + PartialEq> fmt::Display for OrNone<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Counters { posted_in, posted_out, pending_in, pending_out }) = &self.0 else {
            return f.write_str("nothing");
        };
        write!(f, "posted in {posted_in}, posted out {posted_out}")?;
        if *pending_in != N::default() || *pending_out != N::default() {
            write!(f, ", pending in {pending_in}, pending out {pending_out}")?;
        }
        Ok(())
    }
}

/// Writes a rejection for operators.
struct Reason<'a>(&'a Rejection);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rejection::ReferenceTaken { reference, entry } => {
                write!(f, "entry {} has the reference \"{reference}\"", entry.0)
            }
            Rejection::HoldNotFound { hold } => write!(f, "there is no hold {} that is open", hold.0),
            Rejection::TransactionNotFound { transaction } => {
                write!(f, "there is no transaction {} before it", transaction.0)
            }
            Rejection::HoldExpiryPassed { .. } => f.write_str("the hold expires before it is made"),
            Rejection::HoldNotOpen { hold, .. } => write!(f, "hold {} is not open", hold.0),
            Rejection::HoldNotDue { hold } => write!(f, "the time of hold {} has not come", hold.0),
            Rejection::HoldExceedsRemaining { hold, posting, remaining, amount } => {
                write!(f, "posting {posting} takes {amount} of hold {}, which has {remaining}", hold.0)
            }
            Rejection::ReversalExceedsOriginal { transaction, posting, remaining, amount } => {
                write!(f, "posting {posting} reverses {amount} of transaction {}, ", transaction.0)?;
                write!(f, "of which {remaining} is left")
            }
            Rejection::AccountClosed { posting, account } => {
                write!(f, "posting {posting} moves money of {account}, which is closed")
            }
            Rejection::AccountFrozen { posting, account, .. } => {
                write!(f, "posting {posting} moves money of {account}, which is frozen")
            }
            // Never of a recorded transaction, which moves amounts.
            Rejection::AccountUnbounded { posting, account, asset } => {
                write!(f, "posting {posting} takes all of {account} {asset}, which has no floor")
            }
            // Never of a transaction.
            Rejection::AccountTooLarge { account, .. } => write!(f, "account {account} would be too large"),
            // Never of what was recorded, which is as large as it may be at most.
            Rejection::TransactionTooLarge { transaction } => {
                write!(f, "too much would be kept beside transaction {}", transaction.0)
            }
            Rejection::InsufficientFunds { posting, account, asset, available, amount, .. } => {
                write!(f, "posting {posting} takes {amount} from {account} {asset}, which has {available}")
            }
            Rejection::AmountOverflow { posting, account, asset } => {
                write!(f, "posting {posting} overflows {account} {asset}")
            }
            // Never of a recorded transaction, which is decided again without expectations.
            Rejection::ExpectationFailed { expectation, account, .. } => {
                write!(f, "expectation {expectation} of {account} does not hold")
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn number<S: Serializer>(value: &EntryNumber, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(value.0)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn micros<S: Serializer>(value: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(value.micros())
}

fn text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn reason_text<S: Serializer>(value: &Rejection, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Reason(value))
}
