//! `bench smoke`: does the lane pay? The same posts, in batches and one SQL transaction each.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::load::{Seen, post_transfers};
use super::service::{Service, build};

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long one round of one variant takes, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds; the variants take turns in each, and the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Accounts that receive money.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// Connections, one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,256")]
    connections: Vec<usize>,
}

/// The two ways to write that are compared.
const VARIANTS: [(&str, &[(&str, &str)]); 2] =
    [("lane", &[]), ("one each", &[("PX_ENGINE__BATCH_MAX", "1")])];

/// What one variant showed over all rounds.
struct Figures {
    seen: Vec<Seen>,
    commands: f64,
    batches: f64,
}

/// Runs the benchmark and prints its table.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = build()?;
    let duration = Duration::from_secs(options.seconds.max(1));
    println!(
        "| connections | lane: tx/s · p50 / p99 ms | commands a batch | one each: tx/s · p50 / p99 ms | lane ÷ one each |"
    );
    println!("|---|---|---|---|---|");
    for &connections in &options.connections {
        let folder = tempfile::Builder::new().prefix("florin-bench-").tempdir_in("target")?;
        let mut figures = Vec::new();
        let mut services = Vec::new();
        for (name, settings) in VARIANTS {
            let place: PathBuf = folder.path().join(name.replace(' ', "-"));
            std::fs::create_dir(&place)?;
            services.push(Service::start(&binary, &place, settings)?);
            figures.push(Figures { seen: Vec::new(), commands: 0.0, batches: 0.0 });
        }
        for round in 0..options.rounds.max(1) {
            for (variant, service) in services.iter().enumerate() {
                eprintln!("{connections} connections, round {}, {} …", round + 1, VARIANTS[variant].0);
                let seen =
                    post_transfers(service.address, connections, options.accounts.max(1), duration, round)?;
                figures[variant].seen.push(seen);
            }
        }
        for (figures, service) in figures.iter_mut().zip(&services) {
            figures.commands = service.metric("florin_batch_commands_sum")?;
            figures.batches = service.metric("florin_batch_commands_count")?;
        }
        let [lane, each] = figures.try_into().ok().context("two variants")?;
        let (lane_rate, lane_text) = summary(&lane.seen);
        let (each_rate, each_text) = summary(&each.seen);
        println!(
            "| {connections} | {lane_text} | {:.1} | {each_text} | {:.2} |",
            lane.commands / lane.batches,
            lane_rate / each_rate
        );
    }
    Ok(())
}

/// Returns the median rate, and a cell with the medians.
fn summary(seen: &[Seen]) -> (f64, String) {
    let median = |figure: fn(&Seen) -> f64| {
        let mut figures: Vec<f64> = seen.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let rate = median(|s| s.per_second);
    (rate, format!("{rate:.0} · {:.2} / {:.2}", median(|s| s.p50_ms), median(|s| s.p99_ms)))
}
