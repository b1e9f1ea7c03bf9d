//! Imports of Florin's own form: the same entries again, each checked before it is written.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use app_base::configuration::{DatabaseConfig, DatabaseUrl};
use app_base::journals::{LineError, NdjsonLines};
use app_base::storage::{self, IfMissing};
use engine::import::{Import, ImportError, Imported, is_full};
use engine::port::Store;
use engine::query::NewLedger;
use ledger::LedgerName;
use tempfile::TempDir;

use super::source::Source;
use crate::arguments;
use crate::commands::print;
use crate::commands::progress::Lines;

/// The line of entry 0.
const FIRST_ENTRY_LINE: u64 = 2;

/// Imports, and says whether all lines were good. A dry run writes to a database of its own, so that all is checked as
/// it would be, however long the file is.
pub(super) async fn import(
    config: &DatabaseConfig,
    store: &dyn Store,
    ledger: &LedgerName,
    asked: &arguments::Import,
) -> anyhow::Result<bool> {
    let source = Source::open(&asked.file)?;
    let shown = Lines::new(ledger.as_str(), source.bytes);
    let file = File { reader: BufReader::new(source.reader), line: Vec::new(), lines: 0, bytes: 0 };
    let mut run = Run { store, ledger, file, shown, sums: Imported::default() };
    let ended = if asked.dry_run {
        let scratch = Scratch::make(config).await.context("cannot make a database to try it out on")?;
        let ended = run.all(Some(&*scratch.store)).await;
        scratch.store.close().await;
        ended
    } else {
        run.all(None).await
    };
    let Run { shown, sums: Imported { found, written }, .. } = run;
    drop(shown);
    let stopped = match ended {
        Ok(()) => None,
        Err(Stopped::Line(line, reason)) => Some((line, reason)),
        Err(Stopped::Read(error)) => {
            return Err(error).with_context(|| format!("cannot read {}", source.name));
        }
        Err(Stopped::Failed(error)) => return Err(error),
    };
    let were = if asked.dry_run { "would be written" } else { "were written" };
    print(&format!("{ledger}: {written} entries {were}, {found} were there already\n"))?;
    let Some((line, reason)) = stopped else { return Ok(true) };
    eprintln!("line {line}: {reason}");
    if asked.dry_run {
        eprintln!("stopped there; nothing was written");
    } else {
        let entries = found + written;
        eprintln!(
            "stopped there; the ledger has the first {entries} entries of the file, all of them checked. Importing the \
             file again, corrected or complete, goes on behind them."
        );
    }
    Ok(false)
}

/// A database that is gone when this is dropped.
struct Scratch {
    store: Arc<dyn Store>,
    _folder: TempDir,
}

impl Scratch {
    async fn make(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("scratch.db");
        let url = DatabaseUrl::new(format!("sqlite://{}", path.display()));
        let storage = storage::open(&DatabaseConfig { url, ..config.clone() }, IfMissing::Create).await?;
        storage.migrate().await?;
        Ok(Self { store: storage.store(), _folder: folder })
    }
}

/// Why an import stops.
enum Stopped {
    /// A line is not good.
    Line(u64, String),
    /// The file cannot be read.
    Read(std::io::Error),
    /// Something else does not work.
    Failed(anyhow::Error),
}

struct Run<'a> {
    store: &'a dyn Store,
    ledger: &'a LedgerName,
    file: File,
    shown: Lines,
    sums: Imported,
}

impl Run<'_> {
    /// Imports all lines; where there is a store to try it out on, into that one.
    async fn all(&mut self, scratch: Option<&dyn Store>) -> Result<(), Stopped> {
        if !self.file.next()? {
            let reason = "there is no line; an export begins with one for the ledger";
            return Err(Stopped::Line(1, reason.to_owned()));
        }
        let bad = |line: u64| move |error: LineError| Stopped::Line(line, error.to_string());
        let mut lines = NdjsonLines::begin(&self.file.line).map_err(bad(1))?;
        let exported = lines.ledger();
        let (name, created_at, metadata) =
            (self.ledger.clone(), exported.created_at, exported.metadata.clone());
        let new = NewLedger { name, created_at, metadata, request: None };
        let mut import = Import::begin(scratch.unwrap_or(self.store), new).await.map_err(stopped)?;
        let mut comparison = match scratch {
            Some(_) => Some(Import::compare(self.store, self.ledger).await.map_err(stopped)?),
            None => None,
        };
        let stage = if scratch.is_some() { "checking" } else { "importing" };
        let mut records = Vec::new();
        loop {
            let ended = !self.file.next()?;
            if !ended {
                records.push(lines.read(&self.file.line).map_err(bad(self.file.lines))?);
            } else if !lines.is_complete() {
                let (found, expected) = (lines.next().0, lines.ledger().entries.0);
                let reason = format!("the file ends after {found} of {expected} entries: it is not complete");
                return Err(Stopped::Line(self.file.lines + 1, reason));
            }
            if ended || is_full(&records) {
                let taken = import.take(&records).await;
                self.sums = import.so_far();
                taken.map_err(stopped)?;
                if let Some(comparison) = &mut comparison {
                    comparison.take(&records).await.map_err(stopped)?;
                    self.sums = comparison.so_far();
                }
                records.clear();
                self.shown.update(stage, self.file.lines, self.file.bytes);
            }
            if ended {
                return Ok(());
            }
        }
    }
}

/// Says in which line an import stopped, where it was for a line.
fn stopped(error: ImportError) -> Stopped {
    match &error {
        ImportError::Refused { entry, .. } | ImportError::Differs { entry } => {
            Stopped::Line(entry.0 + FIRST_ENTRY_LINE, error.to_string())
        }
        ImportError::SetBack { .. }
        | ImportError::Create(_)
        | ImportError::Begin(_)
        | ImportError::Commit(_)
        | ImportError::Read(_) => Stopped::Failed(anyhow!(error).context(
            "the import did not get through; what it wrote is checked, and importing the file again goes on behind it",
        )),
    }
}

/// A file, line by line.
struct File {
    reader: BufReader<Box<dyn Read>>,
    /// The last line that was read, without what ends it.
    line: Vec<u8>,
    lines: u64,
    bytes: u64,
}

impl File {
    /// Reads a line. `false` at the end.
    fn next(&mut self) -> Result<bool, Stopped> {
        self.line.clear();
        let most = NdjsonLines::LINE_BYTES_MAX as u64 + 1;
        let count =
            self.reader.by_ref().take(most).read_until(b'\n', &mut self.line).map_err(Stopped::Read)?;
        if count == 0 {
            return Ok(false);
        }
        self.lines += 1;
        self.bytes += count as u64;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if count as u64 == most {
            return Err(Stopped::Line(self.lines, format!("the line has more than {} bytes", most - 1)));
        }
        Ok(true)
    }
}
