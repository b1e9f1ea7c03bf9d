//! Rules about the documents: what they point at exists, and what they list is all there is.

use std::collections::BTreeSet;
use std::path::Path;

use crate::none_of;
use crate::tree::{SourceFile, files, read, root, rust_files};

/// Endings that make a word the name of a file, also without a folder before it.
const FILES: [&str; 4] = ["md", "rs", "toml", "yml"];

#[test]
fn every_path_that_architecture_names_exists() {
    let text = read("ARCHITECTURE.md");
    let paths = code_spans(&text).into_iter().filter(|span| is_path(span));
    let missing: Vec<String> = paths.filter(|path| !exists(path)).collect();
    none_of(&missing, "ARCHITECTURE.md leads readers to files that are not there");
}

/// What the page says before is about files that somebody might write.
#[test]
fn whatever_holds_a_trap_of_the_framework_exists() {
    let page = read("docs/mistakes.md");
    let (_, traps) = page.split_once("\n## What holds").expect("the page ends with what holds the traps");
    let paths: Vec<String> = code_spans(traps).into_iter().filter(|span| is_path(span)).collect();
    assert!(paths.len() >= 10, "traps are held by something: {paths:?}");
    let missing: Vec<String> = paths.into_iter().filter(|path| !exists(path)).collect();
    none_of(&missing, "docs/mistakes.md says that a trap is held by what is not there");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut found = Vec::new();
    for document in files("md") {
        // A template's links lead from where it will lie.
        let lies = document.path.strip_prefix("xtask/templates/feature/").unwrap_or(&document.path);
        let folder = lies.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in link_targets(&document) {
            let path = target.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !path.is_empty() && !root().join(folder).join(path).exists() {
                found.push(format!("{}: {target}", document.path));
            }
        }
    }
    none_of(&found, "links that lead nowhere");
}

/// Codes that are raised somewhere have their own section in docs/errors.md, which `type` in a problem points at.
#[test]
fn the_problems_documented_are_the_problems_raised() {
    let raised: BTreeSet<String> = rust_files()
        .iter()
        .filter(|file| file.is_of_the_app() || file.path.starts_with("crates/edge/src/"))
        .flat_map(|file| file.code_lines().flat_map(|(_, line)| problem_codes(line)))
        .collect();
    let documented: BTreeSet<String> =
        code_spans(&read("docs/errors.md")).into_iter().filter(|span| is_problem_code(span)).collect();
    assert!(!raised.is_empty(), "the service raises problems");

    let silent =
        raised.difference(&documented).map(|code| format!("{code} is raised, and not in docs/errors.md"));
    let stale =
        documented.difference(&raised).map(|code| format!("{code} is in docs/errors.md, and never raised"));
    none_of(&silent.chain(stale).collect::<Vec<_>>(), "callers look codes up in docs/errors.md");
}

/// What stands between back-ticks, in running text and in fenced blocks alike.
fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A path from the root; a bare name may lie in the folder that the sentence is about.
fn exists(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    let bare = || {
        !path.contains('/') && files(extension).iter().any(|file| file.path.ends_with(&format!("/{path}")))
    };
    root().join(path).exists() || bare()
}

fn is_path(span: &str) -> bool {
    let is_file = Path::new(span).extension().is_some_and(|its| FILES.iter().any(|known| its == *known));
    let stands_for_many = span.contains(['<', '{', '*', '…', ' ', '\n', ':', '(']);
    (is_file || span.contains('/')) && !stands_for_many && !span.starts_with('/')
}

fn link_targets(document: &SourceFile) -> Vec<&str> {
    document.text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// The codes that a source file gives to problems: `code: "thing.what"`.
fn problem_codes(text: &str) -> Vec<String> {
    let quoted = text.split("code: \"").skip(1).filter_map(|rest| rest.split('"').next());
    quoted.filter(|code| is_problem_code(code)).map(str::to_owned).collect()
}

fn is_problem_code(text: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.split_once('.').is_some_and(|(thing, what)| word(thing) && word(what))
}

#[test]
fn paths_and_codes_are_told_from_other_code() {
    assert!(
        is_path("crates/ledger")
            && is_path("ARCHITECTURE.md")
            && is_path("crates/app_base/src/http/problem.rs")
    );
    assert!(
        !is_path("/v1/ledgers")
            && !is_path("app/src/<feature>/")
            && !is_path("cargo run")
            && !is_path("Store")
    );
    assert!(is_problem_code("account.frozen") && is_problem_code("transaction.insufficient_funds"));
    assert!(!is_problem_code("README.md") && !is_problem_code("a.b.c") && !is_problem_code("frozen"));
    assert_eq!(problem_codes("ProblemType { code: \"request.invalid\", title: \"x\" }"), ["request.invalid"]);
}
