//! With which features cargo builds crates: one set for all that a contributor runs one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::none_of;
use crate::tree::root;

#[test]
fn what_the_loop_builds_takes_one_set_of_features_of_every_crate() {
    let server = features(&["--package", "server", "--edges", "normal,build"]);
    let mut found = Vec::new();
    for package in ["app", "server", "server_sdk", "store_memory", "store_postgres", "store_sqlite"] {
        for (dependency, sets) in features(&["--package", package, "--edges", "normal,build,dev"]) {
            let Some(known) = server.get(&dependency) else { continue };
            found.extend(
                sets.difference(known).map(|set| format!("{package} and its tests: {dependency} {set}")),
            );
        }
    }
    none_of(&found, "what builds on it is compiled once for `cargo run`, and once more for these");
}

/// The crates that are built with `arguments`, each with its sets of features: what runs at build time may have another.
fn features(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let fixed = ["tree", "--locked", "--prefix", "none", "--format", "{p}|{f}"];
    let output =
        cargo_command::cargo().args(fixed).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut features = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8(output.stdout).expect("cargo prints UTF-8").lines() {
        if let Some((package, set)) = line.split_once('|') {
            let set = set.trim_end_matches(" (*)").to_owned();
            features.entry(package.to_owned()).or_default().insert(set);
        }
    }
    features
}
