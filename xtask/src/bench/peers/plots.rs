//! What is drawn of results. Drawing itself is done by `bench/plots`, so that what it is made of is compiled for nothing
//! else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Serialize;

use super::results::{Case, Measurement, Results};
use super::{Contestant, Job, Store};

/// A chart, as `bench/plots` reads it.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// The name of its file, without its ending.
    pub(super) name: String,
    pub(super) title: String,
    unit: &'static str,
    #[serde(flatten)]
    content: Content,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Content {
    /// The longest first.
    Bars { bars: Vec<Bar> },
    /// Both axes are logarithmic.
    Lines { x: &'static str, lines: Vec<Line> },
}

#[derive(Debug, Serialize)]
struct Bar {
    name: &'static str,
    value: f64,
    least: f64,
    most: f64,
    is_ours: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
    is_ours: bool,
}

/// Draws everything into a folder, and returns what was drawn.
///
/// # Errors
/// The program that draws cannot be built, or fails.
pub(super) fn draw(results: &Results, folder: &Path) -> anyhow::Result<Vec<Chart>> {
    let charts = charts(results);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Charts of an earlier report that this one has no use for.
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "svg") {
            std::fs::remove_file(&file)?;
        }
    }
    let mut plots = Command::new("cargo");
    cargo_command::as_from_a_shell(&mut plots);
    plots
        .args(["run", "--quiet", "--locked", "--manifest-path", "bench/Cargo.toml", "--package", "plots"])
        .args(["--target-dir", "bench/target", "--"])
        .arg(folder)
        .stdin(Stdio::piped());
    let mut plots = plots.spawn().context("starting what draws the plots")?;
    let mut input = plots.stdin.take().context("no standard input")?;
    input.write_all(&serde_json::to_vec(&charts)?)?;
    drop(input);
    if !plots.wait()?.success() {
        bail!("the plots cannot be drawn");
    }
    Ok(charts)
}

fn charts(results: &Results) -> Vec<Chart> {
    let mut charts = Vec::new();
    let cases = results.cases();
    for case in &cases {
        charts.push(bars(results, *case));
    }
    let by_connections = |case: &Case| (f64::from(case.connections), Case { connections: 0, ..*case });
    grown(results, &cases, "connections", by_connections, &mut charts);
    let by_entries = |case: &Case| (amount(case.entries), Case { entries: 0, ..*case });
    grown(results, &cases, "entries", by_entries, &mut charts);
    let by_accounts = |case: &Case| (f64::from(case.accounts), Case { accounts: 0, ..*case });
    grown(results, &cases, "accounts", by_accounts, &mut charts);
    charts
}

/// Returns a chart of how many requests were answered, or at a fixed rate of how long it took.
fn bars(results: &Results, case: Case) -> Chart {
    let bar = |seen: &Measurement, value: f64, (least, most): (f64, f64)| Bar {
        name: seen.contestant.name(),
        value,
        least,
        most,
        is_ours: seen.contestant == Contestant::Florin,
    };
    let p99 = |seen: &Measurement| seen.median(|round| round.p99_ms);
    let mut bars: Vec<Bar> = results
        .of(case)
        .into_iter()
        .map(|seen| match case.rate {
            None => bar(seen, seen.per_second(), seen.spread()),
            Some(_) => bar(seen, p99(seen), (p99(seen), p99(seen))),
        })
        .filter(|bar| bar.value.is_finite())
        .collect();
    bars.sort_by(|a, b| b.value.total_cmp(&a.value));
    let rate = case.rate.map(|rate| format!("-{rate}-a-second")).unwrap_or_default();
    let store = if case.job == Job::Static { String::new() } else { format!("-{}", case.store.slug()) };
    Chart {
        name: format!(
            "{}{store}-{}-connections-{}-entries-{}-accounts{rate}",
            case.job.slug(),
            case.connections,
            case.entries,
            case.accounts
        ),
        title: super::report::describe(case),
        unit: if case.rate.is_some() { "p99, ms" } else { "requests a second" },
        content: Content::Bars { bars },
    }
}

/// Adds a chart for everything that was measured at several places of one dimension.
fn grown(
    results: &Results,
    cases: &[Case],
    dimension: &'static str,
    place: impl Fn(&Case) -> (f64, Case),
    charts: &mut Vec<Chart>,
) {
    let mut seen: Vec<Case> = Vec::new();
    for case in cases.iter().filter(|case| case.rate.is_none()) {
        let (_, without) = place(case);
        let alike: Vec<(f64, Case)> = cases
            .iter()
            .filter(|other| place(other).1 == without)
            .map(|other| (place(other).0, *other))
            .collect();
        if alike.len() < 2 || seen.contains(&without) {
            continue;
        }
        seen.push(without);
        let mut lines: Vec<Line> = Vec::new();
        for (x, case) in &alike {
            for measured in results.of(*case) {
                let name = measured.contestant.name();
                let point = (*x, measured.per_second());
                match lines.iter_mut().find(|line| line.name == name) {
                    Some(line) => line.points.push(point),
                    None => lines.push(Line {
                        name,
                        points: vec![point],
                        is_ours: measured.contestant == Contestant::Florin,
                    }),
                }
            }
        }
        lines.retain(|line| line.points.len() > 1);
        let Case { job, store, .. } = without;
        charts.push(Chart {
            name: format!("{}-{}-by-{dimension}-{}", job.slug(), store.slug(), seen.len()),
            title: format!("{}, {}, by {dimension}", job.name(), name_of(job, store)),
            unit: "requests a second",
            content: Content::Lines { x: dimension, lines },
        });
    }
}

fn name_of(job: Job, store: Store) -> &'static str {
    if job == Job::Static { "no database" } else { store.name() }
}

fn amount(count: u64) -> f64 {
    // Drawn to a few digits.
    #[expect(clippy::cast_precision_loss)]
    let count = count as f64;
    count
}

#[cfg(test)]
mod tests {
    use super::charts;
    use crate::bench::peers::results::sample::{case, measured, results};
    use crate::bench::peers::{Contestant, Job};

    #[test]
    fn each_case_is_a_chart_and_each_growth_as_well() {
        let cases = [1, 64].map(|connections| case(Job::Account, connections, None));
        let mut all = Vec::new();
        for case in cases {
            all.push(measured(case, Contestant::Florin, &[100.0]));
            all.push(measured(case, Contestant::Axum, &[50.0, 70.0, 60.0]));
        }
        all.push(measured(case(Job::Account, 64, Some(100)), Contestant::Florin, &[100.0]));
        let charts = charts(&results(all));
        let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "account-postgres-1-connections-10000-entries-10000-accounts",
                "account-postgres-64-connections-10000-entries-10000-accounts",
                "account-postgres-64-connections-10000-entries-10000-accounts-100-a-second",
                "account-postgres-by-connections-1",
            ]
        );
        let text = serde_json::to_value(&charts).unwrap();
        assert_eq!(text[0]["bars"][0]["name"], "Florin");
        assert_eq!(text[0]["bars"][1]["most"], 70.0);
        assert_eq!(text[2]["unit"], "p99, ms");
        assert_eq!(text[3]["lines"][0]["points"], serde_json::json!([[1.0, 100.0], [64.0, 100.0]]));
    }
}
