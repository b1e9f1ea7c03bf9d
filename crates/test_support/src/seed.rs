//! Where random tests take their choices from: the same seed gives the same ones.

use std::hash::{BuildHasher, Hasher, RandomState};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Names the seed that repeats a run.
pub const SEED_VARIABLE: &str = "FLORIN_SEED";

/// Where the random choices of a test come from: `FLORIN_SEED`, or anywhere.
pub struct Seed {
    number: u64,
    runner: TestRunner,
}

impl Seed {
    /// Takes the seed from the environment, or draws one, and prints it.
    ///
    /// # Panics
    /// When the environment holds something else.
    #[must_use]
    pub fn draw() -> Self {
        let number = match std::env::var(SEED_VARIABLE) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{SEED_VARIABLE}={text} is no number")),
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        println!("{SEED_VARIABLE}={number}");
        Self::of(number)
    }

    /// Returns a seed by its number.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let config =
            Config { rng_seed: RngSeed::Fixed(number), failure_persistence: None, ..Config::default() };
        Self { number, runner: TestRunner::new(config) }
    }

    /// Returns the number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Makes a value.
    ///
    /// # Panics
    /// When the strategy filters too much out.
    pub fn pick<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.runner).expect("hardly anything is filtered out").current()
    }
}
