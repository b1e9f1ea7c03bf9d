//! Features as contributors make them, in a copy of this workspace: one as the command writes it, and one as
//! `docs/adding-a-feature.md` goes on from there, to the letter. Both are generated, built and tested like any other.
//!
//! What is generated is generated once, behind all edits: a contributor has it done after each. Generating, building and
//! testing takes minutes, and is done where `FLORIN_FEATURES=build` asks for it; otherwise the sources are written, and
//! every patch has to fit.

mod document;

use std::collections::BTreeSet;
use std::process::Command;

use test_workspace::{Said, WorkspaceCopy};

use self::document::{Step, steps};

/// A feature that stays as the command writes it. Its name has several words, to be told from the texts that it is in.
const AS_WRITTEN: &str = "sample_price_lists";

#[test]
fn a_new_feature_is_written_and_so_is_the_one_of_the_walk_through() {
    let Some(copy) = WorkspaceCopy::with_code_generator() else { return };
    let committed = tracked(&copy);
    well(copy.run("cargo", &["xtask", "new-feature", AS_WRITTEN, "--no-generate"]));
    only_lines_were_added(&copy, &committed);

    let mut tests = Vec::new();
    for step in steps(&copy.read("docs/adding-a-feature.md")) {
        match step {
            Step::Run(command) if command.starts_with("cargo xtask new-") => {
                well(copy.run("sh", &["-c", &format!("{command} --no-generate")]));
                well(copy.run("cargo", &["fmt", "--all"]));
            }
            Step::Run(command) if command.starts_with("cargo test ") => tests.push(command),
            Step::Run(command) => well(copy.run("sh", &["-c", &command])),
            Step::Patch(patch) => apply(&copy, &patch),
        }
    }
    // Those that stand there twice show the same once all is done.
    tests.sort();
    tests.dedup();
    assert!(!tests.is_empty(), "the walk-through runs tests");
    if std::env::var_os("FLORIN_FEATURES").is_some_and(|value| value == "build") {
        generated_and_tested(&copy, &tests);
    }
}

/// Generates what follows from the sources, and has everything tested that a feature has to do with.
fn generated_and_tested(copy: &WorkspaceCopy, tests: &[String]) {
    for arguments in [
        &["fmt", "--all"][..],
        &["xtask", "sqlx-prepare"],
        &["px", "build", "--quiet", "--package", "server_sdk", "--package", "server", "--bin", "server"],
    ] {
        well(copy.run("cargo", arguments));
    }
    well(copy.run(
        "env",
        &["UPDATE_DOCS=1", "cargo", "test", "--quiet", "--package", "app", "--test", "documents"],
    ));
    for command in tests {
        tested(copy.run("sh", &["-c", command]));
    }
    // The same of the other feature, with what holds all features together.
    let every = [AS_WRITTEN, "every_", "operations", "no_statement_reads"];
    let packages = ["server", "store_memory", "store_postgres", "store_sqlite"];
    let mut arguments = vec!["test", "--quiet", "--no-fail-fast"];
    arguments.extend(packages.iter().flat_map(|package| ["--package", package]));
    arguments.extend(["http", "contract", "plans", "query_plans"].iter().flat_map(|test| ["--test", test]));
    arguments.push("--");
    arguments.extend(every);
    tested(copy.run("cargo", &arguments));
    tested(copy.run("cargo", &["test", "--quiet", "--package", "xtask", "--test", "tidy"]));
}

fn well(said: Said) {
    assert!(said.passed, "{}", said.text);
}

/// It went well, and there was something to be tested.
fn tested(said: Said) {
    let passed = said.text.lines().filter(|line| line.starts_with("test result: ok")).count();
    let any =
        said.text.lines().any(|line| line.starts_with("test result: ok") && !line.contains(" 0 passed"));
    assert!(said.passed && passed > 0 && any, "{}", said.text);
}

/// What is committed of the copy's sources: of every file its lines.
fn tracked(copy: &WorkspaceCopy) -> Vec<(String, Vec<String>)> {
    let original = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let listed =
        Command::new("git").args(["ls-files", "-z"]).current_dir(original).output().expect("git lists files");
    let listed = String::from_utf8(listed.stdout).expect("names are UTF-8");
    let readable = |name: &str| std::fs::read_to_string(copy.path(name)).ok();
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    listed.split_terminator('\0').filter_map(|name| Some((name.to_owned(), lines(readable(name)?)))).collect()
}

/// No line that was there is gone or changed: they come in their order, with others between them.
fn only_lines_were_added(copy: &WorkspaceCopy, committed: &[(String, Vec<String>)]) {
    let mut grown = BTreeSet::new();
    for (name, before) in committed {
        let now = copy.read(name);
        let mut left = before.iter().peekable();
        for line in now.lines() {
            if left.next_if(|next| *next == line).is_none() {
                grown.insert(name.as_str());
            }
        }
        assert_eq!(left.next(), None, "{name} has lost a line");
    }
    assert!(grown.len() > 15, "{grown:?}");
}

/// Applies a patch, as a reader might who does not want to type it.
fn apply(copy: &WorkspaceCopy, patch: &str) {
    let file = copy.path("target.patch");
    std::fs::write(&file, patch).expect("a patch can be written");
    // The copy lies in a folder that git leaves out, where it would apply nothing and say nothing.
    let above = copy.path("..").canonicalize().expect("a folder above");
    let ceiling = format!("GIT_CEILING_DIRECTORIES={}", above.display());
    let said = copy.run("env", &[&ceiling, "git", "apply", "--verbose", "target.patch"]);
    std::fs::remove_file(file).expect("it was just written");
    assert!(said.passed, "{}\n{patch}", said.text);
}
