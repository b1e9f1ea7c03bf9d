//! What the rounds of one measurement showed, as medians; how far they lay apart is part of it.

use super::latencies::Latencies;

/// What one round showed. What is not known is not a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Transfers that shared one database transaction.
    pub(crate) batch: f64,
    /// Bytes that the database server wrote to its log for each transfer.
    pub(crate) wal_bytes: f64,
    /// Processor time by who used it.
    pub(crate) processor: Processor,
}

/// Milliseconds of a processor for 1000 transfers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    pub(crate) service: f64,
    pub(crate) postgres: f64,
    pub(crate) load: f64,
}

impl Round {
    /// Makes a round of what its transfers took, and of what all of it has cost, the warm-up included.
    pub(crate) fn new(per_second: f64, mut latencies: Latencies, transfers: u64, spent: Spent) -> Self {
        let [p50_ms, p99_ms] = [50, 99].map(|percent| latencies.percentile_ms(percent));
        // A round has fewer transfers than a float can count.
        #[expect(clippy::cast_precision_loss)]
        let transfers = transfers as f64;
        let thousands = transfers / 1e3;
        let processor = Processor {
            service: spent.service * 1e3 / thousands,
            postgres: spent.postgres * 1e3 / thousands,
            load: spent.load * 1e3 / thousands,
        };
        let (batch, wal_bytes) = (spent.commands / spent.batches, spent.wal_bytes / transfers);
        Self { per_second, p50_ms, p99_ms, batch, wal_bytes, processor }
    }
}

/// What was spent and done, up to one moment or between two. What is not known is not a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Seconds of a processor, as the next two.
    pub(crate) service: f64,
    pub(crate) postgres: f64,
    pub(crate) load: f64,
    /// Bytes of the database server's log.
    pub(crate) wal_bytes: f64,
    /// Commands in all batches.
    pub(crate) commands: f64,
    pub(crate) batches: f64,
}

impl std::ops::Sub for Spent {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            service: self.service - earlier.service,
            postgres: self.postgres - earlier.postgres,
            load: self.load - earlier.load,
            wal_bytes: self.wal_bytes - earlier.wal_bytes,
            commands: self.commands - earlier.commands,
            batches: self.batches - earlier.batches,
        }
    }
}

/// What all rounds showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(Vec<Round>);

impl Figures {
    pub(crate) fn add(&mut self, round: Round) {
        self.0.push(round);
    }

    pub(crate) fn median(&self, figure: fn(&Round) -> f64) -> f64 {
        median(self.0.iter().map(figure).collect())
    }

    /// Returns the least and the most that a round showed.
    pub(crate) fn spread(&self, figure: fn(&Round) -> f64) -> (f64, f64) {
        spread(self.0.iter().map(figure))
    }

    /// Compares a figure with that of others: the ratio of the medians, and the spread of the rounds' ratios.
    pub(crate) fn over(&self, others: &Self, figure: fn(&Round) -> f64) -> (f64, (f64, f64)) {
        (self.median(figure) / others.median(figure), spread(self.ratios(others, figure).into_iter()))
    }

    /// Compares a figure with that of others, round by round.
    pub(crate) fn ratios(&self, others: &Self, figure: fn(&Round) -> f64) -> Vec<f64> {
        self.0.iter().zip(&others.0).map(|(round, other)| figure(round) / figure(other)).collect()
    }
}

/// Returns the one in the middle, or what lies between the two there.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

/// Returns the least and the most.
pub(crate) fn spread(figures: impl Iterator<Item = f64>) -> (f64, f64) {
    figures.fold((f64::NAN, f64::NAN), |(least, most), figure| (figure.min(least), figure.max(most)))
}

#[cfg(test)]
mod tests {
    use super::{Figures, Round, Spent};
    use crate::bench::latencies::Latencies;

    const SPENT: Spent = Spent {
        service: 1.0,
        postgres: f64::NAN,
        load: 0.5,
        wal_bytes: 3e6,
        commands: 2000.0,
        batches: 100.0,
    };

    fn figures(rates: &[f64]) -> Figures {
        Figures(rates.iter().map(|rate| Round::new(*rate, Latencies::default(), 2000, SPENT)).collect())
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        let per_second = |rates: &[f64]| format!("{}", figures(rates).median(|round| round.per_second));
        assert_eq!(per_second(&[3.0, 1.0, 2.0]), "2");
        assert_eq!(per_second(&[4.0, 1.0, 2.0, 3.0]), "2.5");
        assert_eq!(per_second(&[]), "NaN");
    }

    #[test]
    fn rounds_are_compared_with_their_neighbours() {
        let (ratio, spread) =
            figures(&[10.0, 30.0, 20.0]).over(&figures(&[5.0, 10.0, 20.0]), |r| r.per_second);
        assert_eq!(format!("{ratio} {spread:?}"), "2 (1.0, 3.0)");
    }

    #[test]
    fn costs_are_shared_among_transfers() {
        let round = figures(&[1.0]).0[0];
        let shares = [round.processor.service, round.processor.load, round.wal_bytes, round.batch];
        assert_eq!(shares.map(|share| format!("{share}")), ["500", "250", "1500", "20"]);
        assert!(round.processor.postgres.is_nan());
    }

    #[test]
    fn what_was_spent_in_between_is_a_difference() {
        let earlier = Spent { wal_bytes: 1e6, commands: 500.0, batches: 25.0, ..SPENT };
        let between = SPENT - earlier;
        let differences = [between.service, between.wal_bytes, between.commands, between.batches];
        assert_eq!(differences.map(|part| format!("{part}")), ["0", "2000000", "1500", "75"]);
    }
}
