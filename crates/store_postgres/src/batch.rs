//! Batches: take the head and load, then write and commit, one statement each. And the short way, where all of
//! it is one statement.

use std::time::Duration;

use async_trait::async_trait;
use engine::port::{
    Accompanies, AccompanyError, Appended, Batch, CommitError, Head, Loaded, LogRecord, LookedUp, Opened,
    Unused, Wanted,
};
use fail_points::Point;
use identity::AuditEvent;
use ledger::{Entry, LedgerName};
use sql_rows::{ChangedAccounts, ChangedTransactions, Failure, HoldRows, is_in_use};
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::{Connection, PgConnection};

use crate::audit::record_all;
use crate::changes::{load_kept, write_changes};
use crate::companion;
use crate::connections::{Lease, run};
use crate::holds::{load_holds, load_unreversed, load_versions, write_holds};
use crate::load::{self, load};
use crate::rows::head;
use crate::store::PostgresStore;
use crate::transaction_changes::{load_transactions, write_transaction_changes};
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
    let mut loaded = run!(lease, load(&mut lease, ledger, wanted))?;
    if !wanted.accounts.is_empty() {
        // The head is ours: what is read now is what it stands for.
        for account in run!(lease, load_kept(&mut lease, ledger, &wanted.accounts))? {
            loaded.policies.push((account.address.clone(), account.policy));
            loaded.metadata.push((account.address, account.metadata));
        }
    }
    if !(wanted.holds.is_empty() && wanted.reversals.is_empty() && wanted.versions.is_empty()) {
        run!(lease, load_earlier(&mut lease, ledger, wanted, &mut loaded))?;
    }
    if !wanted.transactions.is_empty() {
        loaded.transactions = run!(lease, load_transactions(&mut lease, ledger, &wanted.transactions))?;
    }
    let batch = Box::new(PostgresBatch { lease, ledger: ledger.clone(), head: loaded.head });
    Ok(Opened { loaded, batch })
}

/// Loads what commands rest on that use earlier entries, or expect a version. The head is ours.
async fn load_earlier(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    wanted: &Wanted,
    loaded: &mut Loaded,
) -> Result<(), Failure> {
    let id = head(connection, ledger).await?.ledger;
    loaded.holds = load_holds(connection, id, &wanted.holds).await?;
    loaded.unreversed = load_unreversed(connection, id, &wanted.reversals).await?;
    loaded.versions = load_versions(connection, id, &wanted.versions).await?;
    let keys = sql_rows::balances_of(&loaded.holds, &loaded.unreversed);
    if !keys.is_empty() {
        let LookedUp { balances, policies } = load::balances_of(connection, ledger, &keys).await?;
        loaded.balances.extend(balances);
        loaded.policies.extend(policies);
    }
    Ok(())
}

/// An open batch: a transaction that has the ledger's head, and where the log stood when it began. Dropping the
/// lease rolls it back.
struct PostgresBatch {
    lease: Lease,
    ledger: LedgerName,
    head: Head,
}

#[async_trait]
impl Batch for PostgresBatch {
    async fn commit(mut self: Box<Self>, records: &[LogRecord]) -> Result<(), CommitError> {
        let Self { lease, ledger, head } = &mut *self;
        let written = run!(lease, write(lease, ledger, *head, &Unused::default(), records));
        match written.map_err(|failure| CommitError::RolledBack(failure.into()))? {
            Appended::Written => {}
            Appended::Stale => return Err(CommitError::RolledBack(Failure::HeadMoved.into())),
        }
        let changed = ChangedAccounts::of(records);
        if !changed.is_empty() {
            let written = run!(lease, write_changes(lease, ledger, &changed));
            written.map_err(|failure| CommitError::RolledBack(failure.into()))?;
        }
        if HoldRows::are_changed_by(records) {
            let written = run!(lease, write_holds(lease, ledger, records));
            written.map_err(|failure| CommitError::RolledBack(failure.into()))?;
        }
        let changed = ChangedTransactions::of(records);
        if !changed.is_empty() {
            let written = run!(lease, write_transaction_changes(lease, ledger, &changed));
            written.map_err(|failure| CommitError::RolledBack(failure.into()))?;
        }
        fail_points::reach(Point::PostgresBatchWritten);
        lease.commit().await.map_err(commit_failed)
    }

    async fn record(&mut self, events: &[AuditEvent]) -> Result<(), CommitError> {
        let Self { lease, .. } = self;
        let recorded = run!(lease, record_all(lease, events));
        recorded.map_err(|failure| CommitError::RolledBack(failure.into()))
    }

    async fn accompany(
        &mut self,
        companion: &mut dyn Accompanies,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        companion::accompany(&mut self.lease, companion, entry).await
    }
}

/// Writes without a transaction around: the statement is one, and the server commits it by itself.
pub(crate) async fn append(
    store: &PostgresStore,
    ledger: &LedgerName,
    expected: Head,
    unused: &Unused,
    records: &[LogRecord],
) -> Result<Appended, CommitError> {
    let changes_nothing =
        ChangedAccounts::of(records).is_empty() && ChangedTransactions::of(records).is_empty();
    assert!(changes_nothing, "accounts and transactions are changed the long way");
    assert!(!HoldRows::are_changed_by(records), "holds and reversals are written the long way");
    let not_sent = |failure: Failure| CommitError::RolledBack(failure.into());
    let mut lease = store.writers.acquire().await.map_err(not_sent)?;
    // Whether a statement that broke its connection was carried out, nobody can tell: a connection that lay
    // idle is better asked first. It was nobody's hurry.
    if lease.idle_for() > LONG_IDLE && run!(lease, async { Ok(lease.ping().await?) }).is_err() {
        lease = store.writers.acquire().await.map_err(not_sent)?;
    }
    fail_points::reach(Point::PostgresAppendSending);
    let written = run!(lease, write(&mut lease, ledger, expected, unused, records));
    fail_points::reach(Point::PostgresAppendAnswered);
    match written {
        Ok(appended) => Ok(appended),
        Err(failure @ Failure::Gap { .. }) => Err(not_sent(failure)),
        Err(Failure::Database(error)) if is_in_use(&error) => Ok(Appended::Stale),
        Err(failure) => Err(commit_failed(failure)),
    }
}

/// After this long a connection may have been cut without anybody noticing.
const LONG_IDLE: Duration = Duration::from_millis(500);

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
