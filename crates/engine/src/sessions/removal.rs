//! Old sessions go. They are kept for a while after their end, so that their users can see where they came in from, and
//! so that the throttle knows it.

use std::time::Duration;

use ledger::Timestamp;

use crate::Engine;
use crate::access::WriteAccessError;

/// How long a session is kept after its time was over.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);

/// How often they are looked for.
const INTERVAL: Duration = Duration::from_mins(10);

/// How many go at once.
const PORTION: usize = 500;

impl Engine {
    /// Removes sessions that were over long ago, again and again. It never ends by itself.
    pub async fn keep_removing_sessions(&self) {
        loop {
            if let Err(error) = self.remove_old_sessions().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "old sessions cannot be removed");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Removes the sessions that were over long ago, in portions. Returns how many these were.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    pub async fn remove_old_sessions(&self) -> Result<u64, WriteAccessError> {
        let kept_for = i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
        let Some(before) = Timestamp::from_micros(self.now().micros().saturating_sub(kept_for)) else {
            return Ok(0);
        };
        let mut removed = 0;
        loop {
            let portion = self.store().sessions().remove_sessions(before, PORTION).await?;
            removed += portion;
            if portion < PORTION as u64 {
                return Ok(removed);
            }
        }
    }
}
