//! Seeds, and how many cases are tried.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a source of randomness, and says how to have it again.
pub(crate) fn seeded(test: &str) -> fastrand::Rng {
    let given = std::env::var("FLORIN_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) ^ now.as_secs()
    });
    eprintln!("{test}: FLORIN_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Returns what the environment says of how many cases are tried, or `default`.
pub(crate) fn cases(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}
