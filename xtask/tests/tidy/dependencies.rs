//! Rules about who depends on whom, read from the manifests.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::none_of;
use crate::tree::{files, read};

/// The kinds of dependencies a manifest can have.
const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Written by a tool, so that these rules cannot be kept in them.
const GENERATED: [&str; 4] = ["loyalty_server_sdk", "peer_pavex_sdk", "server_sdk", "workspace_hack"];

fn manifest(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every package of the repository by name, with its manifest.
fn packages() -> BTreeMap<String, Table> {
    let manifests = files("toml").into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let parsed = manifests.map(|file| manifest(&file.path)).filter(|table| table.contains_key("package"));
    parsed.map(|table| (table["package"]["name"].as_str().expect("a name").to_owned(), table)).collect()
}

fn section<'a>(manifest: &'a Table, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    manifest.get(name).and_then(Value::as_table).into_iter().flatten()
}

/// Packages that add nothing to whoever builds on them.
const NOTHING: [&str; 2] = ["fail_points", "workspace_hack"];

/// Which packages of the repository a package builds on, its tests aside.
fn builds_on(package: &str) -> Vec<String> {
    let packages = packages();
    let manifest = packages.get(package).unwrap_or_else(|| panic!("there is no package {package}"));
    let sections = ["dependencies", "build-dependencies"];
    let all = sections.iter().flat_map(|name| section(manifest, name)).map(|(name, _)| name);
    all.filter(|name| packages.contains_key(*name) && !NOTHING.contains(&name.as_str())).cloned().collect()
}

#[test]
fn the_ledger_depends_on_nothing() {
    let packages = packages();
    let ledger = &packages["ledger"];
    let found = ["dependencies", "build-dependencies"].iter().flat_map(|name| section(ledger, name));
    let found: Vec<String> = found.map(|(name, _)| name.clone()).collect();
    none_of(&found, "the ledger decides and does nothing else: no async, no serde, no sqlx, no clock");
}

#[test]
fn rights_depend_on_the_names_of_ledgers_only() {
    assert_eq!(builds_on("identity"), ["ledger"], "who may do what is decided, and nothing else is done");
}

#[test]
fn the_engine_knows_the_ledger_and_no_store() {
    assert_eq!(
        builds_on("engine"),
        ["identity", "ledger", "tokens"],
        "the engine asks stores through its own port"
    );
}

#[test]
fn a_store_knows_the_port_and_no_other_store() {
    let packages = packages();
    let stores: Vec<&String> = packages.keys().filter(|name| name.starts_with("store_")).collect();
    assert!(!stores.is_empty(), "there is a store");
    for store in stores {
        // The reference evaluates every read with what the contract is checked with.
        let known = |name: &str| {
            matches!(name, "engine" | "identity" | "ledger" | "sql_rows")
                || (store == "store_memory" && name == "test_support")
        };
        let strange = builds_on(store).into_iter().filter(|name| !known(name));
        none_of(
            &strange.collect::<Vec<_>>(),
            &format!("{store} may know engine, ledger and what stores share only"),
        );
        let others = section(&packages[store], "dev-dependencies")
            .map(|(name, _)| name.clone())
            .filter(|name| name.starts_with("store_"));
        none_of(
            &others.collect::<Vec<_>>(),
            &format!(
                "{store} is not tested with another store either: what holds them together is conformance"
            ),
        );
    }
}

#[test]
fn what_is_for_tests_is_in_nothing_that_is_shipped() {
    let for_tests = |name: &str| name.starts_with("test_") || matches!(name, "conformance" | "store_memory");
    // xtask is for contributors, and starts a server for them as tests do.
    let shipped = packages().into_keys().filter(|name| !for_tests(name) && name != "xtask");
    let found = shipped.flat_map(|package| {
        let strange = builds_on(&package).into_iter().filter(|name| for_tests(name));
        strange.map(|name| format!("{package} builds on {name}")).collect::<Vec<_>>()
    });
    none_of(&found.collect::<Vec<_>>(), "what only tests need is a dev-dependency");
}

#[test]
fn the_edge_knows_nothing_of_the_house() {
    none_of(&builds_on("edge"), "the accept loop knows HTTP, and is as good for another service");
}

#[test]
fn nothing_but_the_server_builds_on_the_generated_code() {
    let packages = packages();
    let depends = |manifest: &Table| {
        SECTIONS.iter().any(|name| section(manifest, name).any(|(it, _)| it == "server_sdk"))
    };
    let found = packages.iter().filter(|(_, manifest)| depends(manifest)).map(|(name, _)| name.clone());
    let found: Vec<String> = found.filter(|name| !matches!(name.as_str(), "edge" | "server")).collect();
    none_of(&found, "the generated code builds on the app: whoever builds on it too would go in a circle");
}

#[test]
fn a_change_of_a_feature_compiles_nothing_but_the_binary_above_it() {
    let built_on = builds_on("service");
    assert!(!built_on.contains(&"app".to_owned()), "what changes in a feature compiles the service again");
    let built_on = builds_on("server");
    // What a library has of generated code takes the compiler long to write down.
    assert!(
        !built_on.contains(&"server_graph".to_owned()),
        "the graph is in the binary, and in a library for tests"
    );
}

#[test]
fn fail_points_are_armed_for_tests_only() {
    let mut found = Vec::new();
    for (name, manifest) in packages() {
        let passes_it_on =
            section(&manifest, "features").any(|(_, value)| format!("{value:?}").contains("fail_points"));
        let arms = |(dependency, value): (&String, &Value)| {
            dependency == "fail_points" && value.get("features").is_some()
        };
        let sections = ["dependencies", "build-dependencies"];
        if passes_it_on || sections.iter().flat_map(|section_name| section(&manifest, section_name)).any(arms)
        {
            found.push(name);
        }
    }
    let root = manifest("Cargo.toml");
    let everywhere = &root["workspace"]["dependencies"]["fail_points"];
    assert!(everywhere.get("features").is_none(), "who asks for fail points gets them idle: {everywhere:?}");
    none_of(&found, "what is delivered has no fail points: arm them among dev-dependencies alone");
}

#[test]
fn versions_are_named_once_in_the_root_manifest() {
    let mut found = Vec::new();
    for (name, manifest) in packages() {
        if GENERATED.contains(&name.as_str()) {
            continue;
        }
        for (dependency, value) in SECTIONS.iter().flat_map(|name| section(&manifest, name)) {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                found.push(format!("{name}: {dependency}"));
            }
        }
    }
    none_of(&found, "write `name.workspace = true`, and the version in the root manifest");
}

#[test]
fn an_example_has_the_versions_that_the_repository_has() {
    let locked = |path: &str| -> Vec<(String, String)> {
        let table: Table = read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let packages = table["package"].as_array().expect("a list").iter();
        let foreign = packages.filter(|package| package.get("source").is_some());
        let text = |package: &Value, key: &str| package[key].as_str().expect("a text").to_owned();
        foreign.map(|package| (text(package, "name"), text(package, "version"))).collect()
    };
    let ours = locked("Cargo.lock");
    let found = locked("examples/loyalty/Cargo.lock").into_iter().filter(|package| !ours.contains(package));
    let found: Vec<String> = found.map(|(name, version)| format!("{name} {version}")).collect();
    none_of(&found, "take the root's Cargo.lock, and let cargo drop what the example does not need");
}

#[test]
fn every_package_takes_the_lints_and_the_licence_of_the_workspace() {
    let mut found = Vec::new();
    for (name, manifest) in packages() {
        let inherits = |table: &str, key: &str| {
            let value = manifest.get(table).and_then(|table| table.get(key));
            value.is_some_and(|value| value.as_bool() == Some(true) || value.get("workspace").is_some())
        };
        let lints = inherits("lints", "workspace") || GENERATED.contains(&name.as_str());
        if !lints || !inherits("package", "license") {
            found.push(name.clone());
        }
    }
    none_of(&found, "packages without `[lints] workspace = true` or `license.workspace = true`");
}

#[test]
fn types_that_the_graph_names_are_of_one_version() {
    let packages = packages();
    let named = section(&packages["server_sdk"], "dependencies").map(|(name, _)| name.clone());
    // It has no types, only macros.
    let named = named.filter(|name| name != "thiserror");
    let named: Vec<String> = named.chain(["sqlx-core".to_owned()]).collect();
    none_of(
        &several_versions(&read("Cargo.lock"), &named),
        "of two versions of a crate the Pavex compiler cannot tell whose type is meant: bring them together",
    );
    let two = "[[package]]\nname = \"http\"\nversion = \"0.2.12\"\n\n[[package]]\nname = \"http\"\nversion = \"1.5.0\"\n";
    assert_eq!(several_versions(two, &["http".to_owned()]), ["http 0.2.12, 1.5.0"]);
}

fn several_versions(lock: &str, names: &[String]) -> Vec<String> {
    let versions = |name: &String| {
        let packages =
            lock.split("[[package]]\nname = \"").skip(1).filter_map(|package| package.split_once("\"\n"));
        let its = packages.filter(|(its, _)| its == name).filter_map(|(_, rest)| rest.split('"').nth(1));
        its.collect::<Vec<_>>()
    };
    let several = names.iter().map(|name| (name, versions(name))).filter(|(_, versions)| versions.len() > 1);
    several.map(|(name, versions)| format!("{name} {}", versions.join(", "))).collect()
}
