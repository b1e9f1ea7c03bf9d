//! Imports of CSV: each row a command like any other, under a key that follows from the row, so that importing it
//! again moves nothing twice.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use app_base::imports::{Group, Mapping, Refusal, Row, Rows, Table, Written, refused_by_ledger};
use engine::port::{ReadError, Store};
use engine::{Engine, EngineMetrics, EngineOptions, Outcome, Rehearsal, Submission, SubmitError};
use futures_util::future::join_all;
use ledger::LedgerName;
use prometheus_client::registry::Registry;

use super::source::Source;
use crate::arguments;
use crate::commands::print;
use crate::commands::progress::Lines;

/// When no more rows are sent on their way before there are answers. Those of the last transaction may be more, and a
/// queue has room for all of them.
const ROWS_AT_ONCE: usize = 1_000;

/// How many refused rows are told of on standard error.
const TOLD_MAX: u64 = 100;

/// What came of the rows.
#[derive(Default)]
struct Sums {
    rows: u64,
    transactions: u64,
    there: u64,
    refused: u64,
}

/// Imports, and says whether no row was refused.
pub(super) async fn import(
    store: &Arc<dyn Store>,
    ledger: &LedgerName,
    asked: &arguments::Import,
) -> anyhow::Result<bool> {
    let mapping = read_mapping(asked.mapping.as_deref().context("--format csv needs --mapping")?)?;
    if let Some(path) = asked.refused.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        bail!("`{}` is there already, and is not overwritten", path.display());
    }
    match store.ledger(ledger).await {
        Ok(_) => {}
        Err(ReadError::LedgerNotFound) => bail!("there is no ledger `{ledger}`"),
        Err(error) => return Err(error).context("cannot read the ledger"),
    }
    let source = Source::open(&asked.file)?;
    let rows = Rows::open(&mapping, asked.key_prefix.as_deref(), source.reader);
    let mut run = Run {
        rows: rows.with_context(|| source.name.clone())?,
        ahead: None,
        refused: Refused { path: asked.refused.as_deref(), written: None, told: 0 },
        sums: Sums::default(),
    };
    let ledger_side = if asked.dry_run {
        LedgerSide::Rehearsal(Box::new(Rehearsal::new(&**store, ledger.clone())))
    } else {
        // Nobody reads them.
        let metrics = EngineMetrics::register(&mut Registry::default());
        LedgerSide::Engine(Engine::start(Arc::clone(store), EngineOptions::default(), metrics), ledger)
    };
    let shown = Lines::new(ledger.as_str(), source.bytes);
    let ended = run.all(ledger_side, shown, asked.max_refused).await;
    let kept = run.refused.keep();
    let Sums { rows, transactions, there, refused } = run.sums;
    let were = if asked.dry_run { "would be written" } else { "were written" };
    print(&format!(
        "{ledger}: {rows} rows; {transactions} transactions {were}, {there} were there already; {refused} rows refused\n"
    ))?;
    kept?;
    ended.with_context(|| source.name.clone())?;
    Ok(refused == 0)
}

fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let shown = path.display();
    let mut text = String::new();
    let file = File::open(path).with_context(|| format!("cannot read the mapping `{shown}`"))?;
    let most = Mapping::BYTES_MAX;
    let read = file.take(most + 1).read_to_string(&mut text);
    if read.with_context(|| format!("cannot read the mapping `{shown}`"))? as u64 > most {
        bail!("the mapping `{shown}` has more than {most} bytes");
    }
    Mapping::parse(&text).with_context(|| format!("the mapping `{shown}`"))
}

/// What decides on transactions.
enum LedgerSide<'a> {
    Engine(Engine, &'a LedgerName),
    Rehearsal(Box<Rehearsal<'a>>),
}

impl LedgerSide<'_> {
    /// Sends transactions on their way, in order, and returns what came of each.
    async fn submit(
        &mut self,
        submissions: Vec<Submission>,
    ) -> anyhow::Result<Vec<Result<Outcome, SubmitError>>> {
        match self {
            Self::Rehearsal(rehearsal) => Ok(rehearsal.submit(&submissions).await?),
            Self::Engine(engine, ledger) => {
                let sent = submissions.into_iter().map(|submission| engine.submit(ledger, submission));
                let answers = join_all(sent).await.into_iter();
                Ok(answers.map(|answer| answer.map(|submitted| submitted.outcome)).collect())
            }
        }
    }
}

struct Run<'a> {
    rows: Rows<Box<dyn io::Read>>,
    /// What was read and has to wait for what is on its way.
    ahead: Option<Group>,
    refused: Refused<'a>,
    sums: Sums,
}

impl Run<'_> {
    async fn all(
        &mut self,
        mut ledger: LedgerSide<'_>,
        mut shown: Lines,
        max_refused: Option<u64>,
    ) -> anyhow::Result<()> {
        let ended = loop {
            let chunk = self.chunk()?;
            let Some(last) = chunk.last().and_then(|group| group.rows.last()).map(Row::line) else {
                break Ok(());
            };
            self.some(&mut ledger, chunk).await?;
            shown.update("importing", last, self.rows.table().bytes());
            if max_refused.is_some_and(|most| self.sums.refused > most) {
                break Err(last);
            }
        };
        if let LedgerSide::Engine(engine, _) = ledger {
            engine.drain().await;
        }
        if let Err(line) = ended {
            bail!(
                "stopped behind line {line}, as more rows were refused than may be; no row after it was looked at"
            );
        }
        Ok(())
    }

    /// Reads as many rows as may be on their way. No two of them have the same key: the second one's answer is
    /// what came of the first.
    fn chunk(&mut self) -> anyhow::Result<Vec<Group>> {
        let (mut chunk, mut rows, mut keys) = (Vec::new(), 0, HashSet::new());
        while rows < ROWS_AT_ONCE {
            let next = match self.ahead.take() {
                Some(ahead) => Some(ahead),
                None => self.rows.next_group()?,
            };
            let Some(group) = next else { break };
            let key = group.submission.as_ref().ok().and_then(|submission| submission.key.clone());
            if key.is_some_and(|key| !keys.insert(key)) {
                self.ahead = Some(group);
                break;
            }
            rows += group.rows.len();
            chunk.push(group);
        }
        Ok(chunk)
    }

    /// Imports some transactions.
    async fn some(&mut self, ledger: &mut LedgerSide<'_>, chunk: Vec<Group>) -> anyhow::Result<()> {
        let good = chunk.iter().filter_map(|group| group.submission.as_ref().ok()).cloned().collect();
        let mut answers = ledger.submit(good).await?.into_iter();
        let mut failed = None;
        for Group { rows, submission } in chunk {
            self.sums.rows += rows.len() as u64;
            let refusals = match submission {
                Err(refusals) => refusals,
                Ok(_) => match answers.next().context("an answer for each")? {
                    Ok(Outcome::Recorded | Outcome::DryRun) => {
                        self.sums.transactions += 1;
                        continue;
                    }
                    Ok(Outcome::Replayed) => {
                        self.sums.there += 1;
                        continue;
                    }
                    Err(error) => {
                        if let Some(refusal) = refused_by_ledger(&error) {
                            vec![refusal; rows.len()]
                        } else {
                            failed.get_or_insert((rows[0].line(), error));
                            continue;
                        }
                    }
                },
            };
            self.sums.refused += rows.len() as u64;
            for (row, refusal) in rows.iter().zip(&refusals) {
                self.refused.add(self.rows.table(), row, refusal)?;
            }
        }
        match failed {
            Some((line, error)) => Err(error).with_context(|| {
                format!(
                    "line {line} did not get through, nor perhaps others near it; importing the file again goes on, and \
                     moves nothing twice"
                )
            }),
            None => Ok(()),
        }
    }
}

/// Where refused rows go.
struct Refused<'a> {
    path: Option<&'a Path>,
    /// Begun with the first row.
    written: Option<Written<BufWriter<File>>>,
    told: u64,
}

impl Refused<'_> {
    fn add(&mut self, table: &Table<Box<dyn io::Read>>, row: &Row, refusal: &Refusal) -> anyhow::Result<()> {
        self.told += 1;
        if self.told <= TOLD_MAX {
            eprintln!("line {}: {refusal}", row.line());
        } else if self.told == TOLD_MAX + 1 {
            eprintln!("further refused rows are counted only; --refused writes all of them to a file");
        }
        let Some(path) = self.path else { return Ok(()) };
        let writing = || format!("cannot write `{}`", path.display());
        if self.written.is_none() {
            let file = File::create_new(path).with_context(writing)?;
            self.written = Some(table.refused(BufWriter::new(file)).with_context(writing)?);
        }
        let written = self.written.as_mut().context("it was begun")?;
        written.row(row, refusal).with_context(writing)
    }

    /// Sees to it that all of them are on disk.
    fn keep(&mut self) -> anyhow::Result<()> {
        let (Some(path), Some(written)) = (self.path, self.written.take()) else { return Ok(()) };
        let writing = || format!("cannot write `{}`", path.display());
        let mut file = written.finish().with_context(writing)?;
        file.flush().with_context(writing)?;
        file.get_ref().sync_all().with_context(writing)
    }
}
