//! What a run has shown, as it goes into the file of results. Written and read back by this program alone, and meant to be
//! read by others: every figure says its unit in its name, and one that is not known is null.

use serde::{Deserialize, Serialize};

use super::{Contestant, Job, Store};
use crate::bench::figures::median;

/// The version of this form.
pub(super) const SCHEMA: u32 = 1;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Results {
    pub(super) schema: u32,
    pub(super) machine: Machine,
    pub(super) settings: Settings,
    pub(super) programs: Vec<Program>,
    pub(super) memory: Vec<Memory>,
    pub(super) measurements: Vec<Measurement>,
    pub(super) pgbench: Vec<Pgbench>,
}

/// What it ran on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Machine {
    /// `2026-01-31`.
    pub(super) date: String,
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) memory_mb: u64,
    pub(super) kernel: String,
    pub(super) rustc: String,
    /// What made the load.
    pub(super) generator: String,
    /// None where none was started.
    pub(super) postgres: Option<String>,
    pub(super) file_system: Option<String>,
    /// How many processes have run or wanted to in the minute before.
    pub(super) load_before: f64,
}

/// How it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) seconds: u32,
    pub(super) warm_up_ms: u32,
    pub(super) rounds: u32,
    pub(super) pool_size: u32,
    /// Whether the peers' programs were given, and not built for this.
    pub(super) built_before: bool,
    pub(super) postgres: Vec<String>,
}

/// A program that took part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Program {
    pub(super) contestant: Contestant,
    /// The framework with its version, `axum 0.8.9`.
    pub(super) framework: String,
    pub(super) bytes: u64,
}

/// How much memory a process had resident.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) contestant: Contestant,
    pub(super) store: Store,
    /// Before it was asked anything but whether it is there.
    pub(super) idle_bytes: u64,
    /// After all that it was asked.
    pub(super) loaded_bytes: u64,
    /// Requests in between.
    pub(super) requests: u64,
}

/// What is measured in one go, of one contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Case {
    pub(super) job: Job,
    pub(super) store: Store,
    pub(super) entries: u64,
    pub(super) accounts: u32,
    pub(super) connections: u32,
    /// Requests a second; null where it is as many as are answered.
    pub(super) rate: Option<u32>,
}

/// A case with what each round has shown of a contestant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measurement {
    #[serde(flatten)]
    pub(super) case: Case,
    pub(super) contestant: Contestant,
    pub(super) rounds: Vec<Round>,
}

/// What one round has shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) per_second: f64,
    pub(super) p50_ms: Option<f64>,
    pub(super) p90_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) p999_ms: Option<f64>,
    pub(super) slowest_ms: Option<f64>,
    pub(super) requests: u64,
    pub(super) failures: u64,
    /// Microseconds of a processor for each request, by who used them.
    pub(super) service_us: Option<f64>,
    pub(super) database_us: Option<f64>,
    pub(super) load_us: Option<f64>,
}

/// What pgbench has shown on the same server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pgbench {
    pub(super) workload: String,
    pub(super) clients: u32,
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) database_us: f64,
}

/// Returns a figure, unless it is not known.
pub(super) fn known(figure: f64) -> Option<f64> {
    figure.is_finite().then_some(figure)
}

impl Measurement {
    /// Returns the median of a figure over the rounds; not a number where it is not known.
    pub(super) fn median(&self, figure: impl Fn(&Round) -> Option<f64>) -> f64 {
        median(self.rounds.iter().filter_map(figure).collect())
    }

    pub(super) fn per_second(&self) -> f64 {
        self.median(|round| Some(round.per_second))
    }

    /// Returns the least and the most that were answered in a second.
    pub(super) fn spread(&self) -> (f64, f64) {
        let rates = self.rounds.iter().map(|round| round.per_second);
        rates.fold((f64::NAN, f64::NAN), |(least, most), rate| (rate.min(least), rate.max(most)))
    }

    pub(super) fn failures(&self) -> u64 {
        self.rounds.iter().map(|round| round.failures).sum()
    }
}

impl Results {
    /// Returns every case once, in the order in which they were measured.
    pub(super) fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for measurement in &self.measurements {
            if !cases.contains(&measurement.case) {
                cases.push(measurement.case);
            }
        }
        cases
    }

    /// Returns what was seen of everybody in a case, the fastest first.
    pub(super) fn of(&self, case: Case) -> Vec<&Measurement> {
        let mut found: Vec<_> = self.measurements.iter().filter(|measured| measured.case == case).collect();
        found.sort_by(|a, b| b.per_second().total_cmp(&a.per_second()));
        found
    }

    /// Returns what was seen of one contestant in a case.
    pub(super) fn seen(&self, case: Case, contestant: Contestant) -> Option<&Measurement> {
        self.measurements.iter().find(|measured| measured.case == case && measured.contestant == contestant)
    }
}

#[cfg(test)]
pub(super) mod sample {
    //! Results for tests of what is made of them.

    use super::{
        Case, Contestant, Job, Machine, Measurement, Memory, Pgbench, Program, Results, Round, SCHEMA,
        Settings, Store,
    };

    pub(in crate::bench::peers) fn case(job: Job, connections: u32, rate: Option<u32>) -> Case {
        Case { job, store: Store::Postgres, entries: 10_000, accounts: 10_000, connections, rate }
    }

    pub(in crate::bench::peers) fn measured(
        case: Case,
        contestant: Contestant,
        rates: &[f64],
    ) -> Measurement {
        let round = |per_second: &f64| Round {
            per_second: *per_second,
            p50_ms: Some(1e3 / per_second),
            p90_ms: Some(2e3 / per_second),
            p99_ms: Some(4e3 / per_second),
            p999_ms: Some(8e3 / per_second),
            slowest_ms: None,
            requests: 100,
            failures: 0,
            service_us: Some(1e6 / per_second),
            database_us: None,
            load_us: Some(3.0),
        };
        Measurement { case, contestant, rounds: rates.iter().map(round).collect() }
    }

    pub(in crate::bench::peers) fn results(measurements: Vec<Measurement>) -> Results {
        let memory = |contestant, idle| Memory {
            contestant,
            store: Store::Postgres,
            idle_bytes: idle,
            loaded_bytes: 3 * idle,
            requests: 1000,
        };
        let program = |contestant, framework: &str, bytes| Program {
            contestant,
            framework: framework.to_owned(),
            bytes,
        };
        Results {
            schema: SCHEMA,
            machine: Machine {
                date: "2026-01-31".into(),
                processor: "a processor".into(),
                cores: 2,
                memory_mb: 4096,
                kernel: "Linux 6".into(),
                rustc: "rustc 1.95.0".into(),
                generator: "oha 1.16.0".into(),
                postgres: Some("postgres (PostgreSQL) 15.1".into()),
                file_system: Some("ext4".into()),
                load_before: 0.1,
            },
            settings: Settings {
                seconds: 1,
                warm_up_ms: 300,
                rounds: 3,
                pool_size: 10,
                built_before: false,
                postgres: vec![],
            },
            programs: vec![
                program(Contestant::Florin, "pavex 0.2.10", 28_000_000),
                program(Contestant::Hyper, "hyper 1.12.0", 7_000_000),
            ],
            memory: vec![memory(Contestant::Florin, 12_000_000), memory(Contestant::Hyper, 6_000_000)],
            measurements,
            pgbench: vec![Pgbench {
                workload: "transfer, uniform".into(),
                clients: 8,
                per_second: 8000.0,
                p50_ms: 1.0,
                p99_ms: 2.0,
                database_us: 150.0,
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{case, measured, results};
    use super::{Contestant, Job, Results, known};

    #[test]
    fn results_are_read_back_as_they_were_written() {
        let case = case(Job::Transfer, 256, Some(2000));
        let results = results(vec![measured(case, Contestant::ActixWeb, &[1.0, 3.0, 2.0])]);
        let text = serde_json::to_string(&results).unwrap();
        assert!(text.contains(r#""job":"transfer","store":"postgres","entries":10000"#), "{text}");
        assert!(text.contains(r#""rate":2000,"contestant":"actix-web""#), "{text}");
        assert!(text.contains(r#""database_us":null"#), "{text}");
        let read: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let seen = read.seen(case, Contestant::ActixWeb).unwrap();
        assert_eq!(format!("{} {:?}", seen.per_second(), seen.spread()), "2 (1.0, 3.0)");
        assert!(seen.median(|round| round.database_us).is_nan());
    }

    #[test]
    fn the_fastest_comes_first() {
        let case = case(Job::Static, 64, None);
        let slow = measured(case, Contestant::Axum, &[10.0]);
        let results = results(vec![slow, measured(case, Contestant::Hyper, &[20.0])]);
        let names: Vec<_> = results.of(case).iter().map(|seen| seen.contestant).collect();
        assert_eq!(names, [Contestant::Hyper, Contestant::Axum]);
        assert_eq!(results.cases(), [case]);
    }

    #[test]
    fn what_is_no_number_is_not_known() {
        assert_eq!([known(f64::NAN), known(1.5)], [None, Some(1.5)]);
    }
}
