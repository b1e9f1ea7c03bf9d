//! Durability: the service is killed while clients post, at random moments and between any two steps of writing,
//! alone and beside other replicas. What was acknowledged is there exactly once, what was not is settled by its
//! key, no account has fallen below what it may, and the log and its projections agree.
//!
//! Every test prints its seed and what it saw. `FLORIN_SEED` repeats a run, as far as threads allow;
//! `FLORIN_KILL_ROUNDS` makes those with random moments longer or shorter.

#[path = "../harness/mod.rs"]
mod harness;

mod asked;
mod audit;
mod batches;
mod creation;
mod crowd;
mod holds;
mod load;
mod points;
mod random_kills;
mod replicas;
mod roaming;
mod schedules;
mod store;

/// A random test's source of chance and length.
struct Chance {
    random: fastrand::Rng,
    rounds: u64,
}

impl Chance {
    /// Takes what the environment gives, and says what it took.
    fn of(test: &str) -> Self {
        let seed = number("FLORIN_SEED").unwrap_or_else(|| fastrand::u64(..));
        let rounds = number("FLORIN_KILL_ROUNDS").unwrap_or(10).max(1);
        println!("FLORIN_SEED={seed} FLORIN_KILL_ROUNDS={rounds} {test}");
        Self { random: fastrand::Rng::with_seed(seed), rounds }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
