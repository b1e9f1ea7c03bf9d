//! Fills a ledger through the service, in batches of independent commands over a few connections, up to a number of
//! entries. What is there already counts, so a filling that was broken off goes on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::commands::{Commands, Done, FUNDED_AT_ONCE, Outcomes};
use super::surroundings;
use crate::bench::load::{Client, epoch_ms};

const BATCHES: &str = "/v1/ledgers/main/batches";

/// Commands in one batch, as many as there may be.
const BATCH: u64 = 1000;

/// Batches under way at once, at most: while one is written, others are read and answered.
const CONNECTIONS: u64 = 4;

/// How often to say how far it has got.
const PROGRESS: Duration = Duration::from_secs(10);

/// What a ledger is filled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) entries: u64,
    pub(super) accounts: u32,
}

#[derive(Debug, Deserialize)]
struct Ledger {
    entries: u64,
}

/// Returns how many entries the ledger has.
pub(super) fn entries(address: SocketAddr) -> anyhow::Result<u64> {
    let reply = crate::bench::load::get(address, "/v1/ledgers/main")?;
    let ledger: Ledger = serde_json::from_str(&reply)?;
    Ok(ledger.entries)
}

/// Fills the ledger `main`, and makes what is beside it.
///
/// # Errors
/// The service cannot be reached, or refuses more than a few commands.
pub(super) fn fill(address: SocketAddr, plan: Plan) -> anyhow::Result<()> {
    let there = entries(address)?;
    let funding = u64::from(plan.accounts.div_ceil(FUNDED_AT_ONCE));
    if there < funding {
        // Keys make this the same, however often it is done.
        work(
            funding,
            0,
            |_, commands, client, first| {
                let first = u32::try_from(first)? * FUNDED_AT_ONCE;
                send(client, commands, |commands| commands.funding(first, BATCH))
            },
            address,
            plan,
        )?;
        surroundings::make(address, plan.accounts)?;
    }
    loop {
        let there = entries(address)?;
        if there >= plan.entries {
            return Ok(());
        }
        let wanted = plan.entries - there;
        work(
            wanted,
            there,
            |count, commands, client, first| {
                let done = send(client, commands, |commands| commands.batch(first, count))?;
                if let Some((id, key, body)) = commands.transaction_change() {
                    let path = format!("/v1/ledgers/main/transactions/{id}");
                    let reply = client.send("PATCH", &path, Some(&key), body)?;
                    if reply.status != 200 {
                        bail!("a change was answered with {}", String::from_utf8_lossy(&reply.body));
                    }
                }
                Ok(done)
            },
            address,
            plan,
        )?;
    }
}

/// Has so many commands sent, in batches: `batch` gets how many there are in one, and the number of the first.
fn work(
    wanted: u64,
    there: u64,
    batch: impl Fn(u64, &mut Commands, &mut Client, u64) -> anyhow::Result<Done> + Sync,
    address: SocketAddr,
    plan: Plan,
) -> anyhow::Result<()> {
    let (next, recorded, refused) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let run = epoch_ms()?;
    let worker = || {
        let mut commands = Commands::new(fastrand::Rng::new(), run, plan.accounts);
        let mut client = Client::open(address)?;
        loop {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= wanted {
                return anyhow::Ok(());
            }
            let done = batch(BATCH.min(wanted - first), &mut commands, &mut client, first)?;
            let recorded = recorded.fetch_add(done.recorded, Ordering::Relaxed) + done.recorded;
            let refused = refused.fetch_add(done.refused, Ordering::Relaxed) + done.refused;
            if refused > 100 + recorded / 100 {
                bail!("too much is refused: {}", done.problem.unwrap_or_default());
            }
        }
    };
    // What a batch rests on has come of earlier ones of its connection.
    let connections = (wanted / (4 * BATCH)).clamp(1, CONNECTIONS);
    let began = Instant::now();
    std::thread::scope(|scope| {
        // Each worker has an end of the channel, so that it closes when the last one is done.
        let (working, done) = mpsc::sync_channel::<()>(0);
        let workers: Vec<_> = (0..connections)
            .map(|_| {
                let (working, worker) = (working.clone(), &worker);
                scope.spawn(move || {
                    let _working = working;
                    worker()
                })
            })
            .collect();
        drop(working);
        while done.recv_timeout(PROGRESS) == Err(RecvTimeoutError::Timeout) {
            let recorded = recorded.load(Ordering::Relaxed);
            eprintln!("{}", progress(recorded, wanted, there, plan.entries, began.elapsed()));
        }
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker returns its errors"))
    })
}

/// Says how far it has got: what is there, how much in a second, and how long the rest takes.
fn progress(recorded: u64, wanted: u64, there: u64, entries: u64, took: Duration) -> String {
    // Rates and times are shown to a few digits.
    #[expect(clippy::cast_precision_loss)]
    let [done, left] = [recorded, wanted.saturating_sub(recorded)].map(|count| count as f64);
    let rate = done / took.as_secs_f64();
    let minutes = left / rate / 60.0;
    format!("{} of {entries} entries, {rate:.0}/s, {minutes:.1} min left", there + recorded)
}

fn send(
    client: &mut Client,
    commands: &mut Commands,
    write: impl FnOnce(&mut Commands) -> String,
) -> anyhow::Result<Done> {
    let reply = client.send("POST", BATCHES, None, &write(commands))?;
    if reply.status != 200 {
        bail!("a batch was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    let outcomes: Outcomes = serde_json::from_slice(&reply.body).context("what came of a batch")?;
    Ok(commands.learn(&outcomes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::progress;

    #[test]
    fn progress_tells_what_is_left() {
        let shown = progress(60_000, 180_000, 20_000, 200_000, Duration::from_mins(1));
        assert_eq!(shown, "80000 of 200000 entries, 1000/s, 2.0 min left");
    }
}
