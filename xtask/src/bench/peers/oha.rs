//! oha, the load generator: how it is called, and what its JSON says.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::generator::{Load, Seen};
use crate::process;

/// Accounts drawn before anything is asked: one of them is taken for each request, by chance. To draw it anew each time, and
/// take its URL apart, costs a third of what making the load does otherwise.
const URLS: u32 = 20_000;

/// Returns oha's version.
///
/// # Errors
/// It is not there.
pub(super) fn version() -> anyhow::Result<String> {
    process::capture(Command::new("oha").arg("--version"))
        .context("oha has to be installed for this: `cargo install oha --locked`")
}

/// Asks.
///
/// # Errors
/// oha fails, or nobody answers it.
pub(super) fn run(load: &Load<'_>) -> anyhow::Result<Seen> {
    let urls = load.target.urls(URLS, &mut fastrand::Rng::new());
    let mut oha = command(load);
    let file = tempfile::NamedTempFile::new()?;
    match &urls[..] {
        [url] => oha.arg(url),
        urls => {
            std::fs::write(file.path(), urls.join("\n"))?;
            oha.arg("--urls-from-file").arg(file.path())
        }
    };
    read(&process::capture(&mut oha)?, load.target.status)
}

/// Returns oha as it is called, but for where it is to ask.
fn command(load: &Load<'_>) -> Command {
    let Load { target, connections, rate, duration } = load;
    let mut oha = Command::new("oha");
    oha.args(["--no-tui", "--no-color", "--output-format", "json"])
        // What is on its way at the end is waited for: an answer that is cut off is none.
        .arg("-w")
        .arg(format!("-z{}ms", duration.as_millis()))
        .arg(format!("-c{connections}"));
    if let Some(rate) = rate {
        // From when each should have been asked for.
        oha.arg(format!("-q{rate}")).arg("--latency-correction");
    }
    if let Some(bodies) = &target.bodies {
        oha.args(["-m", "POST", "-T", "application/json", "-Z"]).arg::<&PathBuf>(bodies);
    }
    oha
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    summary: Summary,
    latency_percentiles: Percentiles,
    status_code_distribution: std::collections::BTreeMap<String, u64>,
    #[serde(default)]
    error_distribution: std::collections::BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    slowest: Option<f64>,
    requests_per_sec: Option<f64>,
}

/// In seconds.
#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    #[serde(rename = "p99.9")]
    p999: Option<f64>,
}

fn read(output: &str, good: u16) -> anyhow::Result<Seen> {
    let output: Output = serde_json::from_str(output).context("oha's output is unlike itself")?;
    let requests: u64 = output.status_code_distribution.values().sum();
    let good = output.status_code_distribution.get(&good.to_string()).copied().unwrap_or(0);
    let unanswered: u64 = output.error_distribution.values().sum();
    if good == 0 {
        bail!("no good answers: {:?}, {:?}", output.status_code_distribution, output.error_distribution);
    }
    let ms = |seconds: Option<f64>| seconds.unwrap_or(f64::NAN) * 1e3;
    // A run has fewer requests than a float can count.
    #[expect(clippy::cast_precision_loss)]
    let good_share = good as f64 / (requests + unanswered) as f64;
    Ok(Seen {
        per_second: output.summary.requests_per_sec.unwrap_or(f64::NAN) * good_share,
        p50_ms: ms(output.latency_percentiles.p50),
        p90_ms: ms(output.latency_percentiles.p90),
        p99_ms: ms(output.latency_percentiles.p99),
        p999_ms: ms(output.latency_percentiles.p999),
        slowest_ms: ms(output.summary.slowest),
        requests,
        failures: requests - good + unanswered,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{command, read};
    use crate::bench::peers::generator::Load;
    use crate::bench::peers::job::Target;

    const OUTPUT: &str = r#"{
        "summary": {"successRate": 1.0, "total": 1.0, "slowest": 0.02, "fastest": 0.0001, "average": 0.001,
            "requestsPerSec": 5003.0, "totalData": 1, "sizePerRequest": 1, "sizePerSec": 1.0},
        "responseTimeHistogram": {"0.0001": 11},
        "latencyPercentiles": {"p10": 0.001, "p25": 0.001, "p50": 0.002, "p75": 0.003, "p90": 0.004, "p95": 0.005,
            "p99": 0.006, "p99.9": 0.007, "p99.99": null},
        "statusCodeDistribution": {"201": 4990, "503": 10},
        "errorDistribution": {"aborted due to deadline": 3}
    }"#;

    #[test]
    fn percentiles_are_milliseconds_and_failures_are_counted() {
        let seen = read(OUTPUT, 201).unwrap();
        let figures = [seen.per_second, seen.p50_ms, seen.p90_ms, seen.p99_ms, seen.p999_ms, seen.slowest_ms];
        assert_eq!(
            figures.map(|figure| format!("{figure:.1}")),
            ["4990.0", "2.0", "4.0", "6.0", "7.0", "20.0"]
        );
        assert_eq!([seen.requests, seen.failures], [5000, 13]);
    }

    #[test]
    fn answers_that_are_all_bad_are_no_figure() {
        assert!(read(OUTPUT, 200).unwrap_err().to_string().starts_with("no good answers"));
        assert!(read("{}", 201).is_err());
    }

    #[test]
    fn a_fixed_rate_counts_from_when_it_was_due() {
        let target = Target {
            url_begin: "http://127.0.0.1:1".into(),
            path: "/x".into(),
            accounts: None,
            bodies: Some("bodies.txt".into()),
            status: 201,
        };
        let load =
            Load { target: &target, connections: 8, rate: Some(2000), duration: Duration::from_millis(1500) };
        let shown = format!("{:?}", command(&load));
        for part in
            ["\"-z1500ms\"", "\"-c8\"", "\"-q2000\" \"--latency-correction\"", "\"-Z\" \"bodies.txt\""]
        {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        let closed = format!("{:?}", command(&Load { rate: None, ..load }));
        assert!(!closed.contains("latency-correction"), "{closed}");
    }
}
