//! Random cases: each has a seed of its own, and one that fails is made as small as it can be in a minute.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use test_support::{SEED_VARIABLE, Seed};
use tokio::runtime::Runtime;

use crate::databases::one_of_each;

/// Says how many histories are played; other tests take a part of it.
const CASES_VARIABLE: &str = "FLORIN_DIFFERENTIAL_CASES";
const CASES: u64 = 24;

/// How long a failing case is made smaller, in milliseconds.
const SHRINK_TIME_MAX: u32 = 60_000;

/// Tries a property on random values, one for every `share` of the cases. The seed of the first is printed, and
/// the next ones follow it. Of a property that races, a seed repeats what is tried, not how it ends.
///
/// # Panics
/// When a property does not hold, with the seed that repeats it.
pub(crate) fn hold<S, P>(strategy: &S, share: u64, property: P)
where
    S: Strategy,
    S::Value: Debug,
    P: AsyncFn(S::Value) -> Result<(), String>,
{
    let cases = std::env::var(CASES_VARIABLE).map_or(CASES, |text| text.parse().expect("a number of cases"));
    let first = Seed::draw().number();
    let runtime = Runtime::new().expect("a runtime");
    // A server that is missing is no case's fault.
    drop(runtime.block_on(one_of_each()));
    for seed in (0..cases.div_ceil(share)).map(|number| first.wrapping_add(number)) {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_time: SHRINK_TIME_MAX,
            max_shrink_iters: 10_000,
            ..Config::default()
        };
        let tried = TestRunner::new(config)
            .run(strategy, |value| runtime.block_on(property(value)).map_err(TestCaseError::fail));
        match tried {
            Ok(()) => {}
            Err(TestError::Abort(reason)) => panic!("{SEED_VARIABLE}={seed}: {reason}"),
            Err(TestError::Fail(reason, value)) => {
                panic!("{reason}\n\n{value:?}\n{SEED_VARIABLE}={seed} {CASES_VARIABLE}=1 repeats it")
            }
        }
    }
}
