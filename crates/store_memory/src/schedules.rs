//! Schedules in memory, in the plainest way: a list for each ledger, and what came of each.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use engine::idempotency::{IdempotencyKey, KeyedRequest};
use engine::port::{ReadError, Source};
use engine::query::Page;
use engine::schedules::{
    DueSchedule, NewSchedule, RunOutcome, RunQuery, Schedule, ScheduleCreation, ScheduleId, ScheduleQuery,
    ScheduleRequest, ScheduleRun, ScheduleStore, ScheduleUpdate, Updated, WriteScheduleError,
};
use ledger::{LedgerName, Timestamp};

use crate::store::MemoryStore;

/// The schedules of one ledger.
#[derive(Default)]
pub(crate) struct KeptSchedules {
    schedules: Vec<Schedule>,
    runs: BTreeMap<(ScheduleId, Timestamp), ScheduleRun>,
    requests: HashMap<IdempotencyKey, ScheduleRequest>,
}

impl KeptSchedules {
    fn find(&self, id: ScheduleId) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.id == id)
    }

    fn create(&mut self, new: &NewSchedule) -> ScheduleCreation {
        let open = self.schedules.iter().filter(|schedule| schedule.progress.state.is_open()).count();
        if open as u64 >= new.open_max {
            return ScheduleCreation::TooMany;
        }
        if self.has_used(new.request.as_ref()) {
            return ScheduleCreation::KeyInUse;
        }
        let schedule = Schedule {
            id: ScheduleId(self.schedules.len() as u64),
            created_at: new.created_at,
            definition: new.definition.clone(),
            version: 0,
            progress: new.progress,
        };
        self.schedules.push(schedule.clone());
        self.keep(new.request.as_ref(), &schedule);
        ScheduleCreation::Created(schedule)
    }

    fn update(&mut self, update: &ScheduleUpdate) -> Updated {
        let used = self.has_used(update.request.as_ref());
        let mut schedules = self.schedules.iter_mut();
        let found = schedules.find(|it| it.id == update.id && it.version == update.version);
        let Some(schedule) = found.filter(|_| !used) else { return Updated::Stale };
        schedule.version += 1;
        schedule.progress = update.progress;
        let schedule = schedule.clone();
        if let Some(run) = &update.run {
            let kept = self.runs.entry((update.id, run.due_at)).or_insert_with(|| run.clone());
            let is_posted = |run: &ScheduleRun| matches!(run.outcome, RunOutcome::Posted(_));
            if is_posted(run) && !is_posted(kept) {
                *kept = run.clone();
            }
        }
        self.keep(update.request.as_ref(), &schedule);
        Updated::Written
    }

    fn has_used(&self, request: Option<&KeyedRequest>) -> bool {
        request.is_some_and(|request| self.requests.contains_key(&request.key))
    }

    fn keep(&mut self, request: Option<&KeyedRequest>, schedule: &Schedule) {
        if let Some(KeyedRequest { key, fingerprint }) = request {
            let request = ScheduleRequest { fingerprint: *fingerprint, schedule: schedule.clone() };
            self.requests.insert(key.clone(), request);
        }
    }
}

impl MemoryStore {
    fn on_schedules<T>(
        &self,
        ledger: &LedgerName,
        does: impl FnOnce(&mut KeptSchedules) -> T,
    ) -> Result<T, WriteScheduleError> {
        let unavailable = |closed| WriteScheduleError::Unavailable(Source::from(closed));
        self.opening.check().map_err(unavailable)?;
        let ledger = self.database.find(ledger).ok_or(WriteScheduleError::LedgerNotFound)?;
        Ok(does(&mut ledger.schedules()))
    }

    fn of_schedules<T>(
        &self,
        ledger: &LedgerName,
        reads: impl FnOnce(&KeptSchedules) -> T,
    ) -> Result<T, ReadError> {
        self.on_schedules(ledger, |kept| reads(kept)).map_err(|error| match error {
            WriteScheduleError::LedgerNotFound => ReadError::LedgerNotFound,
            WriteScheduleError::Unavailable(source) => ReadError::Unavailable(source),
        })
    }
}

#[async_trait]
impl ScheduleStore for MemoryStore {
    async fn create_schedule(
        &self,
        ledger: &LedgerName,
        new: &NewSchedule,
    ) -> Result<ScheduleCreation, WriteScheduleError> {
        self.on_schedules(ledger, |kept| kept.create(new))
    }

    async fn update_schedule(
        &self,
        ledger: &LedgerName,
        update: &ScheduleUpdate,
    ) -> Result<Updated, WriteScheduleError> {
        self.on_schedules(ledger, |kept| kept.update(update))
    }

    async fn schedule(&self, ledger: &LedgerName, id: ScheduleId) -> Result<Option<Schedule>, ReadError> {
        self.of_schedules(ledger, |kept| kept.find(id).cloned())
    }

    async fn schedules(
        &self,
        ledger: &LedgerName,
        query: &ScheduleQuery,
    ) -> Result<Page<Schedule, ScheduleId>, ReadError> {
        self.of_schedules(ledger, |kept| {
            let found = kept.schedules.iter().rev().filter(|schedule| {
                query.state.is_none_or(|state| schedule.progress.state == state)
                    && query.after.is_none_or(|after| schedule.id < after)
            });
            page(found.cloned().collect(), query.limit, |schedule| schedule.id)
        })
    }

    async fn schedule_runs(
        &self,
        ledger: &LedgerName,
        query: &RunQuery,
    ) -> Result<Option<Page<ScheduleRun, Timestamp>>, ReadError> {
        self.of_schedules(ledger, |kept| {
            kept.find(query.schedule)?;
            let found = kept.runs.iter().rev().filter(|((schedule, due_at), _)| {
                *schedule == query.schedule && query.after.is_none_or(|after| *due_at < after)
            });
            Some(page(found.map(|(_, run)| run.clone()).collect(), query.limit, |run| run.due_at))
        })
    }

    async fn schedule_request(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<ScheduleRequest>, ReadError> {
        self.of_schedules(ledger, |kept| kept.requests.get(key).cloned())
    }

    async fn due_schedules(&self, by: Timestamp, limit: usize) -> Result<Vec<DueSchedule>, ReadError> {
        let mut due = Vec::new();
        for ledger in self.database.describe_all() {
            self.of_schedules(&ledger.name, |kept| {
                due.extend(kept.schedules.iter().filter_map(|schedule| {
                    let wake_at = schedule.progress.wake_at().filter(|wake_at| *wake_at <= by)?;
                    Some(DueSchedule { ledger: ledger.name.clone(), id: schedule.id, wake_at })
                }));
            })?;
        }
        due.sort_by_key(|due| due.wake_at);
        due.truncate(limit);
        Ok(due)
    }
}

fn page<T, P>(mut found: Vec<T>, limit: usize, place_of: impl Fn(&T) -> P) -> Page<T, P> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(place_of);
    Page { items: found, next }
}
