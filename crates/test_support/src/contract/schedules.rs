//! Schedules: created, changed by whoever saw them last, listed, and found when they are due.

use std::sync::Arc;

use engine::idempotency::{KeyedRequest, RequestFingerprint};
use engine::port::{ReadError, Store};
use engine::schedules::{
    Definition, NewSchedule, Progress, Recurrence, Rule, RunOutcome, RunQuery, Schedule, ScheduleCreation,
    ScheduleId, ScheduleQuery, ScheduleRequest, ScheduleRun, ScheduleState, ScheduleUpdate, Timing, Updated,
    WriteScheduleError, Zone,
};
use ledger::{
    Bounds, EntryNumber, Expectation, Expectations, ExpectedBounds, LedgerName, PostTransaction, Posting,
    Postings, Quantity, Timestamp,
};

use crate::fixture::create;
use crate::{StoreFixture, address, asset, at, drain, key, ledger_name, metadata, posting, reference};

fn transaction() -> PostTransaction {
    PostTransaction {
        postings: Postings::new(vec![Posting::from(posting("world", "users:1", "USD/2", 5))]).unwrap(),
        reference: None,
        effective_at: None,
        metadata: metadata(&[]),
        expectations: Expectations::default(),
    }
}

fn once(due_at: i64) -> Definition {
    Definition { transaction: transaction(), timing: Timing::Once(at(due_at)), metadata: metadata(&[]) }
}

/// A definition that has everything that one can have.
fn full() -> Definition {
    let to = |account, quantity| {
        Posting::new(address("users:1"), address(account), asset("USD/2"), quantity).unwrap()
    };
    let postings = vec![
        Posting::from(posting("world", "users:1", "USD/2", u128::MAX >> 1)),
        to("a", Quantity::UpTo(5_u64.into())),
        to("b", Quantity::All),
    ];
    let bounds = Bounds { at_least: Some(-5), at_most: None, equals: Some(i128::MAX) };
    let expectation = Expectation::new(
        address("b"),
        Some(asset("USD/2")),
        ExpectedBounds { posted: bounds, version: bounds, ..ExpectedBounds::default() },
    )
    .unwrap();
    Definition {
        transaction: PostTransaction {
            postings: Postings::new(postings).unwrap(),
            reference: Some(reference("rent \"1\"")),
            effective_at: Some(at(-7)),
            metadata: metadata(&[("order", "Ärger \\\n")]),
            expectations: Expectations::new(vec![expectation]).unwrap(),
        },
        timing: Timing::Rule(
            Recurrence::new(
                Rule::parse("FREQ=MONTHLY;BYMONTHDAY=-1").unwrap(),
                at(1_700_000_000_000_000),
                Zone::parse("Europe/Berlin").unwrap(),
            )
            .unwrap(),
        ),
        metadata: metadata(&[("team", "growth")]),
    }
}

fn active(next_at: i64) -> Progress {
    Progress {
        state: ScheduleState::Active,
        since: at(0),
        next_at: Some(at(next_at)),
        lease_until: None,
        attempts: 0,
        changed_at: at(0),
    }
}

fn new(definition: Definition, next_at: i64) -> NewSchedule {
    NewSchedule {
        created_at: at(1),
        definition,
        progress: active(next_at),
        open_max: Schedule::OPEN_MAX,
        request: None,
    }
}

fn keyed(text: &str, fingerprint: u8) -> KeyedRequest {
    KeyedRequest { key: key(text), fingerprint: RequestFingerprint([fingerprint; 16]) }
}

fn assert_not_found<T: std::fmt::Debug>(result: Result<T, ReadError>) {
    assert!(matches!(result, Err(ReadError::LedgerNotFound)), "{result:?}");
}

async fn created(store: &dyn Store, ledger: &LedgerName, new: &NewSchedule) -> Schedule {
    match store.scheduling().create_schedule(ledger, new).await.unwrap() {
        ScheduleCreation::Created(schedule) => schedule,
        other => panic!("{other:?}"),
    }
}

fn update(schedule: &Schedule, progress: Progress) -> ScheduleUpdate {
    let closes = schedule.progress.state.is_open() && !progress.state.is_open();
    let (id, version) = (schedule.id, schedule.version);
    ScheduleUpdate { id, version, progress, closes, run: None, request: None }
}

fn run(due_at: i64, outcome: RunOutcome) -> ScheduleRun {
    ScheduleRun { due_at: at(due_at), recorded_at: at(due_at + 1), outcome }
}

fn rejected() -> RunOutcome {
    RunOutcome::Rejected { code: "account.closed".to_owned(), detail: "it is \"closed\"".to_owned() }
}

async fn one(store: &dyn Store, ledger: &LedgerName, id: ScheduleId) -> Schedule {
    store.scheduling().schedule(ledger, id).await.unwrap().expect("it is there")
}

/// A schedule comes back with all that it was created with, and its ledger numbers it.
pub async fn a_schedule_comes_back_as_it_was_created(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    create(&*store, &other).await;
    for (number, definition) in [full(), once(7)].into_iter().enumerate() {
        let schedule = created(&*store, &main, &new(definition.clone(), 7)).await;
        assert_eq!((schedule.id, schedule.version), (ScheduleId(number as u64), 0));
        assert_eq!((schedule.created_at, &schedule.definition), (at(1), &definition));
        assert_eq!(schedule.progress, active(7));
        assert_eq!(one(&*store, &main, schedule.id).await, schedule);
    }
    assert_eq!(created(&*store, &other, &new(once(7), 7)).await.id, ScheduleId(0));
    assert_eq!(store.scheduling().schedule(&main, ScheduleId(2)).await.unwrap(), None);
    assert_eq!(store.scheduling().schedule(&main, ScheduleId(u64::MAX)).await.unwrap(), None);
}

/// Nothing is known of a ledger that is not there.
pub async fn a_ledger_that_is_not_there_has_no_schedules(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let other = ledger_name("other");
    let scheduling = store.scheduling();
    let written = scheduling.create_schedule(&other, &new(once(7), 7)).await;
    assert!(matches!(written, Err(WriteScheduleError::LedgerNotFound)), "{written:?}");
    let (id, limit) = (ScheduleId(0), 10);
    let progress = active(7);
    let change = ScheduleUpdate { id, version: 0, progress, closes: false, run: None, request: None };
    let written = scheduling.update_schedule(&other, &change).await;
    assert!(matches!(written, Err(WriteScheduleError::LedgerNotFound)), "{written:?}");
    assert_not_found(scheduling.schedule(&other, id).await);
    assert_not_found(scheduling.schedules(&other, &ScheduleQuery { state: None, after: None, limit }).await);
    assert_not_found(scheduling.schedule_runs(&other, &RunQuery { schedule: id, after: None, limit }).await);
    assert_not_found(scheduling.schedule_request(&other, &key("k")).await);
}

/// A change is written once, by whoever saw the schedule as it stands.
pub async fn a_change_that_rests_on_another_version_is_stale(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let schedule = created(&*store, &main, &new(once(7), 7)).await;
    let claimed = Progress { lease_until: Some(at(9)), attempts: 1, ..schedule.progress };
    let write =
        async |change: &ScheduleUpdate| store.scheduling().update_schedule(&main, change).await.unwrap();
    assert_eq!(write(&update(&schedule, claimed)).await, Updated::Written);
    let stands = one(&*store, &main, schedule.id).await;
    assert_eq!((stands.version, stands.progress), (1, claimed));
    let paused = Progress { state: ScheduleState::Paused, ..schedule.progress };
    let stale = ScheduleUpdate { run: Some(run(7, rejected())), ..update(&schedule, paused) };
    assert_eq!(write(&stale).await, Updated::Stale);
    assert_eq!(write(&ScheduleUpdate { id: ScheduleId(5), ..stale }).await, Updated::Stale);
    assert_eq!(one(&*store, &main, schedule.id).await, stands);
    let runs = RunQuery { schedule: schedule.id, after: None, limit: 10 };
    let runs = store.scheduling().schedule_runs(&main, &runs).await.unwrap().unwrap();
    assert!(runs.items.is_empty(), "what is stale leaves nothing behind");
}

/// Of many who change it at the same time, one does.
pub async fn a_version_is_followed_by_one_other(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let stores = [Arc::clone(&store), fixture.open().await];
    let schedule = created(&*store, &main, &new(once(7), 7)).await;
    let tasks: Vec<_> = (100..108)
        .zip(stores.iter().cycle())
        .map(|(lease, store)| {
            let (store, main, schedule) = (Arc::clone(store), main.clone(), schedule.clone());
            let claimed = Progress { lease_until: Some(at(lease)), ..schedule.progress };
            tokio::spawn(async move {
                store.scheduling().update_schedule(&main, &update(&schedule, claimed)).await.unwrap()
            })
        })
        .collect();
    let mut written = 0;
    for task in tasks {
        written += usize::from(task.await.unwrap() == Updated::Written);
    }
    assert_eq!(written, 1);
    assert_eq!(one(&*store, &main, schedule.id).await.version, 1);
}

/// What came of occurrences is kept, each once; one that was posted stays so.
pub async fn a_run_that_was_posted_wins_over_one_that_was_rejected(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let schedule = created(&*store, &main, &new(once(7), 7)).await;
    let posted = RunOutcome::Posted(EntryNumber(3));
    for (due_at, outcome) in [
        (7, rejected()),
        (7, posted.clone()),
        (7, rejected()),
        (8, posted.clone()),
        (8, rejected()),
        (8, RunOutcome::Posted(EntryNumber(4))),
        (9, rejected()),
        (9, RunOutcome::Rejected { code: "other".into(), detail: String::new() }),
    ] {
        let stands = one(&*store, &main, schedule.id).await;
        let change = ScheduleUpdate { run: Some(run(due_at, outcome)), ..update(&stands, stands.progress) };
        assert_eq!(store.scheduling().update_schedule(&main, &change).await.unwrap(), Updated::Written);
    }
    for limit in [1, 2, 3, 10] {
        let runs = drain(limit, None, async |after: Option<Timestamp>| {
            let query = RunQuery { schedule: schedule.id, after, limit };
            store.scheduling().schedule_runs(&main, &query).await.unwrap().unwrap()
        })
        .await;
        assert_eq!(runs, [run(9, rejected()), run(8, posted.clone()), run(7, posted.clone())], "{limit}");
    }
    let query = RunQuery { schedule: ScheduleId(9), after: None, limit: 10 };
    assert_eq!(store.scheduling().schedule_runs(&main, &query).await.unwrap(), None);
}

/// Those of one state or of all, newest first, in pages of any size.
pub async fn schedules_are_listed_newest_first(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let states =
        [ScheduleState::Active, ScheduleState::Paused, ScheduleState::Completed, ScheduleState::Cancelled];
    for n in 0..8 {
        let schedule = created(&*store, &main, &new(once(7), 7)).await;
        let progress = Progress { state: states[n % 4], ..schedule.progress };
        store.scheduling().update_schedule(&main, &update(&schedule, progress)).await.unwrap();
    }
    for limit in [1, 2, 8, 100] {
        for state in states.map(Some).into_iter().chain([None]) {
            let listed = drain(limit, None, async |after: Option<ScheduleId>| {
                let query = ScheduleQuery { state, after, limit };
                store.scheduling().schedules(&main, &query).await.unwrap()
            })
            .await;
            let listed: Vec<_> = listed.iter().map(|schedule| schedule.id.0).collect();
            let expected = (0..8_u64)
                .rev()
                .filter(|n| state.is_none_or(|state| states[usize::try_from(*n).unwrap() % 4] == state));
            assert_eq!(listed, expected.collect::<Vec<_>>(), "{state:?} {limit}");
        }
    }
}

/// No more than so many are open at one time; those that ended do not count.
pub async fn a_ledger_has_so_many_open_schedules_and_no_more(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let few = |request| NewSchedule { open_max: 2, request, ..new(once(7), 7) };
    let first = created(&*store, &main, &few(None)).await;
    created(&*store, &main, &few(None)).await;
    let refused = store.scheduling().create_schedule(&main, &few(Some(keyed("k", 1)))).await.unwrap();
    assert_eq!(refused, ScheduleCreation::TooMany);
    assert_eq!(store.scheduling().schedule_request(&main, &key("k")).await.unwrap(), None);
    let paused = Progress { state: ScheduleState::Paused, ..first.progress };
    store.scheduling().update_schedule(&main, &update(&first, paused)).await.unwrap();
    let refused = store.scheduling().create_schedule(&main, &few(None)).await.unwrap();
    assert_eq!(refused, ScheduleCreation::TooMany);
    let first = one(&*store, &main, first.id).await;
    let ended = Progress { state: ScheduleState::Cancelled, next_at: None, ..first.progress };
    store.scheduling().update_schedule(&main, &update(&first, ended)).await.unwrap();
    assert_eq!(created(&*store, &main, &few(Some(keyed("k", 1)))).await.id, ScheduleId(2));
}

/// A key stands for one request of its ledger, and shows the schedule as that left it.
pub async fn a_key_shows_the_schedule_as_its_request_left_it(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    create(&*store, &other).await;
    let asked = NewSchedule { request: Some(keyed("k", 1)), ..new(full(), 7) };
    let schedule = created(&*store, &main, &asked).await;
    let again = store.scheduling().create_schedule(&main, &asked).await.unwrap();
    assert_eq!(again, ScheduleCreation::KeyInUse);
    created(&*store, &other, &asked).await;
    // The refused one took no number.
    assert_eq!(created(&*store, &main, &new(once(7), 7)).await.id, ScheduleId(1));

    let paused =
        Progress { state: ScheduleState::Paused, next_at: None, changed_at: at(5), ..schedule.progress };
    let change = ScheduleUpdate { request: Some(keyed("k", 2)), ..update(&schedule, paused) };
    assert_eq!(store.scheduling().update_schedule(&main, &change).await.unwrap(), Updated::Stale);
    assert_eq!(one(&*store, &main, schedule.id).await, schedule);
    let change = ScheduleUpdate { request: Some(keyed("k2", 2)), ..change };
    assert_eq!(store.scheduling().update_schedule(&main, &change).await.unwrap(), Updated::Written);

    let request = async |text| store.scheduling().schedule_request(&main, &key(text)).await.unwrap();
    let left = |fingerprint, schedule| {
        Some(ScheduleRequest { fingerprint: RequestFingerprint([fingerprint; 16]), schedule })
    };
    assert_eq!(request("k").await, left(1, schedule.clone()));
    assert_eq!(request("k2").await, left(2, Schedule { version: 1, progress: paused, ..schedule }));
    assert_eq!(request("k3").await, None);
}

/// Those that somebody has to look at by a time, of all ledgers, the earliest first.
pub async fn what_is_due_is_found_in_all_ledgers(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let other = ledger_name("other");
    create(&*store, &other).await;
    for (ledger, next_at) in [(&main, 30), (&other, 10), (&main, 20), (&other, 40)] {
        created(&*store, ledger, &new(once(next_at), next_at)).await;
    }
    let change = async |ledger: &LedgerName, id, progress: &dyn Fn(Progress) -> Progress| {
        let schedule = one(&*store, ledger, ScheduleId(id)).await;
        let change = update(&schedule, progress(schedule.progress));
        assert_eq!(store.scheduling().update_schedule(ledger, &change).await.unwrap(), Updated::Written);
    };
    let due = async |by, limit| {
        let due = store.scheduling().due_schedules(at(by), limit).await.unwrap();
        let shown = due.iter().map(|due| (due.ledger.as_str().to_owned(), due.id.0, due.wake_at.micros()));
        shown.collect::<Vec<_>>()
    };
    let at_main = |id, wake_at| ("main".to_owned(), id, wake_at);
    let at_other = |id, wake_at| ("other".to_owned(), id, wake_at);
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(30, 10).await, [at_other(0, 10), at_main(1, 20), at_main(0, 30)]);
    assert_eq!(due(30, 2).await, [at_other(0, 10), at_main(1, 20)]);
    // A claim puts it off; without a next occurrence nobody has to look.
    change(&other, 0, &|progress| Progress { lease_until: Some(at(35)), ..progress }).await;
    change(&main, 1, &|progress| Progress { next_at: None, ..progress }).await;
    assert_eq!(due(40, 10).await, [at_main(0, 30), at_other(0, 35), at_other(1, 40)]);
}

/// Whoever opens the database anew finds all of it.
pub async fn schedules_are_there_after_reopening(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let asked = NewSchedule { request: Some(keyed("k", 1)), ..new(full(), 7) };
    let schedule = created(&*store, &main, &asked).await;
    let posted = run(7, RunOutcome::Posted(EntryNumber(3)));
    let change = ScheduleUpdate { run: Some(posted.clone()), ..update(&schedule, active(8)) };
    store.scheduling().update_schedule(&main, &change).await.unwrap();
    store.close().await;
    assert!(matches!(store.scheduling().schedule(&main, schedule.id).await, Err(ReadError::Unavailable(_))));

    let store = fixture.open().await;
    let stands = one(&*store, &main, schedule.id).await;
    assert_eq!(stands, Schedule { version: 1, progress: active(8), ..schedule });
    let query = RunQuery { schedule: stands.id, after: None, limit: 10 };
    let runs = store.scheduling().schedule_runs(&main, &query).await.unwrap().unwrap();
    assert_eq!(runs.items, [posted]);
    assert!(store.scheduling().schedule_request(&main, &key("k")).await.unwrap().is_some());
}
