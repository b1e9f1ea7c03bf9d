//! The section `engine`: how commands form batches, and what may wait.

use std::time::Duration;

use ledger::LedgerName;

use super::{Check, InvalidValue};

/// How commands form batches, what may wait, and what is remembered. Counts are per ledger.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "engine", include_if_unused)]
pub struct EngineConfig {
    /// How much may wait for its turn, in postings. Default 16384; `PX_ENGINE__QUEUE_MAX`.
    pub queue_max: usize,
    /// When a batch is full, in postings. Default 2048; `PX_ENGINE__BATCH_MAX`.
    pub batch_max: usize,
    /// How many balances a ledger's lane has at hand between batches. Default 16384;
    /// `PX_ENGINE__CACHED_BALANCES_MAX`.
    pub cached_balances_max: usize,
    /// About how many bytes other balances may take that lanes remember, of all ledgers together; with 0 there are none.
    /// Default 134217728; `PX_ENGINE__PACKED_BALANCES_BYTES_MAX`.
    pub packed_balances_bytes_max: usize,
    /// About how many bytes copies of accounts that were read may take, of all ledgers together; with 0 there are none.
    /// Default 8388608; `PX_ENGINE__COPIED_ACCOUNTS_BYTES_MAX`.
    pub copied_accounts_bytes_max: usize,
    /// After how long without a command a ledger's lane ends and frees its memory, in milliseconds.
    /// Default 60000; `PX_ENGINE__LANE_IDLE_TIMEOUT_MS`.
    pub lane_idle_timeout_ms: u64,
    /// For how long a replica claims an occurrence of a schedule that it runs, in milliseconds: one that dies leaves it
    /// to the others that late. Default 30000; `PX_ENGINE__SCHEDULE_LEASE_MS`.
    pub schedule_lease_ms: u64,
    /// How often a replica looks for schedules that others have created, in milliseconds. Default 1000;
    /// `PX_ENGINE__SCHEDULE_POLL_MS`.
    pub schedule_poll_ms: u64,
    /// Ledgers that `serve` creates where they are not there. Default none, in dev `["main"]`;
    /// `PX_ENGINE__CREATE_LEDGERS`.
    pub create_ledgers: Vec<String>,
}

impl EngineConfig {
    /// Returns the ledgers to create.
    ///
    /// # Panics
    /// When [`Self::problems`] has something to say about them.
    pub fn ledgers_to_create(&self) -> impl Iterator<Item = LedgerName> {
        self.create_ledgers.iter().map(|name| LedgerName::parse(name).expect("names are checked at start-up"))
    }

    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("engine")
            // The largest transaction has to fit in.
            .range("queue_max", self.queue_max, 1000..=10_000_000)
            .range("batch_max", self.batch_max, 1..=100_000)
            .range("cached_balances_max", self.cached_balances_max, 0..=10_000_000)
            .range("packed_balances_bytes_max", self.packed_balances_bytes_max, 0..=1_000_000_000_000)
            .range("copied_accounts_bytes_max", self.copied_accounts_bytes_max, 0..=10_000_000_000)
            .range("lane_idle_timeout_ms", self.lane_idle_timeout_ms, 100..=86_400_000)
            .range("schedule_lease_ms", self.schedule_lease_ms, 100..=3_600_000)
            .range("schedule_poll_ms", self.schedule_poll_ms, 10..=60_000)
            .range("create_ledgers", self.create_ledgers.len(), 0..=1000);
        for name in &self.create_ledgers {
            if LedgerName::parse(name).is_err() {
                let message = format!(
                    "{name:?} is no name for a ledger: it takes 1 to 63 of a-z, 0-9, _ and -, the first one \
                     a letter or a digit"
                );
                check.refuse("create_ledgers", message);
            }
        }
        check.done()
    }
}

impl From<&EngineConfig> for engine::EngineOptions {
    fn from(config: &EngineConfig) -> Self {
        Self {
            queue_max: config.queue_max,
            batch_max: config.batch_max,
            cached_balances_max: config.cached_balances_max,
            packed_balances_bytes_max: config.packed_balances_bytes_max,
            copied_accounts_bytes_max: config.copied_accounts_bytes_max,
            lane_idle: Duration::from_millis(config.lane_idle_timeout_ms),
            ..Self::default()
        }
    }
}

impl From<&EngineConfig> for engine::schedules::RunnerOptions {
    fn from(config: &EngineConfig) -> Self {
        Self {
            poll: Duration::from_millis(config.schedule_poll_ms),
            lease: Duration::from_millis(config.schedule_lease_ms),
        }
    }
}
