//! Schedules: kept and changed, each change in one statement, which is one transaction. Never looks into what they do,
//! and never takes a ledger's head.

use async_trait::async_trait;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::query::Page;
use engine::schedules::{
    DueSchedule, NewSchedule, RunQuery, Schedule, ScheduleCreation, ScheduleId, ScheduleQuery,
    ScheduleRequest, ScheduleRun, ScheduleStore, ScheduleUpdate, Updated, WriteScheduleError,
    encode_definition,
};
use ledger::{LedgerName, Timestamp};
use sql_rows::{
    DueRow, Failure, ProgressRow, RunRow, ScheduleRow, created_schedule, is_in_use, one_more, page_of_runs,
    page_of_schedules, schedule_request, stored_limit, stored_schedule,
};
use sqlx::{Connection, PgConnection};

use crate::connections::{Lease, run};
use crate::rows::head;
use crate::store::{PostgresStore, read};

#[async_trait]
impl ScheduleStore for PostgresStore {
    async fn create_schedule(
        &self,
        ledger: &LedgerName,
        new: &NewSchedule,
    ) -> Result<ScheduleCreation, WriteScheduleError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, create(&mut lease, ledger, new))?)
    }

    async fn update_schedule(
        &self,
        ledger: &LedgerName,
        update: &ScheduleUpdate,
    ) -> Result<Updated, WriteScheduleError> {
        let mut lease = self.to_write().await?;
        Ok(run!(lease, change(&mut lease, ledger, update))?)
    }

    async fn schedule(&self, ledger: &LedgerName, id: ScheduleId) -> Result<Option<Schedule>, ReadError> {
        Ok(read!(self, connection, one(connection, ledger, id))?)
    }

    async fn schedules(
        &self,
        ledger: &LedgerName,
        query: &ScheduleQuery,
    ) -> Result<Page<Schedule, ScheduleId>, ReadError> {
        Ok(read!(self, connection, list(connection, ledger, query))?)
    }

    async fn schedule_runs(
        &self,
        ledger: &LedgerName,
        query: &RunQuery,
    ) -> Result<Option<Page<ScheduleRun, Timestamp>>, ReadError> {
        Ok(read!(self, connection, runs(connection, ledger, query))?)
    }

    async fn schedule_request(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<ScheduleRequest>, ReadError> {
        Ok(read!(self, connection, request(connection, ledger, key))?)
    }

    async fn due_schedules(&self, by: Timestamp, limit: usize) -> Result<Vec<DueSchedule>, ReadError> {
        Ok(read!(self, connection, due(connection, by, limit))?)
    }
}

impl PostgresStore {
    /// Waits for a connection that still stands: what is written must not be sent twice.
    pub(crate) async fn to_write(&self) -> Result<Lease, Failure> {
        let mut lease = self.writers.acquire().await?;
        if run!(lease, async { Ok(lease.ping().await?) }).is_err() {
            lease = self.writers.acquire().await?;
        }
        Ok(lease)
    }
}

async fn create(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    new: &NewSchedule,
) -> Result<ScheduleCreation, Failure> {
    let most = i64::try_from(new.open_max).unwrap_or(i64::MAX);
    let ProgressRow { state, since, next_at, lease_until, wake_at, attempts, changed_at } =
        (&new.progress).into();
    let created = sqlx::query_scalar!(
        r#"WITH counted AS (
            INSERT INTO schedule_counts AS counts (id, next_id, open)
            SELECT ledgers.id, 1, 1 FROM ledgers WHERE name = $1
            ON CONFLICT (id) DO UPDATE SET next_id = counts.next_id + 1, open = counts.open + 1
            WHERE counts.open < $2::bigint
            RETURNING counts.id AS ledger, next_id - 1 AS id
        ), asked AS (
            INSERT INTO schedule_requests (ledger, idempotency_key, request_fingerprint, schedule, version, state,
                since, next_at, lease_until, attempts, changed_at)
            SELECT ledger, $3::text, $4::bytea, id, 0, $7::text, $8::bigint, $9::bigint, $10::bigint, $12::bigint,
                $13::bigint
            FROM counted WHERE $3::text IS NOT NULL
        )
        INSERT INTO schedules (ledger, id, created_at, definition, version, state, since, next_at, lease_until,
            wake_at, attempts, changed_at)
        SELECT ledger, id, $5::bigint, $6::text, 0, $7::text, $8::bigint, $9::bigint, $10::bigint, $11::bigint,
            $12::bigint, $13::bigint
        FROM counted
        RETURNING id"#,
        ledger.as_str(),
        most,
        new.request.as_ref().map(|request| request.key.as_str()),
        new.request.as_ref().map(|request| request.fingerprint.0.as_slice()),
        new.created_at.micros(),
        encode_definition(&new.definition),
        state,
        since,
        next_at,
        lease_until,
        wake_at,
        attempts,
        changed_at
    )
    .fetch_optional(&mut *connection)
    .await;
    match created {
        Ok(Some(id)) => Ok(ScheduleCreation::Created(created_schedule(new, id)?)),
        Ok(None) => {
            head(connection, ledger).await?;
            Ok(ScheduleCreation::TooMany)
        }
        Err(error) if is_in_use(&error) => Ok(ScheduleCreation::KeyInUse),
        Err(error) => Err(error.into()),
    }
}

async fn change(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    update: &ScheduleUpdate,
) -> Result<Updated, Failure> {
    let version = i64::try_from(update.version).unwrap_or(i64::MAX);
    let ProgressRow { state, since, next_at, lease_until, wake_at, attempts, changed_at } =
        (&update.progress).into();
    let run = update.run.as_ref().map(RunRow::from);
    let moved = sqlx::query_scalar!(
        r#"WITH moved AS (
            UPDATE schedules SET version = version + 1, state = $4::text, since = $5::bigint, next_at = $6::bigint,
                lease_until = $7::bigint, wake_at = $8::bigint, attempts = $9::bigint, changed_at = $10::bigint
            WHERE ledger = (SELECT id FROM ledgers WHERE name = $1) AND id = $2 AND version = $3::bigint
            RETURNING ledger, id
        ), counted AS (
            UPDATE schedule_counts SET open = open - 1 WHERE id = (SELECT ledger FROM moved) AND $11::boolean
        ), ran AS (
            INSERT INTO schedule_runs (ledger, schedule, due_at, recorded_at, outcome, entry, code, detail)
            SELECT ledger, id, $12::bigint, $13::bigint, $14::text, $15::bigint, $16::text, $17::text
            FROM moved WHERE $12::bigint IS NOT NULL
            ON CONFLICT (ledger, schedule, due_at) DO UPDATE SET recorded_at = excluded.recorded_at,
                outcome = excluded.outcome, entry = excluded.entry, code = excluded.code, detail = excluded.detail
            WHERE excluded.outcome = 'posted' AND schedule_runs.outcome <> 'posted'
        ), asked AS (
            INSERT INTO schedule_requests (ledger, idempotency_key, request_fingerprint, schedule, version, state,
                since, next_at, lease_until, attempts, changed_at)
            SELECT ledger, $18::text, $19::bytea, id, $3::bigint + 1, $4::text, $5::bigint, $6::bigint, $7::bigint,
                $9::bigint, $10::bigint
            FROM moved WHERE $18::text IS NOT NULL
        )
        SELECT id FROM moved"#,
        ledger.as_str(),
        stored_schedule(update.id),
        version,
        state,
        since,
        next_at,
        lease_until,
        wake_at,
        attempts,
        changed_at,
        update.closes,
        run.as_ref().map(|run| run.due_at),
        run.as_ref().map(|run| run.recorded_at),
        run.as_ref().map(|run| run.outcome.as_str()),
        run.as_ref().and_then(|run| run.entry),
        run.as_ref().and_then(|run| run.code.as_deref()),
        run.as_ref().and_then(|run| run.detail.as_deref()),
        update.request.as_ref().map(|request| request.key.as_str()),
        update.request.as_ref().map(|request| request.fingerprint.0.as_slice())
    )
    .fetch_optional(&mut *connection)
    .await;
    match moved {
        Ok(Some(_)) => Ok(Updated::Written),
        Ok(None) => {
            head(connection, ledger).await?;
            Ok(Updated::Stale)
        }
        Err(error) if is_in_use(&error) => Ok(Updated::Stale),
        Err(error) => Err(error.into()),
    }
}

async fn one(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    id: ScheduleId,
) -> Result<Option<Schedule>, Failure> {
    let head = head(connection, ledger).await?;
    let row = sqlx::query_as!(
        ScheduleRow,
        "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
        FROM schedules WHERE ledger = $1 AND id = $2",
        head.ledger,
        stored_schedule(id)
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(ScheduleRow::schedule).transpose()?)
}

async fn list(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &ScheduleQuery,
) -> Result<Page<Schedule, ScheduleId>, Failure> {
    let (head, rows) = (head(connection, ledger).await?, one_more(query.limit));
    let before = query.after.map_or(i64::MAX, |after| stored_schedule(after) - 1);
    let rows = match query.state {
        None => {
            sqlx::query_as!(
                ScheduleRow,
                "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
                FROM schedules WHERE ledger = $1 AND id <= $2 ORDER BY id DESC LIMIT $3",
                head.ledger,
                before,
                rows
            )
            .fetch_all(connection)
            .await?
        }
        Some(state) => {
            sqlx::query_as!(
                ScheduleRow,
                "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
                FROM schedules WHERE ledger = $1 AND state = $2 AND id <= $3 ORDER BY id DESC LIMIT $4",
                head.ledger,
                state.name(),
                before,
                rows
            )
            .fetch_all(connection)
            .await?
        }
    };
    Ok(page_of_schedules(rows, query.limit)?)
}

async fn runs(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    query: &RunQuery,
) -> Result<Option<Page<ScheduleRun, Timestamp>>, Failure> {
    let (head, id) = (head(connection, ledger).await?, stored_schedule(query.schedule));
    let found =
        sqlx::query_scalar!("SELECT id FROM schedules WHERE ledger = $1 AND id = $2", head.ledger, id);
    if found.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(None);
    }
    let rows = sqlx::query_as!(
        RunRow,
        "SELECT due_at, recorded_at, outcome, entry, code, detail FROM schedule_runs
        WHERE ledger = $1 AND schedule = $2 AND due_at <= $3 ORDER BY due_at DESC LIMIT $4",
        head.ledger,
        id,
        query.after.map_or(i64::MAX, |after| after.micros() - 1),
        one_more(query.limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(Some(page_of_runs(rows, query.limit)?))
}

async fn request(
    connection: &mut PgConnection,
    ledger: &LedgerName,
    key: &IdempotencyKey,
) -> Result<Option<ScheduleRequest>, Failure> {
    let head = head(connection, ledger).await?;
    let asked = sqlx::query!(
        "SELECT request_fingerprint, schedule, version, state, since, next_at, lease_until, attempts, changed_at
        FROM schedule_requests WHERE ledger = $1 AND idempotency_key = $2",
        head.ledger,
        key.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(asked) = asked else { return Ok(None) };
    // What is read here never changes, so that it does not have to be of the same moment.
    let schedule = sqlx::query!(
        "SELECT created_at, definition FROM schedules WHERE ledger = $1 AND id = $2",
        head.ledger,
        asked.schedule
    )
    .fetch_one(connection)
    .await?;
    let schedule = ScheduleRow {
        id: asked.schedule,
        created_at: schedule.created_at,
        definition: schedule.definition,
        version: asked.version,
        state: asked.state,
        since: asked.since,
        next_at: asked.next_at,
        lease_until: asked.lease_until,
        attempts: asked.attempts,
        changed_at: asked.changed_at,
    };
    Ok(Some(schedule_request(&asked.request_fingerprint, schedule)?))
}

async fn due(
    connection: &mut PgConnection,
    by: Timestamp,
    limit: usize,
) -> Result<Vec<DueSchedule>, Failure> {
    let rows = sqlx::query_as!(
        DueRow,
        r#"SELECT (SELECT name FROM ledgers WHERE ledgers.id = ledger) AS "ledger!", id, wake_at AS "wake_at!"
        FROM schedules WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2"#,
        by.micros(),
        stored_limit(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(DueRow::due).collect::<Result<_, _>>()?)
}
