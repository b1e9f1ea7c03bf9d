//! A statement as a page to look at and to print. It holds no script and asks nobody for anything; its style stands in
//! it, and the policy sent with it lets nothing else in.

use std::fmt::{Display, Write as _};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::query::Clock;
use engine::statement::{BalancedLine, Part, Statement};
use ledger::{Amount, Asset, Direction, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::http::decimal::Decimal;
use crate::http::time::Rfc3339;

const STYLE: &str = include_str!("../../../templates/statement.css");

/// What comes before all sections.
#[derive(Template)]
#[template(path = "statement_begin.html")]
struct Begin<'s> {
    style: &'static str,
    ledger: &'s str,
    account: &'s str,
    clock: &'static str,
    from: Option<Moment>,
    to: Option<Moment>,
}

/// How a section begins.
#[derive(Template)]
#[template(path = "statement_opening.html")]
struct Opening<'s> {
    clock: &'static str,
    asset: &'s str,
    balance: Figure,
}

/// Lines of a section.
#[derive(Template)]
#[template(path = "statement_lines.html")]
struct Lines<'s> {
    lines: Vec<Line<'s>>,
}

/// A line.
struct Line<'s> {
    time: Moment,
    transaction: u64,
    counterparty: &'s str,
    debit: Option<Figure>,
    credit: Option<Figure>,
    balance: Figure,
}

/// How a section ends.
#[derive(Template)]
#[template(path = "statement_closing.html")]
struct Closing {
    lines: usize,
    debits: Figure,
    credits: Figure,
    balance: Figure,
}

/// What comes after all sections.
#[derive(Template)]
#[template(path = "statement_end.html")]
struct End {
    sections: usize,
}

impl<'s> Line<'s> {
    fn of(balanced: &'s BalancedLine, clock: Clock) -> Self {
        let line = &balanced.dated.line;
        let amount = Figure::of(line.amount, &line.asset);
        let (debit, credit) = match line.direction {
            Direction::Debit => (Some(amount), None),
            Direction::Credit => (None, Some(amount)),
        };
        Self {
            time: Moment::to_the_second(match clock {
                Clock::Recorded => balanced.dated.recorded_at,
                Clock::Effective => balanced.dated.effective_at,
            }),
            transaction: line.entry.0,
            counterparty: line.counterparty.as_str(),
            debit,
            credit,
            balance: Figure(Decimal::signed(balanced.balance, &line.asset)),
        }
    }
}

/// Returns what the page may load: its own style.
pub(super) fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

pub(super) fn begin(statement: &Statement, out: &mut Vec<u8>) {
    let period = statement.period();
    let begin = Begin {
        style: STYLE,
        ledger: statement.ledger().as_str(),
        account: period.account.as_str(),
        clock: match period.clock {
            Clock::Recorded => "recorded",
            Clock::Effective => "effective",
        },
        from: period.time.from.map(Moment::from),
        to: period.time.to.map(Moment::from),
    };
    write(&begin, out);
}

pub(super) fn part(part: &Part, clock: Clock, lines: usize, out: &mut Vec<u8>) {
    match part {
        Part::Nothing => {}
        Part::Opening { asset, balance } => {
            let clock = match clock {
                Clock::Recorded => "Recorded",
                Clock::Effective => "Effective",
            };
            let balance = Figure(Decimal::signed(*balance, asset));
            write(&Opening { clock, asset: asset.as_str(), balance }, out);
        }
        Part::Lines(more) => {
            write(&Lines { lines: more.iter().map(|line| Line::of(line, clock)).collect() }, out);
        }
        Part::Closing { totals } => {
            let asset = &totals.asset;
            let closing = Closing {
                lines,
                debits: Figure(Decimal::sum(totals.debits, asset)),
                credits: Figure(Decimal::sum(totals.credits, asset)),
                balance: Figure(Decimal::signed(totals.balance, asset)),
            };
            write(&closing, out);
        }
    }
}

pub(super) fn end(sections: usize, out: &mut Vec<u8>) {
    write(&End { sections }, out);
}

fn write(template: &impl Template, out: &mut Vec<u8>) {
    Template::write_into(template, out).expect("memory takes everything");
}

/// How many characters a number may have before it is broken into lines.
const FIGURE_MAX: usize = 22;

/// A number for people: a real minus sign, and groups of three digits with narrow spaces between them, at which no line
/// breaks unless the number is very long (ISO 80000-1, 7.3.1).
struct Figure(Decimal);

impl Figure {
    fn of(amount: Amount, asset: &Asset) -> Self {
        Self(Decimal::of(amount, asset))
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", &*text), |digits| ("\u{2212}", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_long = digits.len() > FIGURE_MAX;
        let space = if is_long { '\u{2009}' } else { '\u{202f}' };
        f.write_str(sign)?;
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                f.write_char(space)?;
            }
            f.write_char(digit)?;
        }
        for (index, digit) in fraction.chars().enumerate() {
            match index {
                0 => f.write_char('.')?,
                index if is_long && index.is_multiple_of(3) => f.write_char(space)?,
                _ => {}
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A time for people, in UTC.
struct Moment(String);

impl Moment {
    /// Leaves out what is finer than a second: which transaction it is, its number says.
    fn to_the_second(time: Timestamp) -> Self {
        let mut text = Rfc3339(time).to_string().replace('T', " ");
        text.truncate("2026-01-31 12:00:00".len());
        Self(text)
    }
}

/// To the second where that is all of it.
impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let text = Rfc3339(time).to_string().replace('T', " ");
        let text = text.trim_end_matches('Z');
        Self(text.strip_suffix(".000000").unwrap_or(text).to_owned())
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_never_rounded() {
        for (minor_units, asset, text) in [
            (0, "USD/2", "0.00"),
            (-123_456_789, "USD/2", "\u{2212}1\u{202f}234\u{202f}567.89"),
            (1_000, "POINTS", "1\u{202f}000"),
            (100, "POINTS", "100"),
            (123_456, "BTC/8", "0.00123456"),
            (
                12_345,
                "TINY/22",
                "0.000\u{2009}000\u{2009}000\u{2009}000\u{2009}000\u{2009}001\u{2009}234\u{2009}5",
            ),
        ] {
            let figure = Figure(Decimal::signed(minor_units, &Asset::parse(asset).unwrap()));
            assert_eq!(figure.to_string(), text);
        }
    }

    #[test]
    fn moments_are_as_fine_as_they_have_to_be() {
        for (micros, text) in [(0, "1970-01-01 00:00:00"), (1, "1970-01-01 00:00:00.000001")] {
            let time = Timestamp::from_micros(micros).unwrap();
            assert_eq!(Moment::from(time).to_string(), text);
            assert_eq!(Moment::to_the_second(time).to_string(), "1970-01-01 00:00:00");
        }
    }

    #[test]
    fn the_policy_lets_in_the_style_that_stands_in_the_page() {
        let begin =
            Begin { style: STYLE, ledger: "l", account: "a", clock: "recorded", from: None, to: None };
        let page = begin.render().unwrap();
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(policy().contains(&format!("style-src 'sha256-{hash}';")));
    }

    #[test]
    fn text_stays_text() {
        let script = "<script>alert(1)</script>\"'&";
        let begin =
            Begin { style: "", ledger: script, account: script, clock: "recorded", from: None, to: None };
        let opening = Opening {
            clock: "",
            asset: script,
            balance: Figure::of(Amount::ZERO, &Asset::parse("X").unwrap()),
        };
        for page in [begin.render().unwrap(), opening.render().unwrap()] {
            assert!(!page.contains("<script") && !page.contains("\"'&"), "{page}");
        }
    }
}
