//! Companions: what writes rows of its own in a batch's SQL transaction.

use engine::companion::StoreTransaction;
use engine::port::{Accompanies, AccompanyError};
use ledger::Entry;
use sql_rows::Failure;
use sqlx::PgConnection;

use crate::connections::Lease;

/// Returns the connection that a companion writes on, where the transaction is one of this store.
pub fn connection<'t>(transaction: &'t mut StoreTransaction<'_>) -> Option<&'t mut PgConnection> {
    transaction.connection()
}

/// Has a companion write behind a savepoint: it is gone where the companion ended the transaction, and what it wrote goes
/// where it refuses.
pub(crate) async fn accompany(
    lease: &mut Lease,
    companion: &mut dyn Accompanies,
    entry: &Entry,
) -> Result<(), AccompanyError> {
    let failed = |failure: Failure| AccompanyError::Failed(failure.into());
    lease.savepoint().await.map_err(failed)?;
    // Given up in the middle, or failed, the connection is brought back to rest first.
    lease.unsettle();
    let connection: &mut PgConnection = &mut *lease;
    match companion.write(&mut StoreTransaction::new(connection), entry).await {
        Ok(()) => lease.release_savepoint().await.map_err(failed),
        Err(AccompanyError::Refused) => {
            lease.roll_back_to_savepoint().await.map_err(failed)?;
            Err(AccompanyError::Refused)
        }
        Err(error) => Err(error),
    }
}
