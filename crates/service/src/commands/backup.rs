//! `server backup`.

use std::process::ExitCode;

use anyhow::bail;
use app_base::configuration::DatabaseConfig;
use app_base::storage::{self, Backup, Copied, IfMissing, Storage};

use super::print;
use super::progress::{Shown, Unit};
use super::verify::{clean, verify_all};
use crate::arguments::{self, ReportFormat};
use crate::serve::Signals;

/// Copies the database, verifies the copy and gives it its name. A signal ends it, with nothing left behind.
pub(super) async fn backup(config: &DatabaseConfig, asked: &arguments::Backup) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        done = copy(config, asked) => done.map(|()| ExitCode::SUCCESS),
        signal = signals.next() => bail!("{signal} came: nothing was backed up"),
    }
}

async fn copy(config: &DatabaseConfig, asked: &arguments::Backup) -> anyhow::Result<()> {
    let storage = storage::open(config, IfMissing::Fail).await?;
    let copied = copy_verified(&storage, asked).await;
    storage.store().close().await;
    let bytes = copied?.keep()?;
    print(&format!("backed up to {}, {bytes} bytes\n", asked.path.display()))
}

async fn copy_verified(storage: &Storage, asked: &arguments::Backup) -> anyhow::Result<Backup> {
    let copying = storage.backup()?;
    if !asked.no_verify && !storage.schema().await?.missing.is_empty() {
        bail!(
            "the database's schema is older than this version, which could not verify the copy: use the \
             version that runs, or --no-verify"
        );
    }
    let backup = {
        let mut shown = Shown::new(&asked.path.display().to_string(), Unit::Bytes);
        let show = |Copied { done_bytes, total_bytes }| shown.update("copying", done_bytes, total_bytes);
        copying.to(&asked.path, show).await?
    };
    if !asked.no_verify {
        verify(&backup).await?;
    }
    Ok(backup)
}

async fn verify(backup: &Backup) -> anyhow::Result<()> {
    let store = backup.open().store();
    let reports = verify_all(&store, Vec::new(), ReportFormat::Text).await;
    store.close().await;
    if !clean(&reports?) {
        bail!("the copy does not hold and was removed; --no-verify keeps it as it is");
    }
    Ok(())
}
