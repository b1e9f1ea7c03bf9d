//! `server migrate`.

use std::process::ExitCode;

use app_base::configuration::DatabaseConfig;
use app_base::storage::{self, IfMissing, SchemaState};

use super::print;
use crate::arguments::Migrate;
use crate::program::Program;

/// Steps are missing, and were only to be named.
const MISSING: u8 = 1;

/// Brings the schema up to date, or looks whether it is, and says what there was to do.
pub(super) async fn migrate(
    program: &Program,
    config: &DatabaseConfig,
    asked: &Migrate,
) -> anyhow::Result<ExitCode> {
    let if_missing = if asked.check { IfMissing::Fail } else { IfMissing::Create };
    let storage = storage::open(config, if_missing).await?.with_schema(program.schema);
    let found = if asked.check { storage.schema().await } else { storage.migrate().await };
    storage.store().close().await;
    let SchemaState { missing, newer } = found?;

    for step in &newer {
        let (version, description) = (step.version, &step.description);
        print(&format!("left alone {version} {description}: it came with a newer version\n"))?;
    }
    let done = if asked.check { "missing" } else { "applied" };
    for step in &missing {
        print(&format!("{done} {} {}\n", step.version, step.description))?;
    }
    if missing.is_empty() {
        print("the schema is up to date\n")?;
    }
    Ok(if asked.check && !missing.is_empty() { ExitCode::from(MISSING) } else { ExitCode::SUCCESS })
}
