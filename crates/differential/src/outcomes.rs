//! Counts what came of commands, so that it is seen whether a run has met everything.

use std::collections::BTreeMap;

/// How often each thing came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes(BTreeMap<&'static str, u64>);

impl Outcomes {
    pub(crate) fn count(&mut self, outcome: &'static str) {
        *self.0.entry(outcome).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (outcome, count) in &other.0 {
            *self.0.entry(outcome).or_default() += count;
        }
    }

    /// Returns how often each thing came of a command, by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(outcome, count)| (*outcome, *count))
    }

    /// Returns how often something came of a command.
    #[must_use]
    pub fn of(&self, outcome: &str) -> u64 {
        self.0.get(outcome).copied().unwrap_or_default()
    }
}
