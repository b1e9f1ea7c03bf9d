//! `docs/errors.md` lists every code that the service answers with.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use app_base::api::problem_types;
use app_base::http::problem::ProblemType;

use crate::{is_fresh, read};

/// Where the part begins that is written from the code.
const MARK: &str = "<!-- From here on written by `UPDATE_DOCS=1 cargo test -p app --test documents`. -->\n";

fn kinds() -> Vec<&'static ProblemType> {
    problem_types(&app::operations())
}

#[test]
fn the_list_is_the_codes() {
    let found = read("docs/errors.md");
    let (prose, _) = found.split_once(MARK).expect("the mark is there");
    let mut wanted = format!("{prose}{MARK}\n| code | status | when | what to do |\n|---|---|---|---|\n");
    for kind in kinds() {
        let (code, status) = (kind.code, kind.status.as_u16());
        writeln!(wanted, "| `{code}` | {status} | {} | {} |", kind.meaning, kind.remedy).unwrap();
    }
    wanted.push_str("\n## What they add\n\nMembers that a code has beyond those of every problem.\n\n");
    wanted.push_str("| code | member | type | says |\n|---|---|---|---|\n");
    for kind in kinds() {
        for member in kind.members {
            let (name, json_type) = (member.name, member.json_type);
            writeln!(wanted, "| `{}` | `{name}` | {json_type} | {} |", kind.code, member.meaning).unwrap();
        }
    }
    is_fresh("docs/errors.md", &wanted);
}

#[test]
fn every_kind_of_problem_in_the_sources_is_listed() {
    let listed: BTreeSet<&str> = kinds().iter().map(|kind| kind.code).collect();
    let mut declared = BTreeSet::new();
    for source in ["app/src", "crates/app_base/src"].iter().flat_map(|folder| sources(&crate::file(folder))) {
        // What a test makes up is no code of the service.
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for declaration in code.split("ProblemType = ProblemType {").skip(1) {
            let (_, rest) = declaration.split_once("code: \"").expect("a kind has a code");
            declared.insert(rest.split('"').next().unwrap_or_default().to_owned());
        }
    }
    let declared: BTreeSet<&str> = declared.iter().map(String::as_str).collect();
    assert_eq!(listed, declared);
}

#[test]
fn every_kind_says_what_it_means_and_what_to_do() {
    for kind in kinds() {
        let (thing, what) = kind.code.split_once('.').unwrap_or_else(|| panic!("{}", kind.code));
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(plain(thing) && plain(what), "{}", kind.code);
        assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{}", kind.code);
        assert!(!kind.title.is_empty() && !kind.title.ends_with('.'), "{}: {}", kind.code, kind.title);
        for text in [kind.meaning, kind.remedy] {
            assert!(text.ends_with('.') && !text.contains('|'), "{}: {text}", kind.code);
        }
    }
}

fn sources(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}
