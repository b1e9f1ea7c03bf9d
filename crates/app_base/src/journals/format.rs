//! The formats of exports, and what each makes of an entry.

use engine::port::LogRecord;
use engine::query::Ledger;
use ledger::EntryBody;

use super::plain_text::Program;
use super::{beancount, csv_rows, ndjson, plain_text};
use crate::http::csv;
use crate::http::text::{FromText, Message};

/// What an export is written in. docs/exports.md says what each holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Florin's own: a line of JSON for the ledger, then one for each entry, with all that was recorded.
    #[default]
    Ndjson,
    /// A row for each posting.
    Csv,
    /// A journal for hledger.
    Hledger,
    /// A journal for Ledger, the program.
    Ledger,
    /// A journal for Beancount.
    Beancount,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ndjson, Self::Csv, Self::Hledger, Self::Ledger, Self::Beancount];

    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Hledger => "hledger",
            Self::Ledger => "ledger",
            Self::Beancount => "beancount",
        }
    }

    /// Returns the format of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns the media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => csv::MEDIA_TYPE,
            Self::Hledger | Self::Ledger | Self::Beancount => "text/plain; charset=utf-8",
        }
    }

    /// Returns what the names of files end with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            // As their own programs call them; the others are called after themselves.
            Self::Hledger => "journal",
            _ => self.name(),
        }
    }

    /// Writes what comes before the entries.
    pub fn begin(self, ledger: &Ledger, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson => ndjson::ledger(ledger, out),
            Self::Csv => csv_rows::header(out),
            Self::Hledger => plain_text::begin(Program::Hledger, ledger, out),
            Self::Ledger => plain_text::begin(Program::Ledger, ledger, out),
            Self::Beancount => beancount::begin(ledger, out),
        }
    }

    /// Writes an entry. The one place that knows the kinds of entries: what a new one means for each format is for
    /// this function to say.
    pub fn record(self, record: &LogRecord, out: &mut Vec<u8>) {
        match (&record.entry.body, self) {
            (_, Self::Ndjson) => ndjson::entry(record, out),
            (EntryBody::Transaction(transaction), Self::Csv) => {
                csv_rows::transaction(record, transaction, out);
            }
            (EntryBody::Transaction(transaction), Self::Hledger) => {
                plain_text::transaction(Program::Hledger, &record.entry, transaction, out);
            }
            (EntryBody::Transaction(transaction), Self::Ledger) => {
                plain_text::transaction(Program::Ledger, &record.entry, transaction, out);
            }
            (EntryBody::Transaction(transaction), Self::Beancount) => {
                beancount::transaction(&record.entry, transaction, out);
            }
            // Nothing is posted: only what is to be read back has it.
            (
                EntryBody::Account(_)
                | EntryBody::TransactionChange(_)
                | EntryBody::Hold(_)
                | EntryBody::Release(_),
                _,
            ) => {}
        }
    }
}

impl FromText for Format {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text).ok_or_else(|| "must be ndjson, csv, hledger, ledger or beancount".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_names() {
        for format in Format::ALL {
            assert_eq!(Format::from_text(format.name()), Ok(format));
            assert!(Format::from_text("").unwrap_err().contains(format.name()));
        }
        assert!(Format::from_text("NDJSON").is_err());
    }
}
