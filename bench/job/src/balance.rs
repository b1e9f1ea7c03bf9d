//! The four counters of an account and asset.

use crate::JobError;
use crate::amount::Units;

/// The four counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) posted_in: i128,
    pub(crate) posted_out: i128,
    pub(crate) pending_in: i128,
    pub(crate) pending_out: i128,
}

impl Balance {
    /// Reads the counters as a database gives them: decimal digits.
    pub(crate) fn parse(texts: [&str; 4]) -> Result<Self, JobError> {
        let read = |text: &str| text.parse().map_err(|_| JobError::Corrupt("a counter"));
        let [posted_in, posted_out, pending_in, pending_out] = texts;
        Ok(Self {
            posted_in: read(posted_in)?,
            posted_out: read(posted_out)?,
            pending_in: read(pending_in)?,
            pending_out: read(pending_out)?,
        })
    }

    pub(crate) fn posted(&self) -> Units {
        Units(self.posted_in - self.posted_out)
    }

    pub(crate) fn available(&self) -> Units {
        Units(self.posted_in - self.posted_out - self.pending_out)
    }
}
