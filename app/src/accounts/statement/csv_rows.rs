//! A statement as CSV: a row for each opening balance, each line and each closing balance, in decimal numbers.

use engine::statement::{BalancedLine, Part};
use ledger::Direction;

use crate::http::csv::{Rows, text};
use crate::http::decimal::Decimal;
use crate::http::time::Rfc3339;

/// The names of the columns. docs/statements.md says what is in them.
const COLUMNS: [&str; 10] = [
    "kind",
    "asset",
    "transaction",
    "posting",
    "recorded_at",
    "effective_at",
    "counterparty",
    "debit",
    "credit",
    "balance",
];

pub(super) fn begin(out: &mut Vec<u8>) {
    Rows::after(out).row(COLUMNS);
}

pub(super) fn part(part: &Part, out: &mut Vec<u8>) {
    let mut rows = Rows::after(out);
    match part {
        Part::Nothing => {}
        Part::Opening { asset, balance } => {
            let balance = Decimal::signed(*balance, asset).to_string();
            rows.row(["opening", asset.as_str(), "", "", "", "", "", "", "", &balance]);
        }
        Part::Lines(lines) => lines.iter().for_each(|line| row(line, &mut rows)),
        Part::Closing { totals } => {
            let asset = &totals.asset;
            let [debits, credits] =
                [totals.debits, totals.credits].map(|sum| Decimal::sum(sum, asset).to_string());
            let balance = Decimal::signed(totals.balance, asset).to_string();
            rows.row(["closing", asset.as_str(), "", "", "", "", "", &debits, &credits, &balance]);
        }
    }
}

fn row(balanced: &BalancedLine, rows: &mut Rows<'_>) {
    let BalancedLine { dated, balance } = balanced;
    let line = &dated.line;
    let amount = Decimal::of(line.amount, &line.asset).to_string();
    let (debit, credit) = match line.direction {
        Direction::Debit => (&*amount, ""),
        Direction::Credit => ("", &*amount),
    };
    rows.row([
        "line",
        line.asset.as_str(),
        &line.entry.0.to_string(),
        &line.posting.to_string(),
        &Rfc3339(dated.recorded_at).to_string(),
        &Rfc3339(dated.effective_at).to_string(),
        &text(line.counterparty.as_str()),
        debit,
        credit,
        &Decimal::signed(*balance, &line.asset).to_string(),
    ]);
}
