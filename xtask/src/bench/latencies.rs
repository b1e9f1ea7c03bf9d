//! How long things took, every one of them: percentiles are places in the sorted list, never estimates.

use std::time::Duration;

/// How long things took, to the microsecond.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the time that `percent` of 100 did not exceed, in milliseconds; 0 where there are none.
    pub(crate) fn percentile_ms(&mut self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        match self.0.get(place) {
            Some(_) => f64::from(*self.0.select_nth_unstable(place).1) / 1e3,
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Latencies;

    #[test]
    fn a_percentile_is_the_smallest_time_that_so_many_did_not_exceed() {
        let mut latencies = Latencies::default();
        for milliseconds in (1..=200).rev() {
            latencies.add(Duration::from_millis(milliseconds));
        }
        let percentiles = [0, 1, 50, 99, 100].map(|percent| latencies.percentile_ms(percent));
        assert_eq!(percentiles.map(|ms| format!("{ms}")), ["1", "2", "100", "198", "200"]);
        assert!(Latencies::default().percentile_ms(50) < 1.0);
    }
}
