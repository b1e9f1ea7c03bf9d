//! What is measured, and in which order: sizes of ledgers first, databases in each, and then everything that is asked.

use super::results::Case;
use super::{Contestant, Job, Options, Store};

/// A ledger to measure on, and who is measured there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) store: Store,
    pub(super) entries: u64,
    pub(super) accounts: u32,
    pub(super) contestants: Vec<Contestant>,
    /// Everything that is asked, the fixed rates last.
    pub(super) cases: Vec<Case>,
}

/// Returns all ledgers.
pub(super) fn ledgers(options: &Options) -> Vec<Ledger> {
    let (entries, accounts) = (&options.entries, &options.accounts);
    let mut sizes = vec![(entries[0], accounts[0], true)];
    sizes.extend(entries[1..].iter().map(|&more| (more, accounts[0], false)));
    sizes.extend(accounts[1..].iter().map(|&more| (entries[0], more, false)));
    let mut ledgers = Vec::new();
    for (entries, accounts, is_first) in sizes {
        for &store in &options.stores {
            let in_growth = |who: &&Contestant| is_first || options.growth_contestants.contains(who);
            let contestants = options.contestants.iter().filter(in_growth).copied().collect();
            let is_first_store = options.stores.first() == Some(&store);
            let mut cases = Vec::new();
            for &job in &options.jobs {
                // A text that never changes comes from no database, and is the same whatever is in it.
                if job == Job::Static && !(is_first && is_first_store) {
                    continue;
                }
                let connections =
                    if job.writes() { &options.write_connections } else { &options.connections };
                let case = |connections, rate| Case { job, store, entries, accounts, connections, rate };
                cases.extend(connections.iter().map(|&connections| case(connections, None)));
                // One number of connections is enough where how often is asked does not depend on answers.
                let most = connections.iter().copied().max().unwrap_or(1);
                let has_rates = is_first && matches!(job, Job::Account | Job::Transfer);
                let rates = options.rates.iter().filter(|rate| **rate > 0 && has_rates);
                cases.extend(rates.map(|&rate| case(most, Some(rate))));
            }
            cases.sort_by_key(|case| case.rate.is_some());
            ledgers.push(Ledger { store, entries, accounts, contestants, cases });
        }
    }
    ledgers
}

/// Returns about how long it takes, in seconds, without building and filling.
pub(super) fn estimate_seconds(options: &Options, ledgers: &[Ledger]) -> u64 {
    let turns: usize = ledgers.iter().map(|ledger| ledger.cases.len() * ledger.contestants.len()).sum();
    // Starting oha twice takes a while as well.
    let turn_ms = u64::from(options.seconds) * 1000 + u64::from(options.warm_up_ms) + 250;
    turns as u64 * u64::from(options.rounds) * turn_ms / 1000
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::{estimate_seconds, ledgers};
    use crate::bench::peers::{Contestant, Job, Options, Store};

    fn options(arguments: &[&str]) -> Options {
        let command = Options::augment_args(clap::Command::new("peers"));
        let matches = command.get_matches_from(std::iter::once(&"peers").chain(arguments));
        Options::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn as_it_comes_it_takes_some_ten_minutes() {
        let options = options(&[]);
        let ledgers = ledgers(&options);
        let seconds = estimate_seconds(&options, &ledgers);
        assert!((240..=660).contains(&seconds), "{seconds}");
        assert_eq!(
            ledgers.iter().map(|ledger| ledger.store).collect::<Vec<_>>(),
            [Store::Postgres, Store::Sqlite]
        );
        assert!(ledgers.iter().all(|ledger| ledger.contestants.len() == options.contestants.len()));
    }

    #[test]
    fn a_text_that_never_changes_is_asked_for_once() {
        let ledgers = ledgers(&options(&["--entries", "10,20", "--rates", "0"]));
        let statics =
            ledgers.iter().map(|ledger| ledger.cases.iter().filter(|case| case.job == Job::Static).count());
        assert_eq!(statics.collect::<Vec<_>>(), [1, 0, 0, 0]);
    }

    #[test]
    fn further_sizes_are_for_a_few() {
        let ledgers = ledgers(&options(&[
            "--stores",
            "sqlite",
            "--entries",
            "10,20",
            "--accounts",
            "16,32",
            "--jobs",
            "account",
            "--connections",
            "1,8",
            "--rates",
            "100",
        ]));
        let sizes: Vec<_> = ledgers.iter().map(|ledger| (ledger.entries, ledger.accounts)).collect();
        assert_eq!(sizes, [(10, 16), (20, 16), (10, 32)]);
        assert_eq!(ledgers[1].contestants, [Contestant::Florin, Contestant::Hyper]);
        let of = |at: usize| {
            ledgers[at].cases.iter().map(|case| (case.connections, case.rate)).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [(1, None), (8, None), (8, Some(100))]);
        assert_eq!(of(1), [(1, None), (8, None)]);
    }
}
