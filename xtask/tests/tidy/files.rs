//! Rules about single files: how they open, what they are called, what is never left in them.

use crate::none_of;
use crate::tree::{SourceFile, rust_files};

#[test]
fn every_file_opens_with_its_purpose() {
    let silent = rust_files().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.path);
    none_of(
        &silent.collect::<Vec<_>>(),
        "a reader should know from the first line what a file is for, a `//!` line",
    );
}

#[test]
fn no_file_is_named_after_leftovers() {
    let vague = ["utils", "util", "common", "helpers", "helper", "manager", "misc"];
    let names_nothing = |file: &SourceFile| {
        let parts = file.path.trim_end_matches(".rs").split('/');
        !file.is_test() && parts.into_iter().any(|part| vague.contains(&part))
    };
    let found = rust_files().into_iter().filter(names_nothing).map(|file| file.path);
    none_of(&found.collect::<Vec<_>>(), "a name that fits everything gathers everything: name the idea");
}

#[test]
fn nothing_unfinished_is_left() {
    // Put together here, so that this file does not find itself.
    let marks = [["to", "do!("], ["unimple", "mented!("], ["db", "g!("], ["#[igno", "re"], ["FIX", "ME"]];
    let marks: Vec<String> = marks.iter().map(|parts| parts.concat()).collect();
    let mut found = Vec::new();
    for file in rust_files() {
        for (number, line) in file.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none_of(&found, "what is there works; what is not done is not there");
}

#[test]
fn names_of_tests_are_claims() {
    let prefix = ["fn te", "st_"].concat();
    let mut found = Vec::new();
    for file in rust_files() {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains(&prefix) {
                found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none_of(&found, "a test is called after what it shows, `overdraft_is_rejected`");
}

#[test]
fn libraries_never_print() {
    let printing = ["println!(", "print!("];
    let may_not = |file: &SourceFile| {
        let library = file.path.starts_with("crates/") || file.path.starts_with("app/src/");
        // What is a server's commands, and what is a build script's.
        let speaks = ["crates/service/src/commands/", "crates/graph_source/src/"];
        library
            && !speaks.iter().any(|path| file.path.starts_with(path))
            && !file.is_test()
            && !file.path.contains("/bin/")
            && !file.path.ends_with("/build.rs")
    };
    let mut found = Vec::new();
    for file in rust_files().iter().filter(|file| may_not(file)) {
        for (number, line) in file.code_lines() {
            if printing.iter().any(|call| line.contains(call)) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none_of(
        &found,
        "what operators read goes through tracing; standard output belongs to the server's commands",
    );
}
