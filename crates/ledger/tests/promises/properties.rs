//! The promises of the core as properties of random histories.
//!
//! Each property is tried on 512 histories. `PROPTEST_CASES` sets another number: CI takes 10000. A
//! failure prints the smallest history that shows it, and the seed as a line `xs …`; that line is kept in
//! `tests/proptest-regressions/`, where every later run begins. `PROPTEST_RNG_SEED` repeats a whole run.

mod decisions;
mod log;
mod money;
mod uses;

use ledger::{Entry, StatementLine};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngAlgorithm;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        // Three quarters of the time went into the default generator's rounds; nobody attacks these tests.
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    }
}

/// Returns the lines that an entry puts on all accounts, in the order of its postings, debits first.
pub(crate) fn lines_of_all(entry: &Entry) -> Vec<StatementLine> {
    let mut accounts: Vec<_> = entry.balances.iter().map(|(key, _)| &key.account).collect();
    accounts.dedup();
    let mut lines: Vec<_> =
        accounts.into_iter().flat_map(|account| entry.statement_lines(account).unwrap()).collect();
    lines.sort_by_key(|line| (line.posting, line.direction));
    lines
}
