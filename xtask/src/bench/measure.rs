//! One round of load on a service, and what it cost whom.

use super::figures::{Processor, Round};
use super::load::{Load, post_transfers};
use super::processor;
use super::service::Metrics;

/// Posts for one round. `postmaster` is the first process of the service's database server, where there is one.
///
/// # Errors
/// As [`post_transfers`], or the service has no metrics.
pub(crate) fn measure(load: &Load, postmaster: Option<u32>) -> anyhow::Result<Round> {
    let before = Spent::until_now(load, postmaster)?;
    let seen = post_transfers(load)?;
    let after = Spent::until_now(load, postmaster)?;
    let used = Processor {
        service: after.used.service - before.used.service,
        postgres: after.used.postgres - before.used.postgres,
        load: after.used.load - before.used.load,
    };
    let batch = (after.commands - before.commands) / (after.batches - before.batches);
    Ok(Round::new(seen.per_second, seen.latencies, batch, used.among(seen.posts)))
}

/// What was spent and done up to one moment.
struct Spent {
    used: Processor,
    commands: f64,
    batches: f64,
}

impl Spent {
    fn until_now(load: &Load, postmaster: Option<u32>) -> anyhow::Result<Self> {
        let metrics = Metrics::read(load.address)?;
        Ok(Self {
            used: Processor {
                service: metrics.value("process_cpu_seconds_total").unwrap_or(f64::NAN),
                postgres: postmaster.map_or(f64::NAN, processor::with_children),
                load: processor::of_this_process(),
            },
            commands: metrics.value("florin_batch_commands_sum")?,
            batches: metrics.value("florin_batch_commands_count")?,
        })
    }
}
