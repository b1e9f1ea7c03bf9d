//! A workspace that is changed and put right again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use graph_fingerprint::{Fingerprint, Shapes, Sources};
use synthetic_graph::{APP, BLUEPRINT, COMPONENTS, MIDDLEWARES, SDK, SINGLETONS, Workspace, route_file};

use crate::changes::{Change, Effect};
use crate::random::{cases, seeded};

/// How many routes there are.
pub(crate) const ROUTES: usize = 4;

/// A workspace, and what its sources say when nothing is changed.
pub(crate) struct Trial {
    pub(crate) workspace: Workspace,
    pub(crate) right: BTreeMap<String, String>,
    sources: Sources,
    shapes: Shapes,
}

/// Returns the folder of this repository.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

impl Trial {
    /// Writes the workspace.
    pub(crate) fn new(folder: &Path) -> Self {
        let workspace = Workspace::write(&checkout(), folder, ROUTES).unwrap();
        let names = [BLUEPRINT, COMPONENTS, MIDDLEWARES, SINGLETONS].map(str::to_owned).into_iter();
        let names = names.chain((0..ROUTES).map(route_file));
        let right = names.map(|name| (name.clone(), workspace.get(&name).unwrap())).collect();
        let sources = Sources {
            root: folder.to_owned(),
            package: APP.to_owned(),
            generated: folder.join(SDK),
            tools: "the same ones".to_owned(),
        };
        Self { workspace, right, sources, shapes: Shapes::default() }
    }

    /// Takes the fingerprint of what is on the disk.
    pub(crate) fn fingerprint(&mut self) -> Fingerprint {
        Fingerprint::take(&self.sources, &mut self.shapes).unwrap()
    }

    /// Makes changes in the order given.
    pub(crate) fn change(&self, changes: &[Change], random: &mut fastrand::Rng) {
        let mut texts = self.right.clone();
        for change in changes {
            let before = texts.clone();
            (change.make)(&mut texts, random);
            assert_ne!(before, texts, "{}: nothing was changed", change.what);
        }
        self.put(&texts);
    }

    /// Puts everything right again.
    pub(crate) fn undo(&self) {
        self.put(&self.right);
    }

    fn put(&self, texts: &BTreeMap<String, String>) {
        for (name, text) in texts {
            self.workspace.put(name, text).unwrap();
        }
    }
}

#[test]
fn changes_that_the_compiler_sees_change_the_fingerprint_and_no_others_do() {
    let mut random = seeded("fingerprints");
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Trial::new(folder.path());
    let first = trial.fingerprint();
    for number in 0..cases("FLORIN_FINGERPRINT_CASES", 60) {
        let effect = if number % 2 == 0 { Effect::Unseen } else { Effect::Seen };
        let changes = Change::some(effect, &mut random);
        trial.change(&changes, &mut random);
        let now = trial.fingerprint();
        let named: Vec<&str> = changes.iter().map(|change| change.what).collect();
        assert_eq!(now == first, effect == Effect::Unseen, "{named:?}: {:?}", now.differences(&first, 9));
    }
    trial.undo();
    assert_eq!(trial.fingerprint(), first, "what is put right again is what it was");
}

#[test]
fn each_change_has_the_effect_that_is_said_of_it() {
    let mut random = seeded("changes");
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Trial::new(folder.path());
    let first = trial.fingerprint();
    for change in Change::all() {
        let (what, effect) = (change.what, change.effect);
        trial.change(&[change], &mut random);
        assert_eq!(trial.fingerprint() == first, effect == Effect::Unseen, "{what}");
    }
}

#[test]
fn manifests_and_the_lock_file_and_tools_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Trial::new(folder.path());
    let first = trial.fingerprint();
    for name in ["Cargo.toml", "Cargo.lock", "synthetic_app/Cargo.toml", "synthetic_app/src/bin/bp.rs"] {
        let text = trial.workspace.get(name).unwrap();
        trial.workspace.put(name, &format!("{text}\n")).unwrap();
        assert_ne!(trial.fingerprint(), first, "{name}");
        trial.workspace.put(name, &text).unwrap();
    }
    trial.sources.tools = "others".to_owned();
    assert_eq!(trial.fingerprint().differences(&first, 9), ["the tools"]);
}

#[test]
fn what_cannot_be_judged_has_no_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Trial::new(folder.path());
    let file = &route_file(0);
    for (added, reason) in [
        ("fn {", "cannot be parsed"),
        ("macro_rules! vec { () => {} }", "defines a macro `vec!`"),
        ("#[cfg_attr(unix, path = \"unix.rs\")] mod system;", "`system`"),
        ("fn a() { mod inside; }", "`inside`"),
        ("include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));", "put together"),
    ] {
        trial.workspace.put(file, &format!("{}{added}\n", trial.right[file])).unwrap();
        let error = Fingerprint::take(&trial.sources, &mut trial.shapes).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(reason), "{added}: {error}");
    }
}

#[test]
fn other_code_that_makes_the_blueprint_has_every_body_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut trial = Trial::new(folder.path());
    let made = trial.right[BLUEPRINT]
        .replace("    bp\n}", "    if made() { bp.wrap(middlewares::WRAP_0); }\n    bp\n}");
    trial.workspace.put(BLUEPRINT, &made).unwrap();
    let first = trial.fingerprint();
    let route = route_file(0);
    let text = trial.right[&route].replace("let number = 0 ", "let number = 1 ");
    trial.workspace.put(&route, &text).unwrap();
    let differences = trial.fingerprint();
    assert_eq!(differences.differences(&first, 9), [format!("{route}, to the letter")]);
}
