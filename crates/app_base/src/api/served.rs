//! Which API a service has: Florin's own, or one that somebody built around it.

use super::Operation;
use super::document::DESCRIPTION;
use super::groups::GROUPS;
use crate::build_info::BUILD;

/// An API, as its description has it.
#[pavex::prebuilt(clone_if_necessary)]
#[derive(Clone, Debug)]
pub struct Api {
    /// What it is called.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// What all callers have to know, in Markdown.
    pub description: &'static str,
    operations: fn() -> Vec<Operation>,
    own_groups: &'static [(&'static str, &'static str)],
    own_operations: fn() -> Vec<Operation>,
}

impl Api {
    /// Describes Florin's own, of the operations that it lists.
    #[must_use]
    pub fn florin(operations: fn() -> Vec<Operation>) -> Self {
        Self {
            title: "Florin",
            version: BUILD.version,
            summary: "A double-entry ledger over HTTP",
            description: DESCRIPTION,
            operations,
            own_groups: &[],
            own_operations: Vec::new,
        }
    }

    /// Adds operations that are not Florin's, in groups of their own: the name of each, and what it is about.
    #[must_use]
    pub fn with(
        self,
        groups: &'static [(&'static str, &'static str)],
        operations: fn() -> Vec<Operation>,
    ) -> Self {
        Self { own_groups: groups, own_operations: operations, ..self }
    }

    /// Lists every operation: first those that are not Florin's.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let mut operations = (self.own_operations)();
        operations.extend((self.operations)());
        operations
    }

    /// Lists the groups of operations in the order in which they are shown, each with what it is about.
    #[must_use]
    pub fn groups(&self) -> Vec<(&'static str, &'static str)> {
        self.own_groups.iter().chain(GROUPS).copied().collect()
    }
}
