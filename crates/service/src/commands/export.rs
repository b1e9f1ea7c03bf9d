//! `server export`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use app_base::configuration::DatabaseConfig;
use app_base::journals::{Export, Format};
use app_base::storage::{self, IfMissing};
use engine::port::{ReadError, Store};
use ledger::LedgerName;
use tempfile::NamedTempFile;

use super::progress::{Shown, Unit};
use crate::arguments;
use crate::serve::Signals;

/// Writes a ledger's log to a file, or to standard output. A signal ends it, with no file left behind.
pub(super) async fn export(config: &DatabaseConfig, asked: &arguments::Export) -> anyhow::Result<ExitCode> {
    let name = &asked.ledger;
    let name = LedgerName::parse(name).map_err(|_| anyhow::anyhow!("`{name}` is no name for a ledger"))?;
    let storage = storage::open(config, IfMissing::Fail).await?;
    let store = storage.store();
    let exporting = async {
        if !storage.schema().await?.missing.is_empty() {
            bail!("the database's schema is not up to date: run `server migrate`");
        }
        match &asked.output {
            Some(path) => to_file(&*store, &name, asked.format, path).await,
            None => to_standard_output(&*store, &name, asked.format).await,
        }
    };
    let done = exporting.await;
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn to_file(store: &dyn Store, name: &LedgerName, format: Format, path: &Path) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    // A name that is taken is found out before anything is read.
    let mut draft = Draft::beside(path)?;
    let copying = async {
        let mut export = begin(store, name, format).await?;
        copy(store, &mut export, &mut draft.file).await.with_context(|| cannot_write(path))
    };
    tokio::select! {
        biased;
        signal = signals.next() => bail!("{signal} came: the export is not complete"),
        copied = copying => copied?,
    }
    draft.keep()
}

/// Leaves signals alone: there is nothing to clean up, and a reader that takes its time must not hold them up.
async fn to_standard_output(store: &dyn Store, name: &LedgerName, format: Format) -> anyhow::Result<()> {
    let mut export = begin(store, name, format).await?;
    let output = &mut io::stdout();
    let copied = copy(store, &mut export, output).await;
    copied.and_then(|()| Ok(output.flush()?)).context("cannot write to standard output")
}

async fn begin(store: &dyn Store, name: &LedgerName, format: Format) -> anyhow::Result<Export> {
    Export::begin(store, name, format).await.map_err(|error| match error {
        ReadError::LedgerNotFound => anyhow::anyhow!("there is no ledger `{name}`"),
        error => anyhow::Error::from(error).context(format!("cannot read the ledger `{name}`")),
    })
}

async fn copy(store: &dyn Store, export: &mut Export, output: &mut impl Write) -> anyhow::Result<()> {
    let mut shown = Shown::new(export.ledger().as_str(), Unit::Count);
    shown.update("exporting", 0, export.total());
    while let Some(piece) = export.next_piece(store).await.context("cannot read the ledger")? {
        output.write_all(&piece)?;
        shown.update("exporting", export.done(), export.total());
    }
    Ok(())
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write `{}`", path.display())
}

/// A file beside the place that it is for, under another name until it is complete. Dropping it removes it.
struct Draft<'p> {
    path: &'p Path,
    file: NamedTempFile,
}

impl<'p> Draft<'p> {
    fn beside(path: &'p Path) -> anyhow::Result<Self> {
        if path.symlink_metadata().is_ok() {
            bail!("`{}` is there already, and is not overwritten", path.display());
        }
        let writing = || cannot_write(path);
        let name = path.file_name().with_context(writing)?.to_string_lossy();
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".unfinished")
            .tempfile_in(folder_of(path))
            .with_context(writing)?;
        Ok(Self { path, file })
    }

    /// Sees to it that all of it is on disk, and gives it its name.
    fn keep(self) -> anyhow::Result<()> {
        let Self { path, file } = self;
        let writing = || cannot_write(path);
        file.as_file().sync_all().with_context(writing)?;
        file.persist_noclobber(path).with_context(writing)?;
        File::open(folder_of(path)).and_then(|folder| folder.sync_all()).with_context(writing)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
