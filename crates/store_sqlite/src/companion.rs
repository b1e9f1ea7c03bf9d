//! Companions: what writes rows of its own in a batch's SQL transaction.

use engine::companion::StoreTransaction;
use engine::port::{Accompanies, AccompanyError};
use ledger::Entry;
use sqlx::{Connection, SqliteConnection};

/// Returns the connection that a companion writes on, where the transaction is one of this store.
pub fn connection<'t>(transaction: &'t mut StoreTransaction<'_>) -> Option<&'t mut SqliteConnection> {
    transaction.connection()
}

/// Has a companion write behind a savepoint: it is gone where the companion ended the transaction, and what it wrote goes
/// where it refuses.
pub(crate) async fn accompany(
    connection: &mut SqliteConnection,
    companion: &mut dyn Accompanies,
    entry: &Entry,
) -> Result<(), AccompanyError> {
    let failed = |error: sqlx::Error| AccompanyError::Failed(error.into());
    let mut savepoint = connection.begin().await.map_err(failed)?;
    match companion.write(&mut StoreTransaction::new(&mut *savepoint), entry).await {
        Ok(()) => savepoint.commit().await.map_err(failed),
        Err(AccompanyError::Refused) => {
            savepoint.rollback().await.map_err(failed)?;
            Err(AccompanyError::Refused)
        }
        Err(error) => Err(error),
    }
}
