//! Seeds, and how many cases are tried.

/// Returns a source of randomness, and says how to have it again.
pub(crate) fn seeded(test: &str) -> fastrand::Rng {
    let given = std::env::var("FLORIN_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{test}: FLORIN_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Returns what the environment says of how many cases are tried, or `default`.
pub(crate) fn cases(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}
