//! Rows in order, those that are one transaction together.

use std::io::Read;

use engine::Submission;
use ledger::Postings;

use super::mapping::{Mapping, MappingError};
use super::refusal::Refusal;
use super::table::{Table, TableError, TableRow};
use super::transactions::Composer;

/// When rows that belong together are too many: their bytes.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// A row of a file.
#[derive(Clone, Debug)]
pub struct Row(pub(super) TableRow);

impl Row {
    /// Returns the line in which it begins, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.0.line
    }
}

/// Rows that are one transaction.
#[derive(Debug)]
pub struct Group {
    /// The rows; at least one.
    pub rows: Vec<Row>,
    /// The transaction, or what is wrong with each row.
    pub submission: Result<Submission, Vec<Refusal>>,
}

/// What a row belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Belongs {
    /// Nothing but itself.
    Alone,
    /// The group of this name.
    To(String),
    /// That of the row before, or that of the row behind: its columns are not where they should be.
    Unknown,
}

/// The rows of a file, mapped.
pub struct Rows<R> {
    table: Table<R>,
    composer: Composer,
    /// The first row of the next group, with what makes it one.
    ahead: Option<(TableRow, Belongs)>,
    /// The group that has too many rows, of which there may be more.
    too_large: Option<String>,
}

impl<R: Read> Rows<R> {
    /// Opens a file and finds the columns.
    ///
    /// # Errors
    /// Those of [`OpenError`].
    pub fn open(mapping: &Mapping, key_prefix: Option<&str>, source: R) -> Result<Self, OpenError> {
        let table = Table::open(mapping.file, source)?;
        let composer = Composer::new(mapping, table.columns(), key_prefix)?;
        Ok(Self { table, composer, ahead: None, too_large: None })
    }

    /// Returns the file.
    #[must_use]
    pub fn table(&self) -> &Table<R> {
        &self.table
    }

    /// Reads the next rows that are one transaction. `None` at the end.
    ///
    /// # Errors
    /// Those of [`TableError`].
    pub fn next_group(&mut self) -> Result<Option<Group>, TableError> {
        let first = match self.ahead.take() {
            Some(first) => Some(first),
            None => self.read()?,
        };
        let Some((first, mut last)) = first else { return Ok(None) };
        if let Belongs::To(name) = &last
            && self.too_large.as_ref() == Some(name)
        {
            return Ok(Some(Group::too_large(vec![first])));
        }
        self.too_large = None;
        let mut bytes = first.fields.as_slice().len();
        let mut rows = vec![first];
        while last != Belongs::Alone {
            let Some((row, next)) = self.read()? else { break };
            // A row of which nobody knows where it belongs is refused, and with it whatever it may belong to.
            let together = next == last || next == Belongs::Unknown || last == Belongs::Unknown;
            if !together || next == Belongs::Alone {
                self.ahead = Some((row, next));
                break;
            }
            bytes += row.fields.as_slice().len();
            if rows.len() == Postings::MAX || bytes > GROUP_BYTES_MAX {
                self.too_large = [&next, &last].into_iter().find_map(Belongs::name);
                self.ahead = Some((row, next));
                return Ok(Some(Group::too_large(rows)));
            }
            rows.push(row);
            last = next;
        }
        let texts: Vec<_> = rows.iter().map(|row| (row.line, self.table.text_of(row))).collect();
        let submission = self.composer.compose(texts);
        Ok(Some(Group { rows: rows.into_iter().map(Row).collect(), submission }))
    }

    /// Reads a row, with what it belongs to.
    fn read(&mut self) -> Result<Option<(TableRow, Belongs)>, TableError> {
        let Some(row) = self.table.next()? else { return Ok(None) };
        let belongs = if !self.composer.groups() {
            Belongs::Alone
        } else if let Some(text) = self.table.lossy_text_of(&row) {
            self.composer.group(&text).map_or(Belongs::Alone, Belongs::To)
        } else {
            Belongs::Unknown
        };
        Ok(Some((row, belongs)))
    }
}

impl Belongs {
    fn name(&self) -> Option<String> {
        match self {
            Self::To(name) => Some(name.clone()),
            Self::Alone | Self::Unknown => None,
        }
    }
}

impl Group {
    fn too_large(rows: Vec<TableRow>) -> Self {
        let most = Postings::MAX;
        let refusal =
            Refusal::of_row(format!("more than {most} rows, or 16 MiB of them, are one transaction"));
        let submission = Err(vec![refusal; rows.len()]);
        Self { rows: rows.into_iter().map(Row).collect(), submission }
    }
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The mapping does not fit it.
    #[error("the mapping does not fit: {0}")]
    Mapping(#[from] MappingError),
}
