//! The list of cases is whole.

/// The cases that a topic's file defines.
fn defined(source: &str) -> Vec<&str> {
    source.split("\npub async fn ").skip(1).map(|rest| rest.split('(').next().unwrap_or_default()).collect()
}

/// The cases that the contract lists under a topic, or a macro in the topic's own file.
fn listed<'s>(topic: &str, source: &'s str) -> Vec<&'s str> {
    let contract = include_str!("mod.rs").split("@topics $fixture;").nth(1).unwrap();
    let of_topic = contract.split(&format!("\n            {topic} {{")).nth(1);
    let cases = of_topic.or_else(|| source.split("@cases $fixture;\n").nth(1)).unwrap_or_default();
    cases.split('}').next().unwrap().split_whitespace().collect()
}

#[test]
fn every_case_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/contract");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let topic = path.file_stem().unwrap().to_str().unwrap();
        if !["mod", "tests"].contains(&topic) {
            let source = std::fs::read_to_string(&path).unwrap();
            assert_eq!(listed(topic, &source), defined(&source), "{topic}");
        }
    }
}
