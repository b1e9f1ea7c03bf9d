//! Whether the service should be sent requests. The server says when it stops; the store is asked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::port::Store;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long an answer of the store's stands.
const ANSWER_STANDS_FOR: Duration = Duration::from_secs(1);

/// How long the store may take to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Knows whether the service is ready. Clones know the same.
#[pavex::prebuilt]
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    answer_stands_for: Duration,
    stopping: AtomicBool,
    last: Mutex<Option<(Instant, Result<(), NotReady>)>>,
}

/// Why the service is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// It finishes what runs and then ends.
    #[error("The service is about to stop.")]
    Stopping,
    /// The store does not answer as it should.
    #[error("The store does not answer as it should.")]
    StoreUnavailable,
}

impl Readiness {
    /// Starts with a service that does not stop.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with_answers_that_stand_for(ANSWER_STANDS_FOR, store)
    }

    fn with_answers_that_stand_for(answer_stands_for: Duration, store: Arc<dyn Store>) -> Self {
        let stopping = AtomicBool::new(false);
        Self(Arc::new(Inner { store, answer_stands_for, stopping, last: Mutex::new(None) }))
    }

    /// Says from now on that the service is not ready, because it is about to end.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Says whether the service is ready. Those who ask together get one and the same answer of the
    /// store's, which is at most a second old.
    ///
    /// # Errors
    /// When it is not.
    pub async fn check(&self) -> Result<(), NotReady> {
        if self.0.stopping.load(Ordering::Relaxed) {
            return Err(NotReady::Stopping);
        }
        let mut last = self.0.last.lock().await;
        if let Some((at, answer)) = *last
            && at.elapsed() < self.0.answer_stands_for
        {
            return answer;
        }
        let answer = match timeout(STORE_TIMEOUT, self.0.store.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the store is not ready");
                Err(NotReady::StoreUnavailable)
            }
            Err(_elapsed) => {
                let waited_ms = STORE_TIMEOUT.as_millis();
                tracing::warn!(waited_ms, "the store did not answer");
                Err(NotReady::StoreUnavailable)
            }
        };
        *last = Some((Instant::now(), answer));
        answer
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness")
    }
}

#[cfg(test)]
mod tests {
    use store_sqlite::{SqliteOptions, SqliteStore};

    use super::*;

    async fn ready_one(folder: &tempfile::TempDir) -> (Readiness, Arc<SqliteStore>) {
        let path = folder.path().join("florin.db");
        let options = SqliteOptions { path, readers: 1, busy_timeout: Duration::from_secs(1) };
        let store = Arc::new(SqliteStore::open(options).await.unwrap());
        store.migrate().await.unwrap();
        let readiness = Readiness::new(Arc::clone(&store) as Arc<dyn Store>);
        assert_eq!(readiness.check().await, Ok(()));
        (readiness, store)
    }

    #[tokio::test]
    async fn a_service_that_stops_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let (readiness, _store) = ready_one(&folder).await;
        readiness.clone().stop();
        assert_eq!(readiness.check().await, Err(NotReady::Stopping));
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_is_noticed_once_the_last_answer_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let (_, store) = ready_one(&folder).await;
        let asked = |answer_stands_for| {
            Readiness::with_answers_that_stand_for(answer_stands_for, Arc::clone(&store) as Arc<dyn Store>)
        };
        let (young, old) = (asked(Duration::MAX), asked(Duration::ZERO));
        assert_eq!((young.check().await, old.check().await), (Ok(()), Ok(())));
        store.close().await;
        assert_eq!(young.check().await, Ok(()), "the last answer stands");
        assert_eq!(old.check().await, Err(NotReady::StoreUnavailable));
    }
}
