//! All inputs that are kept in `fuzz/corpus/`, tried on every run of the tests: what fuzzing found once is not lost
//! where nobody fuzzes.

use std::fs;
use std::path::{Path, PathBuf};

use parser_properties::Target;

/// The most bytes that all inputs take together: they are in every clone.
const CORPUS_BYTES_MAX: usize = 1_000_000;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs of a target, by the names of their files.
fn corpus(target: Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target.name());
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_input_that_is_kept_holds() {
    for target in Target::ALL {
        let failed: Vec<String> = corpus(target)
            .into_iter()
            .filter(|(_, input)| std::panic::catch_unwind(|| target.check(input)).is_err())
            .map(|(path, _)| path.display().to_string())
            .collect();
        assert!(failed.is_empty(), "{}: these do not hold:\n  {}", target.name(), failed.join("\n  "));
    }
}

#[test]
fn every_target_has_a_program_and_inputs() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let programs: Vec<&str> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|program| program.split("name = \"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(programs, Target::ALL.map(Target::name), "fuzz/Cargo.toml has these, sorted");
    for target in Target::ALL {
        let program = fuzz().join("fuzz_targets").join(format!("{}.rs", target.name()));
        let program = fs::read_to_string(program).unwrap();
        assert!(program.contains(&format!("Target::{target:?}.check(input)")), "{program}");
        assert!(!corpus(target).is_empty(), "{target:?} has something to begin with");
    }
}

#[test]
fn what_is_kept_is_small() {
    let bytes: usize = Target::ALL.into_iter().flat_map(corpus).map(|(_, input)| input.len()).sum();
    assert!(
        bytes < CORPUS_BYTES_MAX,
        "{bytes} bytes are kept; `cargo fuzz cmin` leaves out what adds nothing"
    );
}
