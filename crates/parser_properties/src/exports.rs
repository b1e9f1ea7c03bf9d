//! Exports: what is read of a line is written as a line that reads the same.

use app_base::journals::{Format, NdjsonLines};
use engine::port::LogRecord;
use engine::query::Ledger;
use ledger::{Entry, EntryNumber, LedgerName, Metadata, Timestamp};

pub(crate) fn exports(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let Some(mut reader) = lines.next().and_then(|first| NdjsonLines::begin(first).ok()) else { return };
    let mut first = Vec::new();
    Format::Ndjson.begin(reader.ledger(), &mut first);
    let again = NdjsonLines::begin(first.trim_ascii_end()).expect("what is written is read");
    assert_eq!(again.ledger(), reader.ledger());
    for line in lines {
        let Ok(record) = reader.read(line) else { break };
        assert_eq!(read_back(&record), Ok(record), "an entry comes back as it is");
    }
}

/// Holds that an entry that a store has comes back from an export.
pub(crate) fn comes_back(record: &LogRecord) {
    assert_eq!(read_back(record).as_ref(), Ok(record), "an entry comes back as it is");
}

/// Writes the line of an entry, and reads it.
fn read_back(record: &LogRecord) -> Result<LogRecord, String> {
    let number = record.entry.number;
    let renumbered = LogRecord {
        entry: Entry { number: EntryNumber(0), ..record.entry.clone() },
        request: record.request.clone(),
    };
    let ledger = Ledger {
        name: LedgerName::parse("main").expect("a name"),
        created_at: Timestamp::default(),
        entries: EntryNumber(1),
        metadata: Metadata::default(),
    };
    let (mut first, mut line) = (Vec::new(), Vec::new());
    Format::Ndjson.begin(&ledger, &mut first);
    Format::Ndjson.record(&renumbered, &mut line);
    assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "an entry is one line");
    let mut reader = NdjsonLines::begin(first.trim_ascii_end()).map_err(|error| error.to_string())?;
    let mut read = reader.read(line.trim_ascii_end()).map_err(|error| error.to_string())?;
    read.entry.number = number;
    Ok(read)
}
