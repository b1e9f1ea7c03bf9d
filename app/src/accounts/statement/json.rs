//! A statement as JSON: one object, written piece by piece.

use engine::query::Clock;
use engine::statement::{BalancedLine, Part, Statement};
use schemars::JsonSchema;
use serde::Serialize;

use crate::accounts::DirectionView;
use crate::http::values::{
    AddressText, AmountText, AssetText, EntryNumberValue, LedgerNameText, SignedText, SumText, TimeText,
};

/// Which time a statement goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "StatementClock")]
pub enum ClockView {
    /// When transactions were written.
    Recorded,
    /// When they count.
    Effective,
}

/// What a statement is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "StatementHead")]
pub struct StatementHeadView {
    /// The ledger.
    pub ledger: LedgerNameText,
    /// The account.
    pub account: AddressText,
    /// Which time the period, the order and the balances go by.
    pub clock: ClockView,
    /// The first moment of the period; `null` for the beginning.
    pub from: Option<TimeText>,
    /// The first moment after the period; `null` for all that there was when the statement was asked for.
    pub to: Option<TimeText>,
}

/// An account's statement for a period.
#[derive(JsonSchema)]
#[schemars(rename = "Statement")]
#[expect(dead_code, reason = "only its schema is used: statements are written piece by piece")]
pub struct StatementView {
    /// What it is of.
    #[schemars(flatten)]
    head: StatementHeadView,
    /// What it says, asset by asset.
    assets: Vec<StatementSectionView>,
}

/// What a statement says of one asset: `opening`, and `credits` less `debits`, is `closing`.
#[derive(JsonSchema)]
#[schemars(rename = "StatementSection")]
#[expect(dead_code, reason = "only its schema is used: statements are written piece by piece")]
pub struct StatementSectionView {
    /// The beginning.
    #[schemars(flatten)]
    opening: OpeningView,
    /// What moved, oldest first.
    lines: Vec<PeriodLineView>,
    /// The end.
    #[schemars(flatten)]
    closing: ClosingView,
}

/// How an asset's part of a statement begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpeningView {
    /// What is counted.
    pub asset: AssetText,
    /// What the account had (posted) when the period began.
    pub opening: SignedText,
}

/// How an asset's part of a statement ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClosingView {
    /// The sum of the debits of the period.
    pub debits: SumText,
    /// The sum of the credits of the period.
    pub credits: SumText,
    /// What the account had (posted) when the period ended.
    pub closing: SignedText,
}

/// The account's side of one posting in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PeriodLine")]
pub struct PeriodLineView {
    /// The id of the transaction.
    pub transaction: EntryNumberValue,
    /// The place of the posting in it, from 0.
    pub posting: usize,
    /// When the transaction was written.
    pub recorded_at: TimeText,
    /// When the transaction counts.
    pub effective_at: TimeText,
    /// The account's side.
    pub direction: DirectionView,
    /// The account on the other side.
    pub counterparty: AddressText,
    /// How much moved.
    pub amount: AmountText,
    /// What the account had of the asset after this posting, in the order of the statement.
    pub balance: SignedText,
}

impl From<&BalancedLine> for PeriodLineView {
    fn from(balanced: &BalancedLine) -> Self {
        let dated = &balanced.dated;
        let line = &dated.line;
        Self {
            transaction: EntryNumberValue(line.entry),
            posting: line.posting,
            recorded_at: TimeText(dated.recorded_at),
            effective_at: TimeText(dated.effective_at),
            direction: line.direction.into(),
            counterparty: AddressText(line.counterparty.clone()),
            amount: AmountText(line.amount),
            balance: balanced.balance.into(),
        }
    }
}

pub(super) fn begin(statement: &Statement, out: &mut Vec<u8>) {
    let period = statement.period();
    let head = StatementHeadView {
        ledger: LedgerNameText(statement.ledger().clone()),
        account: AddressText(period.account.clone()),
        clock: match period.clock {
            Clock::Recorded => ClockView::Recorded,
            Clock::Effective => ClockView::Effective,
        },
        from: period.time.from.map(TimeText),
        to: period.time.to.map(TimeText),
    };
    write(&head, out);
    reopen(out, b",\"assets\":[");
}

pub(super) fn part(part: &Part, sections: usize, lines: usize, out: &mut Vec<u8>) {
    match part {
        Part::Nothing => {}
        Part::Opening { asset, balance } => {
            separate(sections, out);
            write(&OpeningView { asset: AssetText(asset.clone()), opening: (*balance).into() }, out);
            reopen(out, b",\"lines\":[");
        }
        Part::Lines(more) => {
            for (index, line) in more.iter().enumerate() {
                separate(lines + index, out);
                write(&PeriodLineView::from(line), out);
            }
        }
        Part::Closing { totals } => {
            out.extend_from_slice(b"],");
            let closing = ClosingView {
                debits: SumText(totals.debits),
                credits: SumText(totals.credits),
                closing: totals.balance.into(),
            };
            let begun = out.len();
            write(&closing, out);
            // Its members go on those of the opening.
            out.remove(begun);
        }
    }
}

pub(super) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"]}");
}

fn separate(before: usize, out: &mut Vec<u8>) {
    if before > 0 {
        out.push(b',');
    }
}

/// Goes on in an object that was just written.
fn reopen(out: &mut Vec<u8>, with: &[u8]) {
    out.pop();
    out.extend_from_slice(with);
}

fn write(view: &impl Serialize, out: &mut Vec<u8>) {
    // Texts and numbers always have a JSON form.
    serde_json::to_writer(out, view).expect("a view can be written as JSON");
}
