//! How to go on after a connection could not be accepted.
//!
//! A peer that gave up is no reason to wait. When the process runs out of descriptors or memory, the same
//! error comes back at once until something is freed: asking again right away would burn a core.

use std::io;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1);

/// The pause before the next attempt: doubles from failure to failure.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    /// Returns how long to wait after this error.
    pub(crate) fn failed(&mut self, error: &io::Error) -> Option<Duration> {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if let ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted = error.kind() {
            return None;
        }
        let pause = self.last.map_or(FIRST, |last| (last * 2).min(LONGEST));
        self.last = Some(pause);
        Some(pause)
    }

    /// Notes that a connection was accepted.
    pub(crate) fn succeeded(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_gave_up_costs_no_pause() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.failed(&io::ErrorKind::ConnectionAborted.into()), None);
        assert_eq!(backoff.failed(&io::ErrorKind::ConnectionReset.into()), None);
    }

    #[test]
    fn running_out_of_descriptors_pauses_longer_and_longer_up_to_a_second() {
        const EMFILE: i32 = 24;
        let mut backoff = Backoff::default();
        let pauses: Vec<_> =
            (0..10).filter_map(|_| backoff.failed(&io::Error::from_raw_os_error(EMFILE))).collect();
        assert_eq!(pauses[0], FIRST);
        assert!(pauses.is_sorted());
        assert_eq!(pauses[9], LONGEST);

        backoff.succeeded();
        assert_eq!(backoff.failed(&io::Error::from_raw_os_error(EMFILE)), Some(FIRST));
    }
}
