//! Expiry: lets go of holds whose time has come, in every ledger, by commands like any other. Never does so outside a
//! lane: of several replicas that find the same hold due, the ledger's head lets one release it, and the others find
//! that it has ended.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use ledger::{Command, Rejection, ReleaseCause, ReleaseHold};

use crate::engine::Engine;
use crate::port::{DueHold, ReadError};
use crate::submission::{EARLIER_ENTRY, Submission, SubmitError};

/// How long after its time a hold is found due at the latest, as long as the service and its database keep up.
pub const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// How many holds are asked for together.
const PAGE: usize = 500;

/// What part of a ledger's queue those may fill that are let go, so that callers find room beside them.
const PART_OF_QUEUE: usize = 4;

impl Engine {
    /// Lets go of holds whose time has come, again and again. It never ends by itself.
    pub async fn keep_expiring_holds(&self) {
        let mut was_down = false;
        loop {
            let result = self.expire_due_holds().await;
            match &result {
                Err(error) if !was_down => {
                    tracing::warn!(
                        error = error as &dyn std::error::Error,
                        "holds that are due cannot be found"
                    );
                }
                _ => {}
            }
            was_down = result.is_err();
            tokio::time::sleep(EXPIRY_INTERVAL).await;
        }
    }

    /// Lets go of all holds whose time has come, and returns how many this was.
    ///
    /// # Errors
    /// When the store cannot be asked for them.
    pub async fn expire_due_holds(&self) -> Result<usize, ReadError> {
        let at_once = (self.together_max() / PART_OF_QUEUE / EARLIER_ENTRY).max(1);
        let mut expired = 0;
        loop {
            let due = self.store().due_holds(self.now(), PAGE).await?;
            let is_all = due.len() < PAGE;
            let ends = stream::iter(due).map(|due| self.expire(due)).buffer_unordered(at_once);
            let released = ends.filter(|released| std::future::ready(*released)).count().await;
            expired += released;
            // Where none could be let go, asking again at once would find the same ones.
            if is_all || released == 0 {
                return Ok(expired);
            }
        }
    }

    /// Lets go of a hold. Says whether it ended with that.
    async fn expire(&self, DueHold { ledger, hold }: DueHold) -> bool {
        let command = Command::ReleaseHold(ReleaseHold { hold, cause: ReleaseCause::Expired });
        let submission = Submission::new(command, None);
        match self.submit(&ledger, submission).await {
            Ok(_) => true,
            // Captured or voided in the last moment, or let go by another replica.
            Err(SubmitError::Rejected(Rejection::HoldNotOpen { .. })) => false,
            Err(error) => {
                tracing::debug!(%ledger, hold = hold.0, %error, "a hold that is due is tried again later");
                false
            }
        }
    }
}
