//! Connections that are held: made when first needed, handed to one caller after the other, replaced when they
//! break. Never asks a connection whether it is alive before it is used.
//!
//! Whoever has one gives it back settled; one that is dropped in the middle of something is brought back to
//! rest by a task of its own, or closed where that fails.

use std::error::Error;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sql_rows::Failure;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Postgres};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::options::PostgresOptions;
use crate::session::{Purpose, set_up};

/// How long to leave a database alone that refused a connection: at first, and at most.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long bringing a connection back to rest may take before it is closed instead. The server notices soon
/// that nobody waits for what it was doing.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections of one purpose.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    options: PostgresOptions,
    purpose: Purpose,
    max: u32,
    room: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<(PgConnection, Instant)>,
    /// Counts how often all connections were given up.
    generation: u64,
    refusal: Option<Refusal>,
}

/// The database refused a connection, and is left alone for a moment.
struct Refusal {
    until: Instant,
    pause: Duration,
    cause: Arc<sqlx::Error>,
}

/// Why there is no connection.
#[derive(Debug)]
enum NoConnection {
    Closed,
    Busy,
    Refused(Arc<sqlx::Error>),
}

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the store is closed",
            Self::Busy => "all connections are busy",
            Self::Refused(_) => "the database cannot be reached",
        })
    }
}

impl Error for NoConnection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(cause) => Some(cause),
            Self::Closed | Self::Busy => None,
        }
    }
}

impl From<NoConnection> for Failure {
    fn from(reason: NoConnection) -> Self {
        Self::Disconnected(Box::new(reason))
    }
}

/// Says whether an error means that the connection is of no more use.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(reported) => {
            // A standby does not say where its log ends: `balances_of` asks for it.
            let fatal = reported.try_downcast_ref::<PgDatabaseError>().is_none_or(|reported| {
                matches!(reported.severity(), PgSeverity::Fatal | PgSeverity::Panic)
                    || reported.routine() == Some("pg_current_wal_lsn")
            });
            // 25006: the server became a standby, so that somebody else takes writes now.
            fatal || reported.code().is_some_and(|code| code.starts_with("08") || code == "25006")
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

impl Connections {
    pub(crate) fn new(options: PostgresOptions, purpose: Purpose) -> Self {
        let max = match purpose {
            Purpose::Write => options.writers,
            Purpose::Read => options.readers,
        }
        .max(1);
        let room = Arc::new(Semaphore::new(max as usize));
        Self(Arc::new(Shared { options, purpose, max, room, state: Mutex::default() }))
    }

    /// Waits for a connection, or makes one.
    pub(crate) async fn acquire(&self) -> Result<Lease, Failure> {
        let shared = &self.0;
        let permit = timeout(shared.options.statement_timeout, Arc::clone(&shared.room).acquire_owned())
            .await
            .map_err(|_| NoConnection::Busy)?
            .map_err(|_| NoConnection::Closed)?;
        let (idle, generation) = {
            let mut state = shared.state();
            (state.idle.pop(), state.generation)
        };
        let idle_since = idle.as_ref().map(|(_, since)| *since);
        let connection = match idle {
            Some((connection, _)) => connection,
            None => self.0.connect().await?,
        };
        Ok(Lease {
            connection: Some(connection),
            permit: Some(permit),
            shared: Arc::clone(shared),
            generation,
            idle_since,
            settled: true,
            in_transaction: false,
        })
    }

    /// Makes a connection that is nobody else's and comes back to nobody.
    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        self.0.connect().await
    }

    /// Gives up all connections: they lead to where they should not.
    pub(crate) fn give_up(&self) {
        let generation = self.0.state().generation;
        self.0.give_up(generation);
    }

    /// Hands out nothing more, and returns when all connections have come back and are closed.
    pub(crate) async fn close(&self) {
        let all = timeout(
            self.0.options.statement_timeout + RECOVERY_TIMEOUT,
            self.0.room.acquire_many(self.0.max),
        )
        .await;
        self.0.room.close();
        drop(all);
        let idle = std::mem::take(&mut self.0.state().idle);
        for (connection, _) in idle {
            // The server closes what cannot be closed from here.
            let _ = timeout(RECOVERY_TIMEOUT, connection.close()).await;
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        if let Some(refusal) = &self.state().refusal
            && Instant::now() < refusal.until
        {
            return Err(NoConnection::Refused(Arc::clone(&refusal.cause)).into());
        }
        let connecting = async {
            let mut connection = self.options.address.connect().await?;
            set_up(&mut connection, self.purpose, &self.options).await?;
            Ok(connection)
        };
        let result =
            timeout(self.options.connect_timeout, connecting).await.unwrap_or_else(|_| Err(timed_out()));
        let mut state = self.state();
        match result {
            Ok(connection) => {
                state.refusal = None;
                Ok(connection)
            }
            Err(error) => {
                let last = state.refusal.as_ref().map(|refusal| refusal.pause);
                let pause = last.map_or(PAUSE_MIN, |last| (last * 2).min(PAUSE_MAX));
                let cause = Arc::new(error);
                state.refusal =
                    Some(Refusal { until: Instant::now() + pause, pause, cause: Arc::clone(&cause) });
                Err(NoConnection::Refused(cause).into())
            }
        }
    }

    fn put_back(&self, connection: PgConnection, generation: u64) {
        let mut state = self.state();
        if state.generation == generation && !self.room.is_closed() {
            state.idle.push((connection, Instant::now()));
        }
    }

    /// Gives up all connections that lie idle: what broke one of them broke the others.
    fn give_up(&self, generation: u64) {
        let mut state = self.state();
        if state.generation == generation {
            state.generation += 1;
            state.idle.clear();
        }
    }
}

/// Runs statements on a lease, for no longer than a statement may take, and notes on it what came of them.
/// A caller that goes away in between leaves the connection unsettled.
macro_rules! run {
    ($lease:ident, $statements:expr) => {{
        let limit = $lease.limit();
        $lease.unsettle();
        let result: Result<_, sql_rows::Failure> = tokio::time::timeout(limit, $statements)
            .await
            .unwrap_or_else(|_| Err($crate::connections::timed_out().into()));
        $lease.note(&result);
        result
    }};
}
pub(crate) use run;

/// What stands for a database that does not answer.
pub(crate) fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Counts transactions and savepoints, for those who begin others within: on a connection that does not know of ours, theirs
/// would end it.
type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A connection that is its holder's for a while.
pub(crate) struct Lease {
    connection: Option<PgConnection>,
    permit: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
    generation: u64,
    idle_since: Option<Instant>,
    settled: bool,
    in_transaction: bool,
}

impl Lease {
    /// Starts a transaction; from now on whoever drops this rolls it back.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.in_transaction = true;
        run!(self, async { Ok(Manager::begin(self, None).await?) })
    }

    /// Marks a place in the transaction to which it can be rolled back.
    pub(crate) async fn savepoint(&mut self) -> Result<(), Failure> {
        run!(self, async { Ok(Manager::begin(self, None).await?) })
    }

    /// Gives up the last place, and keeps what was done since; fails where the transaction ended since.
    pub(crate) async fn release_savepoint(&mut self) -> Result<(), Failure> {
        run!(self, async { Ok(Manager::commit(self).await?) })
    }

    /// Undoes what was done since the last place.
    pub(crate) async fn roll_back_to_savepoint(&mut self) -> Result<(), Failure> {
        run!(self, async { Ok(Manager::rollback(self).await?) })
    }

    /// Commits the transaction. The caller has to tell from the error what became of it.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let result = run!(self, async { Ok(Manager::commit(self).await?) });
        self.in_transaction = result.is_err();
        result
    }

    /// The server ends statements that read by itself; waiting a moment longer shows that it does not answer.
    pub(crate) fn limit(&self) -> Duration {
        self.shared.options.statement_timeout + Duration::from_secs(5)
    }

    /// Begins something that leaves the connection unsettled unless its [end is noted](Self::note).
    pub(crate) fn unsettle(&mut self) {
        self.settled = false;
    }

    /// Notes what came of statements on the connection.
    pub(crate) fn note<T>(&mut self, result: &Result<T, Failure>) {
        match result {
            Err(Failure::Database(error)) if is_lost(error) => {
                self.shared.give_up(self.generation);
                self.connection = None;
                self.permit = None;
            }
            _ => self.settled = true,
        }
    }

    /// Returns how long the connection lay idle; no time at all where it is new.
    pub(crate) fn idle_for(&self) -> Duration {
        self.idle_since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Says whether the connection had been used before and is broken now, so that a new one may do better.
    pub(crate) fn went_stale(&self) -> bool {
        self.idle_since.is_some() && self.connection.is_none()
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("held until dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("held until dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut connection), Some(permit)) = (self.connection.take(), self.permit.take()) else {
            return;
        };
        if self.settled && !self.in_transaction {
            self.shared.put_back(connection, self.generation);
            return;
        }
        // Without a runtime the connection closes here, and the server ends what was going on.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (shared, generation, in_transaction) =
            (Arc::clone(&self.shared), self.generation, self.in_transaction);
        runtime.spawn(async move {
            let at_rest = timeout(RECOVERY_TIMEOUT, async {
                if in_transaction && !connection.is_in_transaction() {
                    // Given up while it began: only the server knows of it.
                    connection.execute("ROLLBACK").await?;
                }
                while connection.is_in_transaction() {
                    Manager::rollback(&mut connection).await?;
                }
                connection.ping().await
            })
            .await;
            match at_rest {
                Ok(Ok(())) => shared.put_back(connection, generation),
                // If the caller went away because the database said nothing, those that lie idle would say
                // nothing either, one after the other.
                _ => shared.give_up(generation),
            }
            drop(permit);
        });
    }
}
