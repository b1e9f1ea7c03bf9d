//! What makes the load: what it is told, and what it has seen, whichever program it is.

use std::time::Duration;

use super::job::Target;
use super::{Generator, oha, wrk};

/// What is asked in one go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'t> {
    pub(super) target: &'t Target,
    pub(super) connections: u32,
    /// Requests a second; as many as are answered where it is not given.
    pub(super) rate: Option<u32>,
    pub(super) duration: Duration,
}

/// What one go has shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    /// Good answers.
    pub(super) per_second: f64,
    /// In milliseconds, as all that follow.
    pub(super) p50_ms: f64,
    pub(super) p90_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
    pub(super) slowest_ms: f64,
    /// Answers, good and bad.
    pub(super) requests: u64,
    /// Bad answers, and requests without one.
    pub(super) failures: u64,
}

impl Generator {
    /// Says which programs make the load.
    ///
    /// # Errors
    /// One is not there.
    pub(super) fn version(self, has_rates: bool) -> anyhow::Result<String> {
        match self {
            Self::Oha => oha::version(),
            Self::Wrk if has_rates => {
                Ok(format!("{}, and {} for fixed rates", wrk::version()?, oha::version()?))
            }
            Self::Wrk => wrk::version(),
        }
    }

    /// Asks. Only oha knows fixed rates.
    ///
    /// # Errors
    /// It fails, or nobody answers it.
    pub(super) fn run(self, load: &Load<'_>) -> anyhow::Result<Seen> {
        match self {
            Self::Wrk if load.rate.is_none() => wrk::run(load),
            Self::Oha | Self::Wrk => oha::run(load),
        }
    }
}
