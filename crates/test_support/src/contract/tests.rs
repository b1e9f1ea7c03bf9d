//! The list of cases is whole.

/// The cases that a topic's file defines.
fn defined(source: &str) -> Vec<&str> {
    source.split("\npub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap_or_default()).collect()
}

/// The cases that the macro lists under a topic.
fn listed(topic: &str) -> Vec<&'static str> {
    let list = include_str!("mod.rs").split("@topics $fixture;").nth(1).unwrap();
    let Some(cases) = list.split(&format!("\n            {topic} {{")).nth(1) else { return Vec::new() };
    cases.split('}').next().unwrap().split_whitespace().collect()
}

#[test]
fn every_case_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/contract");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let topic = path.file_stem().unwrap().to_str().unwrap();
        if !["mod", "tests"].contains(&topic) {
            assert_eq!(listed(topic), defined(&std::fs::read_to_string(&path).unwrap()), "{topic}");
        }
    }
}
