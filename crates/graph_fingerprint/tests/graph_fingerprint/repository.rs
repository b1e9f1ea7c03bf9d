//! This repository's own fingerprint.

use graph_fingerprint::{Fingerprint, Shapes, Sources};

use crate::trial::checkout;

#[test]
fn this_repository_has_one_in_which_bodies_do_not_count() {
    let root = checkout();
    let sources =
        Sources { package: "app".to_owned(), generated: root.join("server_sdk"), root, tools: String::new() };
    let taken = Fingerprint::take(&sources, &mut Shapes::default());
    let taken = taken.unwrap_or_else(|error| panic!("code is generated again and again: {error}"));
    let parts = taken.parts();
    assert!(parts.contains(&"app/src/blueprint.rs"), "{parts:?}");
    assert!(parts.contains(&"crates/ledger/src/lib.rs"), "{parts:?}");
    let to_the_letter: Vec<_> = parts.iter().filter(|part| part.ends_with("to the letter")).collect();
    assert!(to_the_letter.is_empty(), "the blueprint is made of more than plain words: every body counts");
}
