//! Batches: take the head and load, then write and commit. One statement each.

use async_trait::async_trait;
use engine::port::{Batch, CommitError, LogRecord, Opened, Wanted};
use ledger::LedgerName;
use sql_rows::Failure;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::connections::{Lease, run};
use crate::load::load;
use crate::store::PostgresStore;
use crate::write::write;

pub(crate) async fn begin(
    store: &PostgresStore,
    ledger: &LedgerName,
    wanted: &Wanted,
) -> Result<Opened, Failure> {
    let mut lease = store.writers.acquire().await?;
    if let Err(failure) = lease.begin().await {
        if !lease.went_stale() {
            return Err(failure);
        }
        lease = store.writers.acquire().await?;
        lease.begin().await?;
    }
    let (ledger, loaded) = run!(lease, load(&mut lease, ledger, wanted))?;
    let batch = Box::new(PostgresBatch { lease, ledger, next: loaded.next.0 });
    Ok(Opened { loaded, batch })
}

/// An open batch: a transaction that has the ledger's head, and where the log stood when it began. Dropping the
/// lease rolls it back.
struct PostgresBatch {
    lease: Lease,
    ledger: i64,
    next: u64,
}

#[async_trait]
impl Batch for PostgresBatch {
    async fn commit(mut self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        let Self { lease, ledger, next } = &mut *self;
        run!(lease, write(lease, *ledger, *next, records))
            .map_err(|failure| CommitError::RolledBack(failure.into()))?;
        lease.commit().await.map_err(commit_failed)
    }
}

/// Says what became of a commit that failed. An error that leaves the session standing was found before the
/// commit was; whoever ends the session may do so before or after it.
pub(crate) fn commit_failed(failure: Failure) -> CommitError {
    let reported = match &failure {
        Failure::Database(sqlx::Error::Database(error)) => error.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    };
    match reported.map(|reported| (reported.severity(), reported.code())) {
        // 25P03: the session ended because nothing had come for too long, so that the commit never arrived.
        Some((PgSeverity::Error, _) | (_, "25P03")) => CommitError::RolledBack(failure.into()),
        _ => CommitError::OutcomeUnknown(failure.into()),
    }
}
