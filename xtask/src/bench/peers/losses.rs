//! What has to hold, and where the service is worse than somebody: from figures alone. What a person found out about it is
//! kept in the report.

use super::results::{Case, Measurement, Results, Round};
use super::{Contestant, Job, Store};
use crate::bench::figures::median;
use crate::bench::table::{Bound, counted, megabytes};

/// A difference below this share of the better figure is none.
const NOISE: f64 = 0.05;

/// Something that has to hold.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) what: String,
    pub(super) ratio: f64,
    pub(super) bound: Bound,
}

/// A figure in which somebody is better.
#[derive(Debug, PartialEq)]
pub(super) struct Loss {
    pub(super) what: String,
    pub(super) figure: &'static str,
    pub(super) ours: f64,
    pub(super) best: f64,
    pub(super) by: Contestant,
    /// What else was seen that bears on it.
    pub(super) beside: String,
}

/// Returns what has to hold of what was measured.
pub(super) fn marks(results: &Results) -> Vec<Mark> {
    let mut marks = Vec::new();
    let found = |job, store, connections| {
        results.cases().into_iter().find(|case| {
            (case.job, case.connections, case.rate) == (job, connections, None)
                && (job == Job::Static || case.store == store)
        })
    };
    let mut mark = |what: &str, ours: Option<f64>, theirs: Option<f64>, bound| {
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            marks.push(Mark { what: what.to_owned(), ratio: ours / theirs, bound });
        }
    };
    let ours = |case: Option<Case>| Some(results.seen(case?, Contestant::Florin)?.per_second());
    let best = |case: Option<Case>| {
        let mut peers = results.of(case?).into_iter().filter(|seen| seen.contestant != Contestant::Florin);
        Some(peers.next()?.per_second())
    };
    let account = found(Job::Account, Store::Postgres, 64);
    let fixed = found(Job::Static, Store::Postgres, 64);
    let of_hyper = |case: Option<Case>| Some(results.seen(case?, Contestant::Hyper)?.per_second());
    mark(
        "GET an account, PostgreSQL, 64 connections: against the best peer",
        ours(account),
        best(account),
        Bound::AtLeast(3.0),
    );
    mark(
        "GET an account, PostgreSQL, 64 connections: against hyper's text that never changes",
        ours(account),
        of_hyper(fixed),
        Bound::AtLeast(0.7),
    );
    for (job, store, what, least) in [
        (Job::Transfer, Store::Postgres, "POST a transfer, PostgreSQL, 256 connections: any accounts", 5.0),
        (
            Job::HotTransfer,
            Store::Postgres,
            "POST a transfer, PostgreSQL, 256 connections: one hot account",
            20.0,
        ),
        (Job::Transfer, Store::Sqlite, "POST a transfer, SQLite, 256 connections: any accounts", 10.0),
    ] {
        let case = found(job, store, 256);
        mark(what, ours(case), best(case), Bound::AtLeast(least));
    }
    mark(
        "GET a text that never changes, 64 connections: against hyper",
        ours(fixed),
        of_hyper(fixed),
        Bound::AtLeast(0.9),
    );
    mark(
        "GET a text that never changes, 64 connections: p99 against the best peer's that answered all",
        p99(results, fixed, true),
        p99(results, fixed, false),
        Bound::AtMost(1.0),
    );
    for memory in results.memory.iter().filter(|memory| memory.contestant == Contestant::Florin).take(1) {
        mark("Memory, idle, in MB", Some(megabytes(memory.idle_bytes)), Some(1.0), Bound::AtMost(8.0));
    }
    grown(results, &mut mark);
    marks
}

/// Compares large ledgers with small ones.
fn grown(results: &Results, mark: &mut impl FnMut(&str, Option<f64>, Option<f64>, Bound)) {
    let cases = results.cases();
    for case in &cases {
        let smaller = cases
            .iter()
            .find(|other| other.entries < case.entries && Case { entries: case.entries, ..**other } == *case);
        // As many as are asked for are answered at any size.
        let (Some(smaller), None) = (smaller, case.rate) else { continue };
        let rate = |case| Some(results.seen(case, Contestant::Florin)?.per_second());
        let what = format!(
            "{}, {}, {}: {} entries against {}",
            case.job.name(),
            case.store.name(),
            counted(case.connections as usize, "connection"),
            case.entries,
            smaller.entries
        );
        mark(&what, rate(*case), rate(*smaller), Bound::AtLeast(0.8));
    }
}

/// Returns the service's p99, or the best of the peers'. Whoever left requests unanswered is not compared with: how long
/// those took is in nobody's times.
fn p99(results: &Results, case: Option<Case>, ours: bool) -> Option<f64> {
    let of = results.of(case?).into_iter().filter(|seen| (seen.contestant == Contestant::Florin) == ours);
    let of = of.filter(|seen| ours || seen.failures() == 0);
    of.map(|seen| seen.median(|round| round.p99_ms)).min_by(f64::total_cmp)
}

/// Returns every figure in which somebody is better than the service by more than noise.
pub(super) fn losses(results: &Results) -> Vec<Loss> {
    let mut losses = Vec::new();
    for case in results.cases() {
        let Some(ours) = results.seen(case, Contestant::Florin) else { continue };
        let others: Vec<_> =
            results.of(case).into_iter().filter(|seen| seen.contestant != Contestant::Florin).collect();
        let what = super::report::describe(case);
        let mut lost = |figure: &'static str, of: &dyn Fn(&Measurement) -> f64, more_is_better: bool| {
            let better = |a: f64, b: f64| if more_is_better { a > b } else { a < b };
            let best = others.iter().map(|seen| (of(seen), *seen)).filter(|(theirs, _)| theirs.is_finite());
            let best = best.reduce(|best, next| if better(next.0, best.0) { next } else { best });
            let (Some((theirs, best)), own) = (best, of(ours)) else { return };
            if own.is_finite() && better(theirs, own) && (theirs - own).abs() > NOISE * theirs.max(own) {
                losses.push(Loss {
                    what: what.clone(),
                    figure,
                    ours: own,
                    best: theirs,
                    by: best.contestant,
                    beside: beside(ours, best),
                });
            }
        };
        if case.rate.is_none() {
            lost("requests a second", &Measurement::per_second, true);
        }
        lost("p50, ms", &|seen| seen.median(|round| round.p50_ms), false);
        lost("p99, ms", &|seen| seen.median(|round| round.p99_ms), false);
        lost("p99.9, ms", &|seen| seen.median(|round| round.p999_ms), false);
        lost("processor time a request, µs", &processor, false);
    }
    losses.extend(lost_on_size(results));
    losses
}

/// Returns the processor time of service and database for each request, in microseconds.
pub(super) fn processor(seen: &Measurement) -> f64 {
    seen.median(|round: &Round| Some(round.service_us? + round.database_us.unwrap_or(0.0)))
}

/// Says what both spent, which tells whether work or waiting is the difference.
fn beside(ours: &Measurement, theirs: &Measurement) -> String {
    let spent = |seen: &Measurement| {
        let [service, database] =
            [seen.median(|round| round.service_us), seen.median(|round| round.database_us)];
        if database.is_finite() { format!("{service:.1} + {database:.1}") } else { format!("{service:.1}") }
    };
    format!("{} µs of a processor against {}", spent(ours), spent(theirs))
}

fn lost_on_size(results: &Results) -> Vec<Loss> {
    let mut losses = Vec::new();
    let mut lost = |what: String, figure, of: Vec<(Contestant, f64)>| {
        let ours = of.iter().find(|(contestant, _)| *contestant == Contestant::Florin);
        let best = of
            .iter()
            .filter(|(contestant, _)| *contestant != Contestant::Florin)
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        if let (Some((_, ours)), Some((by, best))) = (ours, best)
            && ours - best > NOISE * ours
        {
            losses.push(Loss { what, figure, ours: *ours, best: *best, by: *by, beside: String::new() });
        }
    };
    for store in [Store::Postgres, Store::Sqlite] {
        let memory = || results.memory.iter().filter(move |memory| memory.store == store);
        let of = |bytes: fn(&super::results::Memory) -> u64| -> Vec<(Contestant, f64)> {
            memory().map(|memory| (memory.contestant, megabytes(bytes(memory)))).collect()
        };
        lost(format!("Memory, idle, {}", store.name()), "MB", of(|memory| memory.idle_bytes));
        lost(format!("Memory, after load, {}", store.name()), "MB", of(|memory| memory.loaded_bytes));
    }
    let programs = results.programs.iter().map(|program| (program.contestant, megabytes(program.bytes)));
    lost("Size of the program".to_owned(), "MB", programs.collect());
    losses
}

/// Returns the median ratio of a contestant to the service, round by round.
pub(super) fn ratio(results: &Results, seen: &Measurement) -> f64 {
    let Some(ours) = results.seen(seen.case, Contestant::Florin) else { return f64::NAN };
    let rounds = ours.rounds.iter().zip(&seen.rounds);
    median(rounds.map(|(ours, theirs)| ours.per_second / theirs.per_second).collect())
}

#[cfg(test)]
mod tests {
    use super::{Contestant, Job, losses, marks, ratio};
    use crate::bench::peers::results::Case;
    use crate::bench::peers::results::sample::{case, measured, results};

    #[test]
    fn marks_are_held_against_the_best_peer() {
        let (account, fixed) = (case(Job::Account, 64, None), case(Job::Static, 64, None));
        let results = results(vec![
            measured(account, Contestant::Florin, &[80.0]),
            measured(account, Contestant::Hyper, &[20.0]),
            measured(account, Contestant::Axum, &[25.0]),
            measured(fixed, Contestant::Florin, &[95.0]),
            measured(fixed, Contestant::Hyper, &[100.0]),
        ]);
        let shown: Vec<String> = marks(&results)
            .iter()
            .map(|mark| format!("{:.2} {} {}", mark.ratio, mark.bound, mark.bound.verdict(mark.ratio)))
            .collect();
        assert_eq!(
            shown,
            [
                "3.20 ≥ 3 met",
                "0.80 ≥ 0.7 met",
                "0.95 ≥ 0.9 met",
                "1.05 ≤ 1 **not met**",
                "12.00 ≤ 8 **not met**"
            ]
        );
    }

    #[test]
    fn times_of_those_that_answered_all_are_compared() {
        let fixed = case(Job::Static, 64, None);
        let mut fails = measured(fixed, Contestant::Pavex, &[200.0]);
        fails.rounds[0].failures = 1;
        let ours = measured(fixed, Contestant::Florin, &[100.0]);
        let results = results(vec![ours, measured(fixed, Contestant::Hyper, &[80.0]), fails]);
        let marks = marks(&results);
        let mark = marks.iter().find(|mark| mark.what.contains("p99")).unwrap();
        assert_eq!(format!("{:.2}", mark.ratio), "0.80");
    }

    #[test]
    fn a_large_ledger_is_held_against_a_small_one() {
        let small = case(Job::Account, 8, None);
        let large = Case { entries: 10_000_000, ..small };
        let results = results(vec![
            measured(small, Contestant::Florin, &[100.0]),
            measured(large, Contestant::Florin, &[79.0]),
            measured(case(Job::Account, 8, Some(50)), Contestant::Florin, &[50.0]),
            measured(Case { rate: Some(50), ..large }, Contestant::Florin, &[50.0]),
        ]);
        let mark = marks(&results).pop().unwrap();
        assert_eq!(
            mark.what,
            "GET an account with its balances, PostgreSQL, 8 connections: 10000000 entries against 10000"
        );
        assert_eq!(mark.bound.verdict(mark.ratio), "**not met**");
    }

    #[test]
    fn whatever_somebody_does_better_is_a_loss() {
        let account = case(Job::Account, 64, None);
        let results = results(vec![
            measured(account, Contestant::Florin, &[100.0]),
            measured(account, Contestant::Axum, &[200.0]),
            measured(account, Contestant::Hyper, &[150.0]),
        ]);
        let found = losses(&results);
        let of = |figure: &str| found.iter().find(|loss| loss.figure == figure).unwrap();
        let rate = of("requests a second");
        assert_eq!(
            (rate.by, rate.beside.as_str()),
            (Contestant::Axum, "10000.0 µs of a processor against 5000.0")
        );
        assert_eq!(format!("{} {}", of("p99, ms").ours, of("p99, ms").best), "40 20");
        assert!(found.iter().any(|loss| loss.what == "Size of the program" && loss.by == Contestant::Hyper));
        assert_eq!(format!("{:.2}", ratio(&results, &results.measurements[1])), "0.50");
    }

    #[test]
    fn noise_is_no_loss() {
        let account = case(Job::Account, 64, None);
        let results = results(vec![
            measured(account, Contestant::Florin, &[100.0]),
            measured(account, Contestant::Axum, &[104.0]),
        ]);
        assert!(losses(&results).iter().all(|loss| loss.figure == "MB"));
    }
}
