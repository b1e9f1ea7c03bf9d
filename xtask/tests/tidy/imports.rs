//! Rules about what source files name that a manifest cannot tell.

use crate::none_of;
use crate::tree::{SourceFile, folders_in, rust_files};

/// A folder of the app that is no feature: it puts them together.
const PROGRAMS: &str = "bin";

/// The concrete stores.
const STORES: [&str; 3] = ["store_memory", "store_postgres", "store_sqlite"];

#[test]
fn the_ledger_touches_nothing_outside() {
    let outside = [
        "std::env",
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::sync::Mutex",
        "std::sync::RwLock",
        "std::sync::atomic",
        "std::thread",
        "std::time",
        "async ",
        "extern crate",
    ];
    let mut found = Vec::new();
    for file in rust_files().iter().filter(|file| file.path.starts_with("crates/ledger/src/")) {
        for (number, line) in file.code_lines() {
            if outside.iter().any(|name| line.contains(name)) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none_of(&found, "time and ids reach the ledger as arguments, so that deciding can be repeated");
}

/// What is told to whoever has a feature import another one.
pub(crate) const NO_SIBLINGS: &str =
    "what two features share moves down into crates/app_base/src/http or into a crate";

#[test]
fn a_feature_never_imports_a_sibling() {
    none_of(&siblings(&rust_files()), NO_SIBLINGS);
}

/// Where features name others.
pub(crate) fn siblings(files: &[SourceFile]) -> Vec<String> {
    let features: Vec<String> = folders_in("app/src").into_iter().filter(|name| name != PROGRAMS).collect();
    let mut found = Vec::new();
    for file in files {
        let Some(rest) = file.path.strip_prefix("app/src/") else { continue };
        let Some((own, _)) = rest.split_once('/') else { continue };
        if own == PROGRAMS {
            continue;
        }
        for named in named_after_crate(file) {
            if named != own && features.contains(&named) {
                found.push(format!("{} names {named}", file.path));
            }
        }
    }
    found
}

#[test]
fn one_place_names_a_concrete_store() {
    let names_one = |file: &&SourceFile| {
        let of_a_store = file.path.starts_with("crates/store_") || file.path.starts_with("xtask/");
        !of_a_store
            && !file.is_test()
            && file.code_lines().any(|(_, line)| STORES.iter().any(|store| line.contains(store)))
    };
    let files = rust_files();
    let found: Vec<&str> = files.iter().filter(names_one).map(|file| file.path.as_str()).collect();
    assert!(
        found.len() <= 1,
        "configuration picks the store in one place, so that another can take its place: {found:?}"
    );
}

/// The modules at the crate's root that a file names: `a` and `b` of `crate::{a::X, b}`.
fn named_after_crate(file: &SourceFile) -> Vec<String> {
    let code: String = file.code_lines().flat_map(|(_, line)| line.chars().chain(['\n'])).collect();
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            names.push(identifier(after));
            continue;
        };
        let mut depth = 1_usize;
        let mut starts = true;
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => starts = true,
                _ if starts && !character.is_whitespace() => {
                    names.push(identifier(&group[index..]));
                    starts = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn modules_are_found_in_plain_and_in_grouped_imports() {
    let text = "use crate::accounts::X;\nuse crate::{\n    a::{B, C},\n    d,\n    e::F,\n};\n// crate::comment\nlet x = crate::g::h();\n";
    let file = SourceFile { path: String::new(), text: text.to_owned() };
    assert_eq!(named_after_crate(&file), ["accounts", "a", "d", "e", "g"]);
}
