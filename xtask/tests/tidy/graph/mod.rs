//! Rules about the graph: what the Pavex compiler does not say, or says too late.
//!
//! What it says is tried by the tests of `mistakes`; both stand in `docs/mistakes.md`.

mod component;
mod rules;

use test_workspace::mistakes::caught_by;

use crate::imports::siblings;
use crate::none_of;
use crate::tree::{SourceFile, files, read, rust_files};
use component::{CONSTRUCTORS, components};
use rules::RULES;

/// All that the rules look at.
fn sources() -> Vec<SourceFile> {
    let manifests = files("toml").into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    rust_files().into_iter().chain(manifests).collect()
}

#[test]
fn no_rule_of_the_graph_is_broken() {
    let sources = sources();
    for rule in RULES {
        none_of(&(rule.find)(&sources), rule.why);
    }
}

#[test]
fn every_rule_objects_to_what_breaks_it() {
    for rule in RULES {
        let (path, text) = rule.broken;
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        assert_eq!((rule.find)(&[file]).len(), 1, "{}", rule.why);
    }
}

/// The page says that the rules catch these, and what they say.
#[test]
fn the_rules_catch_each_mistake_and_say_what_is_wrong() {
    for mistake in caught_by(&read("docs/mistakes.md"), "the rules of the house") {
        let file =
            SourceFile { path: mistake.file.clone(), text: format!("//! A mistake.\n{}", mistake.code) };
        let file = [file];
        let all = RULES.iter().map(|rule| (rule.why, (rule.find)(&file)));
        let all = all.chain([(crate::imports::NO_SIBLINGS, siblings(&file))]);
        let said: Vec<String> = all
            .filter(|(_, found)| !found.is_empty())
            .map(|(why, found)| format!("{why}: {}", found.join("\n")))
            .collect();
        let said = said.join("\n");
        assert_eq!(mistake.missing_in(&said), None, "{} in {said}", mistake.title);
    }
}

#[test]
fn every_constructor_is_in_the_graph() {
    let diagnostics = read("server_sdk/blueprint.dot");
    none_of(
        &unused(&rust_files(), &diagnostics),
        "what no route needs is no part of the service: take it away",
    );
    let file = SourceFile {
        path: "app/src/a.rs".to_owned(),
        text: "//! x\n#[singleton]\npub fn made() -> A {\n}\n#[singleton]\npub fn idle() -> B {\n}\n"
            .to_owned(),
    };
    assert_eq!(unused(&[file], "0| app::made() -> app::A"), ["app/src/a.rs:5: `idle`"]);
}

fn unused(files: &[SourceFile], diagnostics: &str) -> Vec<String> {
    let app = files.iter().filter(|file| file.is_of_the_app());
    let made = app.flat_map(components).filter(|its| CONSTRUCTORS.contains(&its.kind));
    let idle = made.filter(|its| !diagnostics.contains(&format!("::{}(", its.name)));
    idle.map(|its| its.place()).collect()
}
