//! The rules of this project that a machine can check. A rule that fails says what it found and why it is a rule.
//! It never looks at what the code does: that is for the other tests.

mod dependencies;
mod documents;
mod features;
mod files;
mod generated;
mod graph;
mod imports;
mod migrations;
mod tree;

/// Fails with every finding at once, each on its own line.
fn none_of(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}
