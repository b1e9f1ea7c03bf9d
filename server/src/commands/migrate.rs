//! `server migrate`.

use std::process::ExitCode;

use app::configuration::DatabaseConfig;
use app::storage::{self, IfMissing};

use super::print;

/// Brings the schema up to date and says what that took.
pub(super) async fn migrate(config: &DatabaseConfig) -> anyhow::Result<ExitCode> {
    let storage = storage::open(config, IfMissing::Create).await?;
    let steps = storage.migrate().await;
    storage.store().close().await;
    let steps = steps?;
    for step in &steps {
        print(&format!("applied {} {}\n", step.version, step.description))?;
    }
    if steps.is_empty() {
        print("the schema is up to date\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
