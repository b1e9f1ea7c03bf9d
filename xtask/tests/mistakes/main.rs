//! Mistakes that the Pavex compiler catches before anything is compiled, and what it says to each.
//!
//! Which they are stands in `docs/mistakes.md`. All of them are made at once, each in a file of its own, in a copy of
//! this workspace. The compiler stops at the first stage that finds something: what it has found is taken back, and it
//! is asked again. It needs the code generator: without it the test says so and passes, except where `CI` or
//! `FLORIN_REQUIRE_CODEGEN` is set.

use std::path::Path;

use test_workspace::WorkspaceCopy;
use test_workspace::mistakes::{Mistake, catchers, caught_by};

/// What `cargo px` has the compiler do with the blueprint, which none of these mistakes is in.
const GENERATE: [&str; 8] = [
    "generate",
    "--check",
    "--docs-toolchain",
    "florin-docs",
    "--blueprint",
    "server_sdk/blueprint.ron",
    "--output",
    "server_sdk",
];

#[test]
fn the_compiler_catches_each_mistake_and_says_what_is_wrong() {
    let Some(workspace) = WorkspaceCopy::with_code_generator() else { return };
    let mut left = caught_by(&workspace.read("docs/mistakes.md"), "the Pavex compiler");
    while !left.is_empty() {
        workspace.renew();
        for mistake in &left {
            make(&workspace, mistake);
        }
        let said = workspace.run("pavexc", &GENERATE);
        let before = left.len();
        assert!(!said.passed, "it was taken: {:?}", titles(&left));
        left.retain(|mistake| mistake.missing_in(&said.text).is_some());
        assert!(
            left.len() < before,
            "nothing is said to {:?}, as to {:?}, in\n{}",
            titles(&left),
            left.iter().map(|mistake| mistake.missing_in(&said.text)).collect::<Vec<_>>(),
            said.text
        );
    }
    workspace.renew();
}

/// Puts the code in its place, and has the module around it know it.
fn make(workspace: &WorkspaceCopy, mistake: &Mistake) {
    let path = Path::new(&mistake.file);
    let (folder, module) = (path.parent().unwrap().display(), path.file_stem().unwrap().display());
    workspace.write(&mistake.file, &format!("//! A mistake.\n#![allow(missing_docs)]\n\n{}", mistake.code));
    let around = format!("{folder}/mod.rs");
    workspace.write(&around, &format!("{}\npub mod {module};\n", workspace.read(&around)));
}

fn titles(mistakes: &[Mistake]) -> Vec<&str> {
    mistakes.iter().map(|mistake| mistake.title.as_str()).collect()
}

/// Each of these tools has a test that tries its part of the page.
#[test]
fn every_part_of_the_page_is_tried_by_somebody() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/mistakes.md")).unwrap();
    assert_eq!(catchers(&page), ["the Pavex compiler", "the rules of the house"]);
    for (at, section) in page.split("\n### ").skip(1).enumerate() {
        let title = section.lines().next().unwrap_or_default();
        let again = page.split("\n### ").skip(at + 2).any(|other| other.lines().next() == Some(title));
        assert!(!again, "{title} is there twice");
    }
}
