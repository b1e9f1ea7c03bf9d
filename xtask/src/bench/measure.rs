//! One round of load on a service, and what it cost whom.

use super::figures::{Round, Spent};
use super::load::{Load, post_transfers};
use super::processor;
use super::service::Metrics;

/// What a database server has spent so far. What is not known is not a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerSpent {
    /// Seconds of a processor.
    pub(crate) processor: f64,
    /// Bytes of its log.
    pub(crate) wal_bytes: f64,
}

impl ServerSpent {
    pub(crate) const UNKNOWN: Self = Self { processor: f64::NAN, wal_bytes: f64::NAN };
}

/// Posts for one round. `server` tells what the database server below the service has spent.
///
/// # Errors
/// As [`post_transfers`], or the service has no metrics, or `server` fails.
pub(crate) fn measure(
    load: &Load,
    server: impl Fn() -> anyhow::Result<ServerSpent>,
) -> anyhow::Result<Round> {
    let until_now = || {
        let metrics = Metrics::read(load.address)?;
        let server = server()?;
        anyhow::Ok(Spent {
            service: metrics.value("process_cpu_seconds_total").unwrap_or(f64::NAN),
            postgres: server.processor,
            load: processor::of_this_process(),
            wal_bytes: server.wal_bytes,
            commands: metrics.value("florin_batch_commands_sum")?,
            batches: metrics.value("florin_batch_commands_count")?,
        })
    };
    let before = until_now()?;
    let seen = post_transfers(load)?;
    Ok(Round::new(seen.per_second, seen.latencies, seen.posts, until_now()? - before))
}
