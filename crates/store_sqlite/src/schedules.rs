//! Schedules: kept and changed, each change whole or not at all. Never looks into what they do.

use async_trait::async_trait;
use engine::idempotency::{IdempotencyKey, KeyedRequest};
use engine::port::ReadError;
use engine::query::Page;
use engine::schedules::{
    DueSchedule, NewSchedule, Progress, RunQuery, Schedule, ScheduleCreation, ScheduleId, ScheduleQuery,
    ScheduleRequest, ScheduleRun, ScheduleStore, ScheduleUpdate, Updated, WriteScheduleError,
    encode_definition,
};
use fail_points::Point;
use ledger::{LedgerName, Timestamp};
use sql_rows::{
    DueRow, Failure, ProgressRow, RunRow, ScheduleRow, created_schedule, is_in_use, one_more, page_of_runs,
    page_of_schedules, schedule_request, stored_limit, stored_schedule,
};
use sqlx::SqliteConnection;

use crate::store::SqliteStore;

#[async_trait]
impl ScheduleStore for SqliteStore {
    async fn create_schedule(
        &self,
        ledger: &LedgerName,
        new: &NewSchedule,
    ) -> Result<ScheduleCreation, WriteScheduleError> {
        Ok(create(self, ledger, new).await?)
    }

    async fn update_schedule(
        &self,
        ledger: &LedgerName,
        update: &ScheduleUpdate,
    ) -> Result<Updated, WriteScheduleError> {
        Ok(change(self, ledger, update).await?)
    }

    async fn schedule(&self, ledger: &LedgerName, id: ScheduleId) -> Result<Option<Schedule>, ReadError> {
        Ok(one(self, ledger, id).await?)
    }

    async fn schedules(
        &self,
        ledger: &LedgerName,
        query: &ScheduleQuery,
    ) -> Result<Page<Schedule, ScheduleId>, ReadError> {
        Ok(list(self, ledger, query).await?)
    }

    async fn schedule_runs(
        &self,
        ledger: &LedgerName,
        query: &RunQuery,
    ) -> Result<Option<Page<ScheduleRun, Timestamp>>, ReadError> {
        Ok(runs(self, ledger, query).await?)
    }

    async fn schedule_request(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<ScheduleRequest>, ReadError> {
        Ok(request(self, ledger, key).await?)
    }

    async fn due_schedules(&self, by: Timestamp, limit: usize) -> Result<Vec<DueSchedule>, ReadError> {
        Ok(due(self, by, limit).await?)
    }
}

/// Returns the ledger's number in the database.
async fn number_of(connection: &mut SqliteConnection, name: &LedgerName) -> Result<i64, Failure> {
    let name = name.as_str();
    let found = sqlx::query_scalar!("SELECT id FROM ledgers WHERE name = ?1", name);
    found.fetch_optional(connection).await?.ok_or(Failure::LedgerNotFound)
}

async fn create(
    store: &SqliteStore,
    name: &LedgerName,
    new: &NewSchedule,
) -> Result<ScheduleCreation, Failure> {
    let mut transaction = store.writer.begin().await?;
    let ledger = number_of(&mut transaction, name).await?;
    let most = i64::try_from(new.open_max).unwrap_or(i64::MAX);
    let id = sqlx::query_scalar!(
        r#"INSERT INTO schedule_counts (id, next_id, open) VALUES (?1, 1, 1)
        ON CONFLICT (id) DO UPDATE SET next_id = next_id + 1, open = open + 1 WHERE open < ?2
        RETURNING next_id - 1 AS "id!: i64""#,
        ledger,
        most
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(id) = id else { return Ok(ScheduleCreation::TooMany) };
    let (created_at, definition) = (new.created_at.micros(), encode_definition(&new.definition));
    let ProgressRow { state, since, next_at, lease_until, wake_at, attempts, changed_at } =
        (&new.progress).into();
    sqlx::query!(
        "INSERT INTO schedules (ledger, id, created_at, definition, version, state, since, next_at, lease_until,
            wake_at, attempts, changed_at)
        VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        ledger,
        id,
        created_at,
        definition,
        state,
        since,
        next_at,
        lease_until,
        wake_at,
        attempts,
        changed_at
    )
    .execute(&mut *transaction)
    .await?;
    let schedule = created_schedule(new, id)?;
    if let Some(request) = &new.request {
        let kept = keep_request(&mut transaction, ledger, request, (schedule.id, 0, &new.progress)).await;
        if kept.as_ref().is_err_and(is_in_use) {
            return Ok(ScheduleCreation::KeyInUse);
        }
        kept?;
    }
    transaction.commit().await?;
    Ok(ScheduleCreation::Created(schedule))
}

/// Keeps a caller's key with the schedule as the request left it.
async fn keep_request(
    connection: &mut SqliteConnection,
    ledger: i64,
    request: &KeyedRequest,
    (id, version, progress): (ScheduleId, u64, &Progress),
) -> Result<(), sqlx::Error> {
    let (key, fingerprint) = (request.key.as_str(), request.fingerprint.0.as_slice());
    let (id, version) = (stored_schedule(id), i64::try_from(version).unwrap_or(i64::MAX));
    let ProgressRow { state, since, next_at, lease_until, wake_at: _, attempts, changed_at } =
        progress.into();
    sqlx::query!(
        "INSERT INTO schedule_requests (ledger, idempotency_key, request_fingerprint, schedule, version, state, since,
            next_at, lease_until, attempts, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        ledger,
        key,
        fingerprint,
        id,
        version,
        state,
        since,
        next_at,
        lease_until,
        attempts,
        changed_at
    )
    .execute(connection)
    .await
    .map(drop)
}

async fn change(store: &SqliteStore, name: &LedgerName, update: &ScheduleUpdate) -> Result<Updated, Failure> {
    let mut transaction = store.writer.begin().await?;
    let ledger = number_of(&mut transaction, name).await?;
    if !move_on(&mut transaction, ledger, update).await? {
        return Ok(Updated::Stale);
    }
    if update.closes {
        sqlx::query!("UPDATE schedule_counts SET open = open - 1 WHERE id = ?1", ledger)
            .execute(&mut *transaction)
            .await?;
    }
    if let Some(run) = &update.run {
        keep_run(&mut transaction, ledger, update.id, run).await?;
    }
    if let Some(request) = &update.request {
        let left = (update.id, update.version + 1, &update.progress);
        let kept = keep_request(&mut transaction, ledger, request, left).await;
        if kept.as_ref().is_err_and(is_in_use) {
            return Ok(Updated::Stale);
        }
        kept?;
    }
    fail_points::reach(Point::SqliteScheduleWritten);
    transaction.commit().await?;
    Ok(Updated::Written)
}

/// Moves a schedule on, if it still is as the change found it.
async fn move_on(
    connection: &mut SqliteConnection,
    ledger: i64,
    update: &ScheduleUpdate,
) -> Result<bool, sqlx::Error> {
    let (id, version) = (stored_schedule(update.id), i64::try_from(update.version).unwrap_or(i64::MAX));
    let ProgressRow { state, since, next_at, lease_until, wake_at, attempts, changed_at } =
        (&update.progress).into();
    let moved = sqlx::query!(
        "UPDATE schedules SET version = version + 1, state = ?4, since = ?5, next_at = ?6, lease_until = ?7,
            wake_at = ?8, attempts = ?9, changed_at = ?10
        WHERE ledger = ?1 AND id = ?2 AND version = ?3",
        ledger,
        id,
        version,
        state,
        since,
        next_at,
        lease_until,
        wake_at,
        attempts,
        changed_at
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

async fn keep_run(
    connection: &mut SqliteConnection,
    ledger: i64,
    id: ScheduleId,
    run: &ScheduleRun,
) -> Result<(), sqlx::Error> {
    let id = stored_schedule(id);
    let RunRow { due_at, recorded_at, outcome, entry, code, detail } = run.into();
    sqlx::query!(
        "INSERT INTO schedule_runs (ledger, schedule, due_at, recorded_at, outcome, entry, code, detail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (ledger, schedule, due_at) DO UPDATE SET recorded_at = excluded.recorded_at,
            outcome = excluded.outcome, entry = excluded.entry, code = excluded.code, detail = excluded.detail
        WHERE excluded.outcome = 'posted' AND schedule_runs.outcome <> 'posted'",
        ledger,
        id,
        due_at,
        recorded_at,
        outcome,
        entry,
        code,
        detail
    )
    .execute(connection)
    .await
    .map(drop)
}

async fn one(store: &SqliteStore, name: &LedgerName, id: ScheduleId) -> Result<Option<Schedule>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, id) = (number_of(&mut connection, name).await?, stored_schedule(id));
    let row = sqlx::query_as!(
        ScheduleRow,
        "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
        FROM schedules WHERE ledger = ?1 AND id = ?2",
        ledger,
        id
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(row.map(ScheduleRow::schedule).transpose()?)
}

async fn list(
    store: &SqliteStore,
    name: &LedgerName,
    query: &ScheduleQuery,
) -> Result<Page<Schedule, ScheduleId>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, rows) = (number_of(&mut connection, name).await?, one_more(query.limit));
    let before = query.after.map_or(i64::MAX, |after| stored_schedule(after) - 1);
    let rows = match query.state {
        None => {
            sqlx::query_as!(
                ScheduleRow,
                "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
                FROM schedules WHERE ledger = ?1 AND id <= ?2 ORDER BY id DESC LIMIT ?3",
                ledger,
                before,
                rows
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Some(state) => {
            let state = state.name();
            sqlx::query_as!(
                ScheduleRow,
                "SELECT id, created_at, definition, version, state, since, next_at, lease_until, attempts, changed_at
                FROM schedules WHERE ledger = ?1 AND state = ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4",
                ledger,
                state,
                before,
                rows
            )
            .fetch_all(&mut *connection)
            .await?
        }
    };
    Ok(page_of_schedules(rows, query.limit)?)
}

async fn runs(
    store: &SqliteStore,
    name: &LedgerName,
    query: &RunQuery,
) -> Result<Option<Page<ScheduleRun, Timestamp>>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, id) = (number_of(&mut connection, name).await?, stored_schedule(query.schedule));
    let found = sqlx::query_scalar!("SELECT id FROM schedules WHERE ledger = ?1 AND id = ?2", ledger, id);
    if found.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(None);
    }
    let (before, rows) = (query.after.map_or(i64::MAX, |after| after.micros() - 1), one_more(query.limit));
    let rows = sqlx::query_as!(
        RunRow,
        "SELECT due_at, recorded_at, outcome, entry, code, detail FROM schedule_runs
        WHERE ledger = ?1 AND schedule = ?2 AND due_at <= ?3 ORDER BY due_at DESC LIMIT ?4",
        ledger,
        id,
        before,
        rows
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Some(page_of_runs(rows, query.limit)?))
}

async fn request(
    store: &SqliteStore,
    name: &LedgerName,
    key: &IdempotencyKey,
) -> Result<Option<ScheduleRequest>, Failure> {
    let mut connection = store.reader().await?;
    let (ledger, key) = (number_of(&mut connection, name).await?, key.as_str());
    let row = sqlx::query!(
        "SELECT request_fingerprint, asked.version, asked.state, asked.since, asked.next_at, asked.lease_until,
            asked.attempts, asked.changed_at, id, created_at, definition
        FROM schedule_requests AS asked JOIN schedules ON schedules.ledger = asked.ledger AND id = schedule
        WHERE asked.ledger = ?1 AND idempotency_key = ?2",
        ledger,
        key
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let schedule = ScheduleRow {
        id: row.id,
        created_at: row.created_at,
        definition: row.definition,
        version: row.version,
        state: row.state,
        since: row.since,
        next_at: row.next_at,
        lease_until: row.lease_until,
        attempts: row.attempts,
        changed_at: row.changed_at,
    };
    Ok(Some(schedule_request(&row.request_fingerprint, schedule)?))
}

async fn due(store: &SqliteStore, by: Timestamp, limit: usize) -> Result<Vec<DueSchedule>, Failure> {
    let mut connection = store.reader().await?;
    let (by, rows) = (by.micros(), stored_limit(limit));
    let rows = sqlx::query_as!(
        DueRow,
        r#"SELECT name AS ledger, schedules.id AS "id!", wake_at AS "wake_at!"
        FROM schedules JOIN ledgers ON ledgers.id = ledger
        WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2"#,
        by,
        rows
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(rows.into_iter().map(DueRow::due).collect::<Result<_, _>>()?)
}
