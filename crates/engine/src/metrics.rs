//! What the engine counts.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::schedules::RunOutcome;
use crate::submission::Outcome;

/// The engine's metrics. Clones count into the same place.
#[derive(Clone, Debug)]
pub struct EngineMetrics {
    pub(crate) lanes: Gauge,
    pub(crate) queue_depth: Gauge,
    pub(crate) batch_commands: Histogram,
    pub(crate) batch_entries: Histogram,
    pub(crate) batch_duration: Histogram,
    pub(crate) commit_duration: Histogram,
    pub(crate) entries: Counter,
    pub(crate) commands: Family<CommandLabels, Counter<u64, AtomicU64>>,
    pub(crate) schedules_due: Gauge,
    schedule_runs: Family<RunLabels, Counter<u64, AtomicU64>>,
}

/// What came of an occurrence of a schedule, as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    outcome: RunLabel,
}

/// What came of an attempt at an occurrence of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
pub(crate) enum RunLabel {
    posted,
    rejected,
    failed,
}

impl From<&RunOutcome> for RunLabel {
    fn from(outcome: &RunOutcome) -> Self {
        match outcome {
            RunOutcome::Posted(_) => Self::posted,
            RunOutcome::Rejected { .. } => Self::rejected,
        }
    }
}

/// What came of a command, as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CommandLabels {
    pub(crate) outcome: CommandOutcome,
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
pub(crate) enum CommandOutcome {
    recorded,
    replayed,
    dry_run,
    rejected,
    refused,
    failed,
}

impl From<Outcome> for CommandOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Recorded => Self::recorded,
            Outcome::Replayed => Self::replayed,
            Outcome::DryRun => Self::dry_run,
        }
    }
}

impl EngineMetrics {
    /// Registers the metrics, all with the prefix `florin_`.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        // From 100 µs, a good disk's flush, to 26 s.
        let durations = || Histogram::new(exponential_buckets(0.000_1, 2.0, 19));
        let sizes = || Histogram::new(exponential_buckets(1.0, 2.0, 14));
        let metrics = Self {
            lanes: Gauge::default(),
            queue_depth: Gauge::default(),
            batch_commands: sizes(),
            batch_entries: sizes(),
            batch_duration: durations(),
            commit_duration: durations(),
            entries: Counter::default(),
            commands: Family::default(),
            schedules_due: Gauge::default(),
            schedule_runs: Family::default(),
        };
        let registry = registry.sub_registry_with_prefix("florin");
        registry.register("lanes", "Ledgers with a running lane", metrics.lanes.clone());
        registry.register(
            "lane_queue_depth",
            "Commands that wait for their batch",
            metrics.queue_depth.clone(),
        );
        registry.register(
            "batch_commands",
            "Commands in a batch, also in one that has to be decided anew",
            metrics.batch_commands.clone(),
        );
        registry.register("batch_entries", "Log entries written by a batch", metrics.batch_entries.clone());
        registry.register_with_unit(
            "batch_duration",
            "Time from opening a batch to its commit",
            Unit::Seconds,
            metrics.batch_duration.clone(),
        );
        registry.register_with_unit(
            "commit_duration",
            "Time to write and commit a decided batch",
            Unit::Seconds,
            metrics.commit_duration.clone(),
        );
        registry.register("entries", "Log entries written", metrics.entries.clone());
        registry.register("commands", "Commands by what came of them", metrics.commands.clone());
        let due = "Schedules that were due when this replica looked last, 256 at most";
        registry.register("schedules_due", due, metrics.schedules_due.clone());
        let runs = "Attempts of this replica at occurrences of schedules by what came of them";
        registry.register("schedule_runs", runs, metrics.schedule_runs.clone());
        metrics
    }

    pub(crate) fn count_run(&self, outcome: RunLabel) {
        self.schedule_runs.get_or_create(&RunLabels { outcome }).inc();
    }

    pub(crate) fn count(&self, outcome: CommandOutcome) {
        self.commands.get_or_create(&CommandLabels { outcome }).inc();
    }
}
