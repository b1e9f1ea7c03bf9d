//! Schedules in a store that does to a request what the name of its ledger says.

use async_trait::async_trait;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::query::Page;
use engine::schedules::{
    DueSchedule, NewSchedule, RunQuery, Schedule, ScheduleCreation, ScheduleId, ScheduleQuery,
    ScheduleRequest, ScheduleRun, ScheduleStore, ScheduleUpdate, Updated, WriteScheduleError,
};
use ledger::{LedgerName, Timestamp};

use super::store::{SECRET, Troubled, befall, read};

#[async_trait]
impl ScheduleStore for Troubled {
    async fn create_schedule(
        &self,
        ledger: &LedgerName,
        _new: &NewSchedule,
    ) -> Result<ScheduleCreation, WriteScheduleError> {
        match ledger.as_str() {
            "full" => Ok(ScheduleCreation::TooMany),
            _ => write(ledger).await,
        }
    }

    async fn update_schedule(
        &self,
        ledger: &LedgerName,
        _update: &ScheduleUpdate,
    ) -> Result<Updated, WriteScheduleError> {
        write(ledger).await
    }

    async fn schedule(&self, ledger: &LedgerName, _id: ScheduleId) -> Result<Option<Schedule>, ReadError> {
        read(ledger).await
    }

    async fn schedules(
        &self,
        ledger: &LedgerName,
        _query: &ScheduleQuery,
    ) -> Result<Page<Schedule, ScheduleId>, ReadError> {
        read(ledger).await
    }

    async fn schedule_runs(
        &self,
        ledger: &LedgerName,
        _query: &RunQuery,
    ) -> Result<Option<Page<ScheduleRun, Timestamp>>, ReadError> {
        read(ledger).await
    }

    async fn schedule_request(
        &self,
        ledger: &LedgerName,
        _key: &IdempotencyKey,
    ) -> Result<Option<ScheduleRequest>, ReadError> {
        read(ledger).await
    }

    async fn due_schedules(&self, _by: Timestamp, _limit: usize) -> Result<Vec<DueSchedule>, ReadError> {
        Ok(Vec::new())
    }
}

/// Fails to write.
async fn write<T>(ledger: &LedgerName) -> Result<T, WriteScheduleError> {
    befall(ledger).await;
    Err(match ledger.as_str() {
        "unavailable" | "cut-off" => WriteScheduleError::Unavailable(SECRET.into()),
        _ => WriteScheduleError::LedgerNotFound,
    })
}
