//! `server import`.

mod csv;
mod ndjson;
mod source;

use std::process::ExitCode;

use anyhow::bail;
use app_base::configuration::DatabaseConfig;
use app_base::storage::{self, IfMissing};
use engine::access::record_by_operator;
use identity::Action;
use ledger::LedgerName;

use crate::arguments::{self, ImportFormat};

/// A line, or some rows, were refused.
const REFUSED: u8 = 1;

/// Imports a file into a ledger. It may be killed at any moment: what was imported stays, and importing again goes on.
pub(super) async fn import(config: &DatabaseConfig, asked: &arguments::Import) -> anyhow::Result<ExitCode> {
    let name = &asked.ledger;
    let ledger = LedgerName::parse(name).map_err(|_| anyhow::anyhow!("`{name}` is no name for a ledger"))?;
    check(asked)?;
    let storage = storage::open(config, IfMissing::Fail).await?;
    let store = storage.store();
    let importing = async {
        if !storage.schema().await?.missing.is_empty() {
            bail!("the database's schema is not up to date: run `server migrate`");
        }
        if !asked.dry_run {
            // Before the first entry: no import goes unrecorded.
            record_by_operator(&*store, Action::LedgerImported, ledger.to_string()).await?;
        }
        match asked.format {
            ImportFormat::Ndjson => ndjson::import(config, &*store, &ledger, asked).await,
            ImportFormat::Csv => csv::import(&store, &ledger, asked).await,
        }
    };
    let done = importing.await;
    store.close().await;
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// Refuses options that are another format's.
fn check(asked: &arguments::Import) -> anyhow::Result<()> {
    let only_csv = [
        ("--mapping", asked.mapping.is_some()),
        ("--key-prefix", asked.key_prefix.is_some()),
        ("--refused", asked.refused.is_some()),
        ("--max-refused", asked.max_refused.is_some()),
    ];
    match asked.format {
        ImportFormat::Ndjson => match only_csv.iter().find(|(_, is_there)| *is_there) {
            Some((option, _)) => bail!("{option} is for --format csv"),
            None => Ok(()),
        },
        ImportFormat::Csv if asked.mapping.is_none() => bail!("--format csv needs --mapping"),
        ImportFormat::Csv => Ok(()),
    }
}
