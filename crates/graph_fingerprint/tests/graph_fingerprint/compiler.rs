//! What the Pavex compiler writes, held against the fingerprint. It needs the code generator: without it the test says
//! so and passes, except where `CI` or `FLORIN_REQUIRE_CODEGEN` is set.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use synthetic_graph::{APP, SDK};
use test_workspace::WorkspaceCopy;

use crate::changes::{Change, Effect};
use crate::random::{cases, seeded};
use crate::trial::Trial;

/// What is written.
const WRITTEN: [&str; 4] = ["Cargo.toml", "blueprint.dot", "blueprint.ron", "src/lib.rs"];

/// How long cases are tried, unless their number is given.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

#[test]
fn the_same_fingerprint_is_the_same_generated_code() {
    let Some(copy) = WorkspaceCopy::with_code_generator() else { return };
    let generate = |trial: &Trial| generate(trial, copy.target());
    let mut random = seeded("generated code");
    let mut trial = Trial::new(&copy.beside("synthetic"));
    trial.undo();
    // Cargo puts the lock file in order first.
    generate(&trial).unwrap_or_else(|said| panic!("{said}"));
    let first = trial.fingerprint();
    let right = generate(&trial).unwrap_or_else(|said| panic!("{said}"));
    let differences = trial.fingerprint();
    let differences = differences.differences(&first, 9);
    assert!(differences.is_empty(), "generating code changes what counts: {differences:?}");

    let most = cases("FLORIN_GENERATED_CASES", usize::MAX);
    let started = Instant::now();
    let (mut same, mut others) = (0, 0);
    for number in 0..most {
        if most == usize::MAX && started.elapsed() > LONG_ENOUGH {
            break;
        }
        let effect = if number % 3 == 2 { Effect::Seen } else { Effect::Unseen };
        let changes = Change::some(effect, &mut random);
        let named: Vec<&str> = changes.iter().map(|change| change.what).collect();
        trial.change(&changes, &mut random);
        let is_same = trial.fingerprint() == first;
        let written = generate(&trial);
        if is_same {
            same += 1;
            let written = written.unwrap_or_else(|said| panic!("{named:?}: {said}"));
            let differ =
                WRITTEN.iter().zip(written.iter().zip(&right)).filter(|(_, (now, right))| now != right);
            let differ: Vec<&&str> = differ.map(|(name, _)| name).collect();
            assert!(differ.is_empty(), "after {named:?} the fingerprint is the same, and not {differ:?}");
        } else if written.is_ok_and(|written| written != right) {
            others += 1;
        }
    }
    trial.undo();
    generate(&trial).unwrap_or_else(|said| panic!("{said}"));
    eprintln!(
        "{same} times the same fingerprint and code, {others} times other code and another fingerprint"
    );
    assert!(same > 0 || most == 0, "nothing was tried in {LONG_ENOUGH:?}");
}

/// Has the code generated; returns what was written, or what was said.
fn generate(trial: &Trial, target: &Path) -> Result<Vec<String>, String> {
    let workspace = &trial.workspace;
    let manifest = workspace.folder.join(SDK).join("Cargo.toml");
    let output = workspace
        .cargo(target)
        .args(["run", "--quiet", "--package", APP, "--bin", "bp"])
        .env("CARGO_PX_GENERATED_PKG_MANIFEST_PATH", manifest)
        .env("CARGO_TERM_COLOR", "never")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let read = |name: &&str| workspace.get(&format!("{SDK}/{name}")).map_err(|error| error.to_string());
    WRITTEN.iter().map(read).collect()
}
