//! What a test of faults saw: counted by the test and printed as one line at its end, which starts with `seen:`,
//! so that the lines of many runs can be summed up. It looks at nothing by itself.

use std::fmt;
use std::time::Duration;

/// Counts of one test. Summed up, all of them add but `recovery_max_seconds`, of which the largest counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// The test, in one word.
    pub(crate) test: &'static str,
    /// Posts that were answered 201.
    pub(crate) acknowledged: u64,
    /// Posts that were answered with a rejection, as they should be where funds are short.
    pub(crate) rejected: u64,
    /// Posts that were answered otherwise.
    pub(crate) failed: u64,
    /// Posts without a reply.
    pub(crate) unanswered: u64,
    /// Posts without a 201 that got one when they were sent again, or a rejection.
    pub(crate) settled: u64,
    /// Services that were killed.
    pub(crate) kills: u64,
    /// The longest time from when a fault was over to when posts and probes were answered well again.
    pub(crate) recovery_max: Duration,
    /// Acknowledged posts that are not in the log, or not under their id.
    pub(crate) lost: u64,
    /// Keys that are in the log more than once, and entries that nobody asked for.
    pub(crate) doubled: u64,
    /// Numbers that the log leaves out.
    pub(crate) gaps: u64,
    /// Balances that are not what the posts add up to, and what `server verify` finds.
    pub(crate) drift: u64,
    /// Entries after which an account had less than it may.
    pub(crate) overdrawn: u64,
}

impl Tally {
    /// Starts with nothing seen.
    pub(crate) fn of(test: &'static str) -> Self {
        Self { test, ..Self::default() }
    }

    /// Notes how long a recovery took.
    pub(crate) fn recovered_in(&mut self, time: Duration) {
        self.recovery_max = self.recovery_max.max(time);
    }

    /// Prints the line.
    pub(crate) fn print(&self) {
        println!("{self}");
    }

    /// Fails where anything is wrong with the ledger. To be called when the line is printed.
    pub(crate) fn assert_nothing_wrong(&self) {
        let wrong = [self.lost, self.doubled, self.gaps, self.drift, self.overdrawn];
        assert_eq!(wrong, [0; 5], "{self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { test, acknowledged, rejected, failed, unanswered, settled, kills, .. } = self;
        let Self { lost, doubled, gaps, drift, overdrawn, .. } = self;
        let seconds = self.recovery_max.as_secs_f64();
        write!(
            f,
            "seen: test={test} acknowledged={acknowledged} rejected={rejected} failed={failed} \
             unanswered={unanswered} settled={settled} kills={kills} recovery_max_seconds={seconds:.3} \
             lost={lost} doubled={doubled} gaps={gaps} drift={drift} overdrawn={overdrawn}"
        )
    }
}
