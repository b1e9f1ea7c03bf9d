//! What replies about schedules look like.

use engine::schedules::{Recurrence, RunOutcome, Schedule, ScheduleRun, ScheduleState, Timing};
use ledger::{Bounds, Expectation, LedgerName, PostTransaction, Posting, Quantity};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::values::{
    AddressText, AssetText, EntryNumberValue, LedgerNameText, MetadataValue, QuantityValue, ReferenceText,
    RuleText, RunOutcomeText, ScheduleIdValue, ScheduleStateText, SignedText, TimeText, ZoneText,
};

/// A transaction that is posted later, once or by a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Schedule")]
pub struct ScheduleView {
    /// Its number in the ledger.
    pub id: ScheduleIdValue,
    /// The ledger that it is for.
    pub ledger: LedgerNameText,
    /// Where it is in its life.
    pub state: ScheduleStateText,
    /// What it posts.
    pub transaction: ScheduledTransactionView,
    /// When it posts, once; null where it has a rule.
    pub at: Option<TimeText>,
    /// When it posts, again and again; null where it posts once.
    pub rule: Option<RecurrenceView>,
    /// What the caller keeps beside it.
    pub metadata: MetadataValue,
    /// When it posts next; null where it is not active.
    pub next_at: Option<TimeText>,
    /// When it was created.
    pub created_at: TimeText,
    /// When its state changed last.
    pub updated_at: TimeText,
}

/// What a schedule posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScheduledTransaction")]
pub struct ScheduledTransactionView {
    /// What is to move, in order.
    pub postings: Vec<ScheduledPostingView>,
    /// The name that it gets.
    pub reference: Option<ReferenceText>,
    /// When it counts; null where it counts when it is due.
    pub effective_at: Option<TimeText>,
    /// What is kept beside it.
    pub metadata: MetadataValue,
    /// What has to hold once all postings are through.
    pub expect: Vec<ExpectationView>,
}

/// A movement that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScheduledPosting")]
pub struct ScheduledPostingView {
    /// The account to debit.
    pub source: AddressText,
    /// The account to credit.
    pub destination: AddressText,
    /// What to move.
    pub asset: AssetText,
    /// How much to move.
    pub amount: QuantityValue,
}

/// What has to hold of a balance, or of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Expectation")]
pub struct ExpectationView {
    /// The account.
    pub account: AddressText,
    /// The asset; null where none is named.
    pub asset: Option<AssetText>,
    /// Bounds of what is posted; null where there are none.
    pub posted: Option<BoundsView>,
    /// Bounds of what is available; null where there are none.
    pub available: Option<BoundsView>,
    /// Bounds of the account's version; null where there are none.
    pub version: Option<BoundsView>,
}

/// Bounds of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Bounds")]
pub struct BoundsView {
    /// The figure has to be this or more.
    pub at_least: Option<SignedText>,
    /// The figure has to be this or less.
    pub at_most: Option<SignedText>,
    /// The figure has to be this.
    pub equals: Option<SignedText>,
}

/// A calendar rule with its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Recurrence")]
pub struct RecurrenceView {
    /// The rule.
    pub rrule: RuleText,
    /// From when on it falls.
    pub starts_at: TimeText,
    /// On which clock it is read.
    pub time_zone: ZoneText,
}

/// What came of an occurrence of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleRun")]
pub struct RunView {
    /// When it was due.
    pub due_at: TimeText,
    /// When what came of it was recorded.
    pub recorded_at: TimeText,
    /// What came of it.
    pub outcome: RunOutcomeText,
    /// The id of the transaction; null where it was rejected.
    pub transaction: Option<EntryNumberValue>,
    /// The code of the problem for which it was rejected; null where it was posted.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
}

impl ScheduleView {
    /// Shows a schedule.
    #[must_use]
    pub fn of(ledger: LedgerName, schedule: Schedule) -> Self {
        let Schedule { id, created_at, definition, version: _, progress } = schedule;
        let (at, rule) = match &definition.timing {
            Timing::Once(at) => (Some(TimeText(*at)), None),
            Timing::Rule(recurrence) => (None, Some(recurrence.into())),
        };
        let next_at = progress.next_at.filter(|_| progress.state == ScheduleState::Active);
        Self {
            id: ScheduleIdValue(id),
            ledger: LedgerNameText(ledger),
            state: ScheduleStateText(progress.state),
            transaction: definition.transaction.into(),
            at,
            rule,
            metadata: MetadataValue(definition.metadata),
            next_at: next_at.map(TimeText),
            created_at: TimeText(created_at),
            updated_at: TimeText(progress.changed_at),
        }
    }
}

impl From<PostTransaction> for ScheduledTransactionView {
    fn from(transaction: PostTransaction) -> Self {
        Self {
            postings: transaction.postings.as_slice().iter().map(ScheduledPostingView::from).collect(),
            reference: transaction.reference.map(ReferenceText),
            effective_at: transaction.effective_at.map(TimeText),
            metadata: MetadataValue(transaction.metadata),
            expect: transaction.expectations.as_slice().iter().map(ExpectationView::from).collect(),
        }
    }
}

impl From<&Posting<Quantity>> for ScheduledPostingView {
    fn from(posting: &Posting<Quantity>) -> Self {
        Self {
            source: AddressText(posting.source().clone()),
            destination: AddressText(posting.destination().clone()),
            asset: AssetText(posting.asset().clone()),
            amount: QuantityValue(posting.amount()),
        }
    }
}

impl From<&Expectation> for ExpectationView {
    fn from(expectation: &Expectation) -> Self {
        let bounds = |Bounds { at_least, at_most, equals }: Bounds| {
            let text = |units: Option<i128>| units.map(SignedText::from);
            let view = BoundsView { at_least: text(at_least), at_most: text(at_most), equals: text(equals) };
            [at_least, at_most, equals].iter().any(Option::is_some).then_some(view)
        };
        Self {
            account: AddressText(expectation.account().clone()),
            asset: expectation.key().map(|key| AssetText(key.asset.clone())),
            posted: bounds(expectation.bounds().posted),
            available: bounds(expectation.bounds().available),
            version: bounds(expectation.bounds().version),
        }
    }
}

impl From<&Recurrence> for RecurrenceView {
    fn from(recurrence: &Recurrence) -> Self {
        Self {
            rrule: RuleText(recurrence.rule().clone()),
            starts_at: TimeText(recurrence.starts_at()),
            time_zone: ZoneText(recurrence.zone().clone()),
        }
    }
}

impl From<ScheduleRun> for RunView {
    fn from(run: ScheduleRun) -> Self {
        let (outcome, transaction, code, detail) = match run.outcome {
            RunOutcome::Posted(entry) => (RunOutcomeText::Posted, Some(EntryNumberValue(entry)), None, None),
            RunOutcome::Rejected { code, detail } => {
                (RunOutcomeText::Rejected, None, Some(code), Some(detail))
            }
        };
        let (due_at, recorded_at) = (TimeText(run.due_at), TimeText(run.recorded_at));
        Self { due_at, recorded_at, outcome, transaction, code, detail }
    }
}
