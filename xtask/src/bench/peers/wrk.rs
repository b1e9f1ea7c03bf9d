//! wrk, which costs less processor time for a request than oha and knows no fixed rates: how it is called, with a script in
//! Lua, and what that prints at the end.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::generator::{Load, Seen};
use super::job::Target;
use crate::process;

/// Requests that a thread makes before anything is asked, and then takes one of by chance.
const REQUESTS: u32 = 20_000;

/// Returns wrk's version.
///
/// # Errors
/// It is not there.
pub(super) fn version() -> anyhow::Result<String> {
    // It says its version, how it is used, and that this is a failure.
    let output = Command::new("wrk").arg("--version").output();
    let output = output.context("wrk has to be installed for this: Debian has it")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_once(" [").map_or("wrk", |(version, _)| version).to_owned())
}

/// Asks, as often as there are answers.
///
/// # Errors
/// wrk fails, or nobody answers it.
pub(super) fn run(load: &Load<'_>) -> anyhow::Result<Seen> {
    if load.rate.is_some() {
        bail!("wrk knows no fixed rates");
    }
    let file = tempfile::Builder::new().suffix(".lua").tempfile()?;
    std::fs::write(file.path(), script(load.target)?)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(load.connections as usize);
    // Whole seconds, at least one.
    let seconds = load.duration.max(Duration::from_secs(1)).as_secs_f64().ceil();
    let mut wrk = Command::new("wrk");
    wrk.arg(format!("-t{threads}")).arg(format!("-c{}", load.connections)).arg(format!("-d{seconds:.0}s"));
    wrk.arg("--timeout=30s").arg("-s").arg(file.path()).arg(&load.target.url_begin);
    read(&process::capture(&mut wrk)?)
}

/// Returns what wrk runs: what to ask, and what to print.
fn script(target: &Target) -> anyhow::Result<String> {
    let Target { path, accounts, bodies, .. } = target;
    let mut script = format!("local path = \"{path}\"\n");
    let request = match (accounts, bodies) {
        (Some(accounts), _) => {
            format!("wrk.format(\"GET\", string.format(path, math.random(0, {})))", accounts - 1)
        }
        (None, Some(file)) => {
            let file = file.to_str().context("a folder whose name is no UTF-8")?;
            writeln!(
                script,
                "local bodies = {{}}\nfor line in io.lines(\"{file}\") do bodies[#bodies + 1] = line end"
            )?;
            "wrk.format(\"POST\", path, { [\"content-type\"] = \"application/json\" }, bodies[math.random(#bodies)])"
                .to_owned()
        }
        (None, None) => "wrk.format(\"GET\", path)".to_owned(),
    };
    let many = if accounts.is_none() && bodies.is_none() { 1 } else { REQUESTS };
    script.push_str(&SCRIPT.replace("REQUEST", &request).replace("MANY", &many.to_string()));
    Ok(script)
}

/// What every script ends with. Each thread has its own copy of everything but `setup` and `done`. There is no function for
/// answers: it would be given all their headers, and whoever sends more of them would pay for that. wrk itself counts those
/// with a status of 400 and more.
const SCRIPT: &str = r#"
local requests, place, threads = {}, 0, 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(arguments)
    math.randomseed(os.time() + number * 7919)
    for at = 1, MANY do requests[at] = REQUEST end
end

function request()
    place = place % #requests + 1
    return requests[place]
end

function done(summary, latency)
    local errors = summary.errors
    local unanswered = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '\n{"duration_us":%d,"requests":%d,"failures":%d,"unanswered":%d,"p50_us":%f,"p90_us":%f,"p99_us":%f,"p999_us":%f,"slowest_us":%f}\n',
        summary.duration, summary.requests, errors.status, unanswered, latency:percentile(50), latency:percentile(90),
        latency:percentile(99), latency:percentile(99.9), latency.max))
end
"#;

#[derive(Deserialize)]
struct Output {
    duration_us: f64,
    requests: u64,
    failures: u64,
    unanswered: u64,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    p999_us: f64,
    slowest_us: f64,
}

fn read(output: &str) -> anyhow::Result<Seen> {
    let line = output.lines().rfind(|line| line.starts_with('{')).context("wrk's output is unlike itself")?;
    let output: Output = serde_json::from_str(line)?;
    let good = output.requests.saturating_sub(output.failures);
    if good == 0 {
        bail!("no good answers: {} bad ones, {} requests without any", output.failures, output.unanswered);
    }
    // A run has fewer requests than a float can count.
    #[expect(clippy::cast_precision_loss)]
    let per_second = good as f64 * 1e6 / output.duration_us;
    Ok(Seen {
        per_second,
        p50_ms: output.p50_us / 1e3,
        p90_ms: output.p90_us / 1e3,
        p99_ms: output.p99_us / 1e3,
        p999_ms: output.p999_us / 1e3,
        slowest_ms: output.slowest_us / 1e3,
        requests: output.requests,
        failures: output.failures + output.unanswered,
    })
}

#[cfg(test)]
mod tests {
    use super::{read, script};
    use crate::bench::peers::job::Target;

    fn target(path: &str) -> Target {
        Target {
            url_begin: "http://127.0.0.1:1".into(),
            path: path.into(),
            accounts: None,
            bodies: None,
            status: 200,
        }
    }

    #[test]
    fn what_is_asked_stands_in_the_script() {
        let fixed = script(&target("/version")).unwrap();
        assert!(fixed.contains("local path = \"/version\"") && fixed.contains("for at = 1, 1 do"), "{fixed}");
        let any = Target { accounts: Some(10), ..target("/a/%01d") };
        let any = script(&any).unwrap();
        assert!(any.contains("string.format(path, math.random(0, 9))"), "{any}");
        let post = Target { bodies: Some("/tmp/bodies.txt".into()), status: 201, ..target("/t") };
        let post = script(&post).unwrap();
        assert!(post.contains("io.lines(\"/tmp/bodies.txt\")"), "{post}");
    }

    #[test]
    fn what_it_prints_at_the_end_counts() {
        let line = r#"{"duration_us":2000000,"requests":1010,"failures":10,"unanswered":1,"p50_us":1000.0,"p90_us":2000.0,"p99_us":3000.0,"p999_us":4000.0,"slowest_us":5000.0}"#;
        let seen = read(&format!("Running 2s test\n  Latency 1ms\n\n{line}\n")).unwrap();
        assert_eq!(format!("{} {} {}", seen.per_second, seen.p99_ms, seen.slowest_ms), "500 3 5");
        assert_eq!([seen.requests, seen.failures], [1010, 11]);
        assert!(read("Running 2s test").is_err());
        assert!(read(&line.replace("\"failures\":10", "\"failures\":1010")).is_err());
    }
}
