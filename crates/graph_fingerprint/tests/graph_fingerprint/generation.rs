//! When the code generator is run, and when it is not.

use std::path::Path;

use graph_fingerprint::{Generation, Sources, Verdict};
use synthetic_graph::{APP, BLUEPRINT, SDK, Workspace, route_file};

use crate::trial::checkout;

/// A workspace, and a code generator that writes how often it has run.
struct Generated {
    workspace: Workspace,
    sources: Sources,
    runs: usize,
}

impl Generated {
    fn new(folder: &Path) -> Self {
        let workspace = Workspace::write(&checkout(), folder, 2).unwrap();
        let sources = Sources {
            root: folder.to_owned(),
            package: APP.to_owned(),
            generated: folder.join(SDK),
            tools: String::new(),
        };
        Self { workspace, sources, runs: 0 }
    }

    /// Generates where it has to be; says why.
    fn run(&mut self, meanwhile: impl FnOnce(&Workspace)) -> Option<String> {
        let generation = Generation::new(&self.sources, &self.workspace.folder.join("kept"));
        let verdict = generation.run(|_| {
            self.runs += 1;
            for name in ["blueprint.dot", "blueprint.ron", "src/lib.rs"] {
                self.workspace.put(&format!("{SDK}/{name}"), &format!("// {}\n", self.runs))?;
            }
            meanwhile(&self.workspace);
            std::io::Result::Ok(())
        });
        match verdict.unwrap() {
            Verdict::Fresh => None,
            Verdict::Stale(why) => Some(why),
        }
    }

    fn append(&self, path: &str, text: &str) {
        let there = self.workspace.get(path).unwrap();
        self.workspace.put(path, &format!("{there}{text}")).unwrap();
    }
}

#[test]
fn code_is_generated_once_until_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut generated = Generated::new(folder.path());
    assert_eq!(generated.run(|_| {}).unwrap(), "nothing is known of an earlier run");
    assert_eq!(generated.run(|_| {}), None);
    generated.append(&route_file(0), "\nfn inside() {}\n");
    let why = generated.run(|_| {}).unwrap();
    assert_eq!(why, format!("changed: {}", route_file(0)));
    assert_eq!(generated.run(|_| {}), None);
    assert_eq!(generated.runs, 2);
}

#[test]
fn generated_code_that_is_not_what_was_written_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut generated = Generated::new(folder.path());
    generated.run(|_| {});
    generated.append(&format!("{SDK}/src/lib.rs"), "// by hand\n");
    assert!(generated.run(|_| {}).unwrap().contains("is not as it was generated"));
    std::fs::remove_file(folder.path().join(SDK).join("blueprint.ron")).unwrap();
    assert!(generated.run(|_| {}).unwrap().contains("is not as it was generated"));
    assert_eq!(generated.run(|_| {}), None);
}

#[test]
fn what_changes_while_code_is_generated_has_it_generated_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut generated = Generated::new(folder.path());
    generated.run(|workspace| workspace.put(&route_file(0), "//! Nothing.\n").unwrap());
    assert_eq!(generated.run(|_| {}).unwrap(), "nothing is known of an earlier run");
    assert_eq!(generated.run(|_| {}), None);
}

#[test]
fn after_a_failure_and_in_doubt_it_is_generated_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut generated = Generated::new(folder.path());
    generated.run(|_| {});
    generated.append(BLUEPRINT, "\n");
    let generation = Generation::new(&generated.sources, &folder.path().join("kept"));
    let failed = generation.run(|_| Err("it failed"));
    assert_eq!(failed, Err("it failed"));
    assert_eq!(generated.run(|_| {}).unwrap(), "nothing is known of an earlier run");
    // Neither is nonsense taken for what was kept, nor a file that cannot be judged for one that has not changed.
    for entry in std::fs::read_dir(folder.path().join("kept")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{").unwrap();
    }
    assert_eq!(generated.run(|_| {}).unwrap(), "nothing is known of an earlier run");
    generated.append(&route_file(1), "fn {");
    assert!(generated.run(|_| {}).unwrap().contains("cannot be parsed"));
    assert!(generated.run(|_| {}).unwrap().contains("cannot be parsed"));
}
