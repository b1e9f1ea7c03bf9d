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

impl Processor {
    /// Divides seconds among so many transfers.
    pub(crate) fn among(self, transfers: u64) -> Self {
        // A run has fewer transfers than a float can count.
        #[expect(clippy::cast_precision_loss)]
        let share = |seconds: f64| seconds * 1e6 / transfers as f64;
        Self { service: share(self.service), postgres: share(self.postgres), load: share(self.load) }
    }
}

impl Round {
    pub(crate) fn new(per_second: f64, mut latencies: Latencies, batch: f64, processor: Processor) -> Self {
        let [p50_ms, p99_ms] = [50, 99].map(|percent| latencies.percentile_ms(percent));
        Self { per_second, p50_ms, p99_ms, batch, processor }
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
        let rounds = self.0.iter().zip(&others.0).map(|(round, other)| figure(round) / figure(other));
        (self.median(figure) / others.median(figure), spread(rounds))
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

fn spread(figures: impl Iterator<Item = f64>) -> (f64, f64) {
    figures.fold((f64::NAN, f64::NAN), |(least, most), figure| (figure.min(least), figure.max(most)))
}

#[cfg(test)]
mod tests {
    use super::{Figures, Processor, Round};

    fn figures(rates: &[f64]) -> Figures {
        let processor = Processor { service: 1.0, postgres: f64::NAN, load: 0.5 }.among(1000);
        let round = |&per_second: &f64| Round { per_second, p50_ms: 1.0, p99_ms: 2.0, batch: 3.0, processor };
        Figures(rates.iter().map(round).collect())
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
    fn processor_time_is_milliseconds_for_a_thousand() {
        let round = figures(&[1.0]);
        assert_eq!(format!("{}", round.median(|round| round.processor.service)), "1000");
        assert!(round.median(|round| round.processor.postgres).is_nan());
    }
}
