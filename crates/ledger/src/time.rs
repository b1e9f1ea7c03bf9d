//! Points in time, as numbers: reading clocks and writing dates is done elsewhere.

/// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z, the earliest time that Florin keeps.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z, the latest time that Florin keeps.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Returns that time, or `None` outside the years 1 to 9999.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros >= Self::MIN.0 && micros <= Self::MAX.0 { Some(Self(micros)) } else { None }
    }

    /// Returns the next microsecond, or `None` after the last time of all.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::from_micros(self.0 + 1)
    }

    /// Returns the microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
}
