//! One case: a service under load on a database that gets into trouble, what may be answered meanwhile, and what
//! has to hold when all is over.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::load::Load;
use super::posts::{CREATED, OUTCOME_UNKNOWN, REJECTED, UNAVAILABLE, audit, settle};
use super::probes::Probes;
use crate::harness::{Service, Tally, run};

/// How many cases run at one time: each has servers of its own.
const TURNS: usize = 2;

/// More than a recovery may take, even on a machine that is busy with other things.
const RECOVERY_MAX: Duration = Duration::from_secs(30);

/// How many posts a calm service has to take.
const CALM: usize = 40;

/// Leave to run. Dropping it lets the next case in.
pub(crate) struct Turn(());

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

impl Turn {
    pub(crate) fn wait() -> Self {
        let running = RUNNING.lock().expect("nobody panics with it");
        let mut running = ENDED.wait_while(running, |running| *running >= TURNS).expect("as above");
        *running += 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().expect("nobody panics with it") -= 1;
        ENDED.notify_one();
    }
}

/// The source of all that is left to chance in a case: `FLORIN_SEED` repeats it, as far as threads allow.
pub(crate) fn seeded(test: &str) -> fastrand::Rng {
    let given = std::env::var("FLORIN_SEED").ok().map(|text| text.parse().expect("a number"));
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("FLORIN_SEED={seed} {test}");
    fastrand::Rng::with_seed(seed)
}

/// A service under load and under watch.
pub(crate) struct Trial {
    pub(crate) load: Load,
    pub(crate) probes: Probes,
    pub(crate) random: fastrand::Rng,
    service: Service,
    folder: tempfile::TempDir,
    /// Where the database is in the end.
    database: String,
    tally: Tally,
    began: Instant,
}

impl Trial {
    /// Starts a service on an empty database, and its load.
    pub(crate) fn start(test: &'static str, database: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_through(test, database, database, settings)
    }

    /// Starts a service that reaches its database through another address than the one where it is in the end.
    pub(crate) fn start_through(
        test: &'static str,
        database: &str,
        through: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut random = seeded(test);
        let folder = tempfile::tempdir().expect("a folder");
        let mut all = vec![("PX_DATABASE__URL", through), ("PX_DATABASE__MIGRATE_ON_START", "true")];
        all.extend(settings);
        let service = Service::start(folder.path(), &all);
        let load = Load::start(service.address, &mut random);
        let probes = Probes::start(service.address);
        let (tally, database) = (Tally::of(test), database.to_owned());
        Self { load, probes, random, service, folder, database, tally, began: Instant::now() }
    }

    /// Waits until some posts have been taken, and fails where any was not.
    pub(crate) fn calm(&self) {
        let since = Instant::now();
        self.load.wait_for(CREATED, CALM);
        self.probes.wait_for(true);
        self.assert_only(&[CREATED, REJECTED], since, Instant::now());
    }

    /// Waits until some posts have failed and the service says that it is not ready.
    pub(crate) fn trouble(&self, answer: &str) {
        self.load.wait_for(answer, CALM);
        self.probes.wait_for(false);
    }

    /// Fails where a post that was sent after one moment, and answered before another, had any other answer.
    pub(crate) fn assert_only(&self, answers: &[&str], from: Instant, until: Instant) {
        let record = self.load.record();
        let seen = record.answers(|attempt| attempt.began >= from && attempt.ended <= until);
        assert!(seen.keys().all(|answer| answers.contains(answer)), "{seen:?} instead of {answers:?}");
    }

    /// Fails where somebody was told that the service is ready who asked between these moments.
    pub(crate) fn assert_not_ready(&self, from: Instant, until: Instant) {
        let asked: Vec<_> =
            self.probes.since(from).into_iter().filter(|probe| probe.ended <= until).collect();
        assert!(asked.iter().all(|probe| !probe.ready), "{asked:?}");
    }

    /// Waits until the service takes posts again, and says that it is ready, and from then on takes every one.
    pub(crate) fn recovers(&mut self, over: Instant) {
        let taken = loop {
            let record = self.load.record();
            let mut late = record.attempts.iter().filter(|attempt| attempt.began >= over);
            if let Some(taken) = late.find(|attempt| attempt.answer == CREATED) {
                break taken.ended;
            }
            drop(record);
            self.assert_in_time(over);
        };
        let ready = loop {
            if let Some(ready) = self.probes.since(over).iter().find(|probe| probe.ready) {
                break ready.ended;
            }
            self.assert_in_time(over);
        };
        self.tally.recovered_in(taken.max(ready) - over);
        self.calm();
    }

    fn assert_in_time(&self, over: Instant) {
        assert!(over.elapsed() < RECOVERY_MAX, "it did not recover:\n{}", self.service.logged());
        std::thread::park_timeout(Duration::from_millis(5));
    }

    /// Ends the load and compares what clients were told with what is there.
    pub(crate) fn finish(self) {
        let Self { load, probes, mut random, service, folder, database, mut tally, began } = self;
        let mut record = load.stop();
        probes.stop();
        let answers = record.answers(|_| true);
        println!("{}: {answers:?} in {:.1} s", tally.test, began.elapsed().as_secs_f64());
        let known = [CREATED, REJECTED, UNAVAILABLE, OUTCOME_UNKNOWN];
        assert!(answers.keys().all(|answer| known.contains(answer)), "{answers:?}");
        let count = |answer| answers.get(answer).copied().unwrap_or_default();
        (tally.acknowledged, tally.rejected) = (count(CREATED), count(REJECTED));
        tally.failed = count(UNAVAILABLE) + count(OUTCOME_UNKNOWN);

        let mut connection = service.connect();
        settle(&mut connection, &mut record.posts, &mut random, &mut tally);
        audit(&mut connection, &record.posts, &mut tally);
        assert_eq!(service.get("/health/ready").status, 200);
        assert_eq!(service.stop().code(), Some(0));
        let verified = run(folder.path(), &[("PX_DATABASE__URL", &database)], &["verify"]);
        if verified.code() != Some(0) {
            println!("{}{}", verified.stdout, verified.stderr);
            tally.drift += 1;
        }
        tally.print();
        tally.assert_nothing_wrong();
    }
}
