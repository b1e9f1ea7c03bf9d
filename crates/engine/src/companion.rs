//! Companions: what writes rows of one's own in the SQL transaction that writes a command's entry, so that both are
//! there or neither is.
//!
//! A companion runs in the ledger's lane, which waits for it: it never outlives its [time](COMPANION_TIMEOUT), and never
//! runs for a command that was recorded before or is only tried out. It never decides for the ledger, but it may say no.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use fail_points::Point;
use futures_util::FutureExt as _;
use ledger::Entry;
use tokio::time::timeout;

use crate::port::{Accompanies, AccompanyError, Batch, Source};
use crate::submission::SubmitError;

/// How long a companion may take, unless the engine's options say otherwise.
pub const COMPANION_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes rows of one's own together with an entry.
#[async_trait]
pub trait Companion: Send + Sync + 'static {
    /// How it says no.
    type Refusal: Send + 'static;

    /// Returns what of the request only the companion knows, as bytes: an idempotency key stands for the command and for
    /// this. The same for the same request.
    fn identity(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Writes what goes with an entry that is about to be written. Only a commit that holds both makes either visible; the
    /// transaction is the store's to end. It is called once at most.
    ///
    /// # Errors
    /// [`CompanionError::Refused`] where the command is not to happen, [`CompanionError::Failed`] where it is not known:
    /// then it may be sent again.
    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), CompanionError<Self::Refusal>>;
}

/// Why a companion did not write.
#[derive(Debug)]
pub enum CompanionError<R> {
    /// It says no, for good.
    Refused(R),
    /// It could not; trying again may help.
    Failed(Source),
}

// Any error of a database is one that trying again may help against; what is a refusal, a companion says itself.
impl<R, E: std::error::Error + Send + Sync + 'static> From<E> for CompanionError<R> {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Why a command with a companion changed nothing, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum AccompaniedError<R> {
    /// The companion said no. Nothing was written.
    #[error("the companion refused")]
    Refused(R),
    /// As for a command without one.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// A store's open transaction, for rows of one's own. What is inside, each store tells.
pub struct StoreTransaction<'t>(&'t mut (dyn Any + Send));

impl<'t> StoreTransaction<'t> {
    /// Wraps a store's connection that is in a transaction.
    #[must_use]
    pub fn new(connection: &'t mut (dyn Any + Send)) -> Self {
        Self(connection)
    }

    /// Returns the connection, where it is of that kind.
    pub fn connection<C: Any>(&mut self) -> Option<&mut C> {
        self.0.downcast_mut()
    }
}

/// A companion on its way through a lane, and where it leaves its refusal.
pub(crate) struct Underway<C: Companion> {
    companion: C,
    refusal: RefusalOf<C>,
}

/// Where a companion leaves its refusal.
pub(crate) type RefusalOf<C> = Arc<Mutex<Option<<C as Companion>::Refusal>>>;

impl<C: Companion> Underway<C> {
    pub(crate) fn new(companion: C) -> (Self, RefusalOf<C>) {
        let refusal = RefusalOf::<C>::default();
        (Self { companion, refusal: Arc::clone(&refusal) }, refusal)
    }
}

#[async_trait]
impl<C: Companion> Accompanies for Underway<C> {
    async fn write(
        &mut self,
        transaction: &mut StoreTransaction<'_>,
        entry: &Entry,
    ) -> Result<(), AccompanyError> {
        self.companion.write(transaction, entry).await.map_err(|error| match error {
            CompanionError::Refused(refusal) => {
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                AccompanyError::Refused
            }
            CompanionError::Failed(source) => AccompanyError::Failed(source),
        })
    }
}

/// Has a companion write in an open batch, within its time. A companion that panics has failed, and nobody else with it.
pub(crate) async fn accompany(
    batch: &mut dyn Batch,
    companion: &mut dyn Accompanies,
    entry: &Entry,
    limit: Duration,
) -> Result<(), AccompanyError> {
    fail_points::reach(Point::CompanionDue);
    let writing = AssertUnwindSafe(batch.accompany(companion, entry)).catch_unwind();
    let failed = |why: &'static str| Err(AccompanyError::Failed(why.into()));
    let written = match timeout(limit, writing).await {
        Ok(Ok(written)) => written,
        Ok(Err(_panic)) => failed("the companion panicked"),
        Err(_late) => failed("the companion took too long"),
    };
    fail_points::reach(Point::CompanionDone);
    written
}
