//! Runs the program of one target and reads what libFuzzer says of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::build::Programs;
use super::{FUZZ, SCRATCH};
use crate::process;

/// The longest input, in bytes: bounds that are further out are for tests to try.
const INPUT_BYTES_MAX: usize = 4096;
/// How long one input may take, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;
/// The most memory that a program may take, in MiB.
const MEMORY_MIB_MAX: u32 = 2048;

/// What came of fuzzing a target.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) target: String,
    /// How many inputs were tried.
    pub(super) tried: u64,
    pub(super) a_second: u64,
    /// How many places in the code were reached.
    pub(super) reached: u64,
    /// How many inputs reach them.
    pub(super) corpus: u64,
    pub(super) ended: Ended,
}

#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// The time was up.
    Held,
    /// An input broke something.
    Broke {
        /// What was said about it.
        said: String,
        /// Where the input was kept.
        input: PathBuf,
    },
}

impl Found {
    /// Returns the command that tries the input again that broke something.
    pub(super) fn repeat(&self) -> Option<String> {
        match &self.ended {
            Ended::Held => None,
            Ended::Broke { input, .. } => Some(super::repeat(&self.target, input)),
        }
    }
}

/// The folder where a target's new inputs, or what they broke, are kept.
fn scratch(kind: &str, target: &str) -> anyhow::Result<PathBuf> {
    let folder = Path::new(SCRATCH).join(kind).join(target);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn kept(target: &str) -> PathBuf {
    Path::new(FUZZ).join("corpus").join(target)
}

/// Fuzzes a target for a while.
pub(super) fn fuzz(programs: &Programs, target: &str, time: Duration, seed: u32) -> anyhow::Result<Found> {
    let artifacts = scratch("artifacts", target)?;
    let log = Path::new(SCRATCH).join("logs").join(format!("{target}.log"));
    fs::create_dir_all(log.parent().expect("it lies in a folder"))?;
    let mut program = bounded(programs, target);
    program
        .arg(format!("-max_total_time={}", time.as_secs()))
        .arg(format!("-dict={FUZZ}/words.dict"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-seed={seed}"))
        .arg("-print_final_stats=1")
        .arg(scratch("corpus", target)?)
        .arg(kept(target))
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let status = program.status().with_context(|| format!("cannot start the program of {target}"))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let ended = if status.success() {
        Ended::Held
    } else {
        let input = written(&said)
            .with_context(|| format!("{target} failed without an input; it said {}", log.display()))?;
        Ended::Broke { said: panic_of(&said), input }
    };
    let (reached, corpus) = progress(&said);
    Ok(Found {
        target: target.to_owned(),
        tried: statistic(&said, "number_of_executed_units"),
        a_second: statistic(&said, "average_exec_per_sec"),
        reached,
        corpus,
        ended,
    })
}

/// Tries one input.
pub(super) fn try_once(programs: &Programs, target: &str, input: &Path) -> anyhow::Result<()> {
    let status = bounded(programs, target).arg(input).status()?;
    if !status.success() {
        bail!("{} breaks {target}", input.display());
    }
    Ok(())
}

/// Copies the inputs that reach further than those that are kept.
pub(super) fn keep(programs: &Programs, target: &str) -> anyhow::Result<()> {
    let mut merge = bounded(programs, target);
    merge.arg("-merge=1").arg(kept(target)).arg(scratch("corpus", target)?);
    process::capture(&mut merge).map(drop)
}

fn bounded(programs: &Programs, target: &str) -> Command {
    let mut program = programs.of(target);
    program
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
    program
}

/// Where libFuzzer wrote the input that broke something.
fn written(said: &str) -> Option<PathBuf> {
    let line = said.lines().find_map(|line| line.split_once("Test unit written to "))?.1;
    Some(PathBuf::from(line.trim()))
}

/// What a panic said, or else what libFuzzer did.
fn panic_of(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let first = lines.iter().position(|line| line.contains("panicked at") || line.contains("ERROR: "));
    lines.iter().skip(first.unwrap_or_default()).take(4).copied().collect::<Vec<_>>().join("\n")
}

/// A figure of libFuzzer's last statistics.
fn statistic(said: &str, name: &str) -> u64 {
    let value =
        |line: &str| line.strip_prefix("stat::")?.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok();
    said.lines().rev().find_map(value).unwrap_or_default()
}

/// How many places were reached last, and by how many inputs: `#2 INITED cov: 35 ft: 40 corp: 2/3b …`.
fn progress(said: &str) -> (u64, u64) {
    let last =
        said.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: ")).unwrap_or_default();
    let after = |name: &str| {
        let digits = last.split_once(name)?.1.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    (after(" cov: ").unwrap_or_default(), after(" corp: ").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "#2\tINITED cov: 35 ft: 40 corp: 1/3b exec/s: 0 rss: 40Mb\n\
                        #99\tNEW    cov: 512 ft: 900 corp: 17/301b lim: 4 exec/s: 33 rss: 41Mb\n\
                        thread '<unnamed>' panicked at crates/parser_properties/src/texts.rs:1:2:\nit does not hold\n\
                        artifact_prefix='x/'; Test unit written to target/fuzz/artifacts/times/crash-0a1b\n\
                        stat::number_of_executed_units: 4711\nstat::average_exec_per_sec:     157\n";

    #[test]
    fn figures_are_read_from_what_libfuzzer_says() {
        assert_eq!(progress(SAID), (512, 17));
        assert_eq!(statistic(SAID, "number_of_executed_units"), 4711);
        assert_eq!(statistic(SAID, "average_exec_per_sec"), 157);
        assert_eq!(progress(""), (0, 0));
        assert_eq!(statistic("", "peak_rss_mb"), 0);
    }

    #[test]
    fn an_input_that_broke_something_is_named_with_what_was_said() {
        assert_eq!(written(SAID), Some("target/fuzz/artifacts/times/crash-0a1b".into()));
        assert_eq!(written("nothing"), None);
        assert!(panic_of(SAID).contains("texts.rs:1:2:\nit does not hold"));
    }
}
