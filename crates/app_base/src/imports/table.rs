//! Reads CSV row by row, and writes rows that were refused so that they can be read again. A row has a bound, so that a
//! quote that is never closed does not take the rest of the file into memory.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, StringRecord, Trim, WriterBuilder};

use super::refusal::Refusal;

/// The most bytes of a row.
const ROW_BYTES_MAX: usize = 256 << 10;
/// The columns that refused rows have beside their own.
const REFUSED_COLUMNS: [&str; 2] = ["refused_line", "refused_reason"];

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileFormat {
    pub(super) delimiter: u8,
    /// What stands around fields with delimiters and line breaks; none where nothing does.
    pub(super) quote: Option<u8>,
    /// Whether the first row has the names of the columns; they are numbered from 1 otherwise.
    pub(super) header: bool,
    /// Whether spaces around fields are left out.
    pub(super) trim: bool,
}

/// Why a file cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It could not be read.
    #[error("cannot read it")]
    Read(#[from] io::Error),
    /// A row has no end.
    #[error("the row that begins in line {line} has more than {ROW_BYTES_MAX} bytes: is a quote not closed?")]
    RowTooLong {
        /// The line.
        line: u64,
    },
    /// There is not even a first row.
    #[error("it is empty")]
    Empty,
    /// The names of the columns are no text.
    #[error("the names of its columns are not UTF-8")]
    HeaderNotText,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct TableRow {
    /// The line in which it begins, from 1.
    pub(super) line: u64,
    /// What it has, as it was read.
    pub(super) fields: ByteRecord,
}

/// A file of rows.
pub struct Table<R> {
    reader: csv::Reader<Bounded<R>>,
    format: FileFormat,
    columns: Vec<String>,
    /// The first row, where it has to be looked at to count the columns.
    first: Option<TableRow>,
}

impl<R: Read> Table<R> {
    /// Reads the names of the columns.
    pub(super) fn open(format: FileFormat, source: R) -> Result<Self, TableError> {
        let reader = ReaderBuilder::new()
            .delimiter(format.delimiter)
            .quoting(format.quote.is_some())
            .quote(format.quote.unwrap_or(b'"'))
            .trim(if format.trim { Trim::All } else { Trim::None })
            .has_headers(false)
            .flexible(true)
            .from_reader(Bounded { source, left: 0, lines: LineStarts::default() });
        let mut table = Self { reader, format, columns: Vec::new(), first: None };
        let first = table.read()?.ok_or(TableError::Empty)?;
        table.columns = if format.header {
            let names =
                StringRecord::from_byte_record(first.fields).map_err(|_| TableError::HeaderNotText)?;
            names.iter().map(str::to_owned).collect()
        } else {
            let columns = (1..=first.fields.len()).map(|number| number.to_string()).collect();
            table.first = Some(first);
            columns
        };
        Ok(table)
    }

    /// Returns the names of the columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns how many bytes have been read, up to the end of the last row.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Reads the next row.
    pub(super) fn next(&mut self) -> Result<Option<TableRow>, TableError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.read(),
        }
    }

    fn read(&mut self) -> Result<Option<TableRow>, TableError> {
        self.reader.get_mut().left = ROW_BYTES_MAX;
        let mut fields = ByteRecord::new();
        let before = self.reader.position().byte();
        let read = self.reader.read_byte_record(&mut fields);
        let line = self.reader.get_mut().lines.take_from(before);
        match read {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(TableRow { line, fields })),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    TableError::RowTooLong { line }
                }
                csv::ErrorKind::Io(error) => TableError::Read(error),
                other => TableError::Read(io::Error::other(format!("{other:?}"))),
            }),
        }
    }

    /// Takes a row as text, with as many fields as there are columns.
    pub(super) fn text_of(&self, row: &TableRow) -> Result<StringRecord, Refusal> {
        let (found, columns) = (row.fields.len(), self.columns.len());
        if found != columns {
            return Err(Refusal::of_row(format!(
                "the row has {found} fields, and there are {columns} columns"
            )));
        }
        StringRecord::from_byte_record(row.fields.clone()).map_err(|error| {
            let at = error.utf8_error().field();
            Refusal { column: self.columns.get(at).cloned(), reason: "is not UTF-8".into() }
        })
    }

    /// Takes a row as text, whatever is in its fields; `None` where it has more or fewer of them than there are columns.
    pub(super) fn lossy_text_of(&self, row: &TableRow) -> Option<StringRecord> {
        (row.fields.len() == self.columns.len())
            .then(|| StringRecord::from_byte_record_lossy(row.fields.clone()))
    }

    /// Begins a file of refused rows, with the columns of this one and two more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn refused<W: Write>(&self, into: W) -> io::Result<Written<W>> {
        let FileFormat { delimiter, quote, .. } = self.format;
        let writer = WriterBuilder::new()
            .delimiter(delimiter)
            .quote(quote.unwrap_or(b'"'))
            .quote_style(if quote.is_some() { QuoteStyle::Necessary } else { QuoteStyle::Never })
            .flexible(true)
            .from_writer(into);
        // A file of refused rows that is imported again has the two columns already.
        let own = self.columns.len().saturating_sub(REFUSED_COLUMNS.len());
        let again = self.format.header && self.columns[own..] == REFUSED_COLUMNS;
        let unquoted = quote.is_none().then(|| char::from(delimiter));
        let mut written = Written { writer, columns: self.columns.len(), again, unquoted };
        if self.format.header {
            written.write(self.columns.iter().map(String::as_bytes), REFUSED_COLUMNS)?;
        }
        Ok(written)
    }
}

/// A file of refused rows.
pub struct Written<W: Write> {
    writer: csv::Writer<W>,
    /// How many columns the file has that they are from.
    columns: usize,
    /// Whether the rows were refused before, and say so in their last columns.
    again: bool,
    /// The delimiter, where nothing stands around fields that have it in them.
    unquoted: Option<char>,
}

impl<W: Write> Written<W> {
    /// Writes a row, and why it was refused.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, row: &super::Row, refusal: &Refusal) -> io::Result<()> {
        let mut reason = refusal.to_string();
        if let Some(delimiter) = self.unquoted {
            reason = reason.replace([delimiter, '\r', '\n'], " ");
        }
        self.write(row.0.fields.iter(), [&row.line().to_string(), &reason])
    }

    /// Writes what is left, and returns what was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()))
    }

    /// Writes fields and the two that come behind. A row of another shape than its file stays one, with all that is in
    /// it: filled up or cut off it would be taken the next time, although nobody has looked at it.
    fn write<'f>(&mut self, fields: impl Iterator<Item = &'f [u8]>, more: [&str; 2]) -> io::Result<()> {
        let mut record: ByteRecord = fields.collect();
        let is_whole = record.len() == self.columns;
        if self.again && is_whole {
            record.truncate(self.columns - REFUSED_COLUMNS.len());
        }
        // Of another shape and refused before: it says already where it was and why.
        if is_whole || !self.again {
            for field in more {
                record.push_field(field.as_bytes());
            }
        }
        Ok(self.writer.write_byte_record(&record)?)
    }
}

/// A source of which only so much may be read at one time.
struct Bounded<R> {
    source: R,
    left: usize,
    lines: LineStarts,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(self.left);
        let count = self.source.read(&mut buffer[..most])?;
        self.left -= count;
        self.lines.add(&buffer[..count]);
        Ok(count)
    }
}

/// Where lines that are not blank begin, of what was read and not yet taken. The reader of rows counts lines as well,
/// but not those that are blank, nor the one that a line break of two characters ends.
#[derive(Default)]
struct LineStarts {
    starts: VecDeque<(u64, u64)>,
    bytes: u64,
    breaks: u64,
    inside: bool,
}

impl LineStarts {
    fn add(&mut self, bytes: &[u8]) {
        for (byte, offset) in bytes.iter().zip(self.bytes..) {
            let is_break = b"\r\n".contains(byte);
            if !is_break && !self.inside {
                self.starts.push_back((offset, self.breaks + 1));
            }
            self.inside = !is_break;
            self.breaks += u64::from(*byte == b'\n');
        }
        self.bytes += bytes.len() as u64;
    }

    /// Returns the first line that begins at a byte or behind it, and forgets those before.
    fn take_from(&mut self, byte: u64) -> u64 {
        while self.starts.front().is_some_and(|(offset, _)| *offset < byte) {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.breaks + 1, |(_, line)| *line)
    }
}
