//! `bench smoke`: does the lane pay? The same posts, in batches and one SQL transaction each.

use std::time::Duration;

use clap::Args;

use super::figures::{Figures, Round};
use super::load::{Keys, Load, Traffic};
use super::measure::{ServerSpent, measure};
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
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    accounts: u32,
    /// Connections, one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,256")]
    connections: Vec<usize>,
}

/// The two ways to write that are compared.
const VARIANTS: [(&str, &[(&str, &str)]); 2] =
    [("lane", &[]), ("one each", &[("PX_ENGINE__BATCH_MAX", "1")])];

/// Runs the benchmark and prints its table.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = build()?;
    println!(
        "| connections | lane: tx/s · p50 / p99 ms | commands a batch | one each: tx/s · p50 / p99 ms | lane ÷ one each |"
    );
    println!("|---|---|---|---|---|");
    for &connections in &options.connections {
        let folder = tempfile::Builder::new().prefix("florin-bench-").tempdir_in("target")?;
        let mut figures = [Figures::default(), Figures::default()];
        let mut services = Vec::new();
        for (name, settings) in VARIANTS {
            let database = folder.path().join(name.replace(' ', "-"));
            services.push(Service::start(&binary, &format!("sqlite://{}", database.display()), settings)?);
        }
        for round in 0..options.rounds.max(1) {
            for (variant, service) in services.iter().enumerate() {
                eprintln!("{connections} connections, round {}, {} …", round + 1, VARIANTS[variant].0);
                let load = Load {
                    address: service.address,
                    connections,
                    traffic: Traffic::Deposits,
                    keys: Keys::Ordered,
                    accounts: options.accounts,
                    is_authorized: true,
                    warm_up: Duration::ZERO,
                    duration: Duration::from_secs(options.seconds.max(1)),
                };
                figures[variant].add(measure(&load, || Ok(ServerSpent::UNKNOWN))?);
            }
        }
        let [lane, each] = figures;
        let (ratio, _) = lane.over(&each, |round| round.per_second);
        println!(
            "| {connections} | {} | {:.1} | {} | {ratio:.2} |",
            cell(&lane),
            lane.median(|round| round.batch),
            cell(&each)
        );
    }
    Ok(())
}

fn cell(figures: &Figures) -> String {
    let median = |figure: fn(&Round) -> f64| figures.median(figure);
    let (p50, p99) = (median(|round| round.p50_ms), median(|round| round.p99_ms));
    format!("{:.0} · {p50:.2} / {p99:.2}", median(|round| round.per_second))
}
