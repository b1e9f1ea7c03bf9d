//! `cargo xtask fuzz`: feeds parsers inputs that nobody thought of, each family for a while, and sums up what came of it.
//! It installs nothing, and changes nothing that is kept but with `--keep`.

mod build;
mod target;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use self::build::Programs;
use self::target::{Ended, Found};

/// What is written while fuzzing: new inputs, what they broke, and what libFuzzer said.
const SCRATCH: &str = "target/fuzz";
/// Where programs and inputs that are kept lie.
const FUZZ: &str = "fuzz";

/// Feed the parsers of outside bytes whatever cargo-fuzz can think of
///
/// Builds the programs in fuzz/ with the toolchain that `cargo xtask setup` links (with stable Rust, where that is not
/// there), starts from the inputs that are kept in fuzz/corpus, and runs each for a while. What has to hold is in the
/// package `parser_properties`. An input that breaks it is kept in target/fuzz/artifacts, and shown with the command that
/// tries it again: it becomes a test, then the fault is mended. New inputs are written to target/fuzz/corpus, and go on
/// from there the next time; --keep copies those that reach further into fuzz/corpus.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which families of parsers; all, where none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How long to go on with each
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// The seed of libFuzzer; 0 takes another one each time
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Do nothing but list the families
    #[arg(long)]
    list: bool,
    /// Try this input once, in place of all others
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "keep"])]
    input: Option<PathBuf>,
    /// Keep the inputs that reach further than those in fuzz/corpus there
    #[arg(long)]
    keep: bool,
    /// Do not watch memory as well, which is faster
    #[arg(long)]
    no_sanitizer: bool,
}

/// Fuzzes, and prints a table of what came of it.
///
/// # Errors
/// There is no such family; cargo-fuzz is missing, or cannot build; an input broke something.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let known = known()?;
    if options.list {
        println!("{}", known.join("\n"));
        return Ok(());
    }
    let targets = chosen(&options.targets, &known)?;
    let programs = Programs::build(&targets, !options.no_sanitizer)?;
    if let Some(input) = &options.input {
        let [target] = targets.as_slice() else {
            bail!("--input needs one TARGET: cargo xtask fuzz TARGET --input FILE")
        };
        return target::try_once(&programs, target, input);
    }
    let count = targets.len();
    let mut found = Vec::new();
    for (number, name) in (1..).zip(&targets) {
        eprintln!("fuzzing {name} for {} s ({number} of {count}) …", options.seconds);
        let one = target::fuzz(&programs, name, Duration::from_secs(options.seconds), options.seed)?;
        if let Ended::Broke { said, input } = &one.ended {
            eprintln!("{said}\nto try it again: {}", repeat(name, input));
        } else if options.keep {
            target::keep(&programs, name)?;
        }
        found.push(one);
    }
    println!("{}", table(&found));
    let broken: Vec<String> = found.iter().filter_map(Found::repeat).collect();
    if !broken.is_empty() {
        bail!("{} of {count} broke; to try these inputs again:\n  {}", broken.len(), broken.join("\n  "));
    }
    Ok(())
}

/// The command that tries an input again.
fn repeat(target: &str, input: &Path) -> String {
    format!("cargo xtask fuzz {target} --input {}", input.display())
}

/// The families that there are programs for, sorted.
fn known() -> anyhow::Result<Vec<String>> {
    let folder = Path::new(FUZZ).join("fuzz_targets");
    let entries = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}: run this at the root", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn chosen(wanted: &[String], known: &[String]) -> anyhow::Result<Vec<String>> {
    if wanted.is_empty() {
        return Ok(known.to_vec());
    }
    if let Some(strange) = wanted.iter().find(|name| !known.contains(name)) {
        bail!("there is no target {strange}; there are: {}", known.join(", "));
    }
    Ok(wanted.to_vec())
}

/// What came of it, a line for each family.
fn table(found: &[Found]) -> String {
    let mut lines = vec![format!(
        "{:<12} {:>12} {:>9} {:>8} {:>7}  {}",
        "target", "inputs", "a second", "reached", "kept", "result"
    )];
    for one in found {
        let result = match &one.ended {
            Ended::Held => "held".to_owned(),
            Ended::Broke { input, .. } => format!("BROKE: {}", input.display()),
        };
        let Found { target, tried, a_second, reached, corpus, .. } = one;
        lines.push(format!("{target:<12} {tried:>12} {a_second:>9} {reached:>8} {corpus:>7}  {result}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_all_or_those_that_are_named() {
        let known = ["amounts", "times"].map(str::to_owned);
        assert_eq!(chosen(&[], &known).unwrap(), known);
        assert_eq!(chosen(&known[1..], &known).unwrap(), ["times"]);
        let error = chosen(&["dates".to_owned()], &known).unwrap_err().to_string();
        assert_eq!(error, "there is no target dates; there are: amounts, times");
    }

    #[test]
    fn what_broke_is_shown_with_the_input_that_broke_it() {
        let held = Found {
            target: "amounts".into(),
            tried: 12_000,
            a_second: 400,
            reached: 77,
            corpus: 9,
            ended: Ended::Held,
        };
        let ended = Ended::Broke { said: String::new(), input: "target/fuzz/artifacts/times/crash-1".into() };
        let broke = Found { target: "times".into(), ended, ..held.clone() };
        assert_eq!(held.repeat(), None);
        let command = "cargo xtask fuzz times --input target/fuzz/artifacts/times/crash-1";
        assert_eq!(broke.repeat().as_deref(), Some(command));
        let table = table(&[held, broke]);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].ends_with("held") && lines[1].contains("12000"), "{table}");
        assert!(lines[2].ends_with("BROKE: target/fuzz/artifacts/times/crash-1"), "{table}");
    }
}
