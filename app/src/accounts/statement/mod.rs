//! A statement on its way out: what each form makes of its parts.
//!
//! Nothing is kept of what was written but where it stands.

mod csv_rows;
mod json;
mod page;

use engine::query::Clock;
use engine::statement::{Part, Statement};

pub use self::json::*;
use crate::http::csv;
use crate::http::stream::Described;
use crate::http::text::{FromText, Message};

/// What a statement is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatementFormat {
    /// For programs.
    #[default]
    Json,
    /// For spreadsheets.
    Csv,
    /// For people: a page to look at and to print.
    Html,
}

impl FromText for StatementFormat {
    fn from_text(text: &str) -> Result<Self, Message> {
        match text {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "html" => Ok(Self::Html),
            _ => Err("must be json, csv or html".into()),
        }
    }
}

/// Writes a statement part by part.
#[derive(Debug)]
pub(super) struct Sheet {
    format: StatementFormat,
    clock: Clock,
    /// How many assets were begun.
    sections: usize,
    /// How many lines of the asset were written.
    lines: usize,
}

impl Sheet {
    /// Begins one, and returns what comes before all parts.
    pub(super) fn begin(format: StatementFormat, statement: &Statement) -> (Self, Vec<u8>) {
        let mut out = Vec::new();
        match format {
            StatementFormat::Json => json::begin(statement, &mut out),
            StatementFormat::Csv => csv_rows::begin(&mut out),
            StatementFormat::Html => page::begin(statement, &mut out),
        }
        (Self { format, clock: statement.period().clock, sections: 0, lines: 0 }, out)
    }

    /// Says what is sent.
    pub(super) fn described(&self, statement: &Statement) -> Described {
        let plain = |media_type| Described { media_type, file_name: None, policy: None };
        match self.format {
            StatementFormat::Json => plain("application/json"),
            StatementFormat::Csv => {
                let account = statement.period().account.as_str().replace(':', ".");
                let file_name = Some(format!("{}-{account}.csv", statement.ledger()));
                Described { file_name, ..plain(csv::MEDIA_TYPE) }
            }
            StatementFormat::Html => {
                Described { policy: Some(page::policy()), ..plain("text/html; charset=utf-8") }
            }
        }
    }

    /// Writes a part.
    pub(super) fn part(&mut self, part: &Part, out: &mut Vec<u8>) {
        match self.format {
            StatementFormat::Json => json::part(part, self.sections, self.lines, out),
            StatementFormat::Csv => csv_rows::part(part, out),
            StatementFormat::Html => page::part(part, self.clock, self.lines, out),
        }
        match part {
            Part::Opening { .. } => {
                self.sections += 1;
                self.lines = 0;
            }
            Part::Lines(lines) => self.lines += lines.len(),
            Part::Nothing | Part::Closing { .. } => {}
        }
    }

    /// Writes what comes after all parts.
    pub(super) fn end(&self, out: &mut Vec<u8>) {
        match self.format {
            StatementFormat::Json => json::end(out),
            StatementFormat::Csv => {}
            StatementFormat::Html => page::end(self.sections, out),
        }
    }
}
