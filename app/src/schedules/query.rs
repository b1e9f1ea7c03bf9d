//! Which schedules and runs are asked for: by the path, by state.

use engine::schedules::{ScheduleId, ScheduleState};
use ledger::{EntryNumber, LedgerName, Timestamp};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest, Position};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
use crate::http::text::{FromText, Message};
use crate::http::values::{LedgerNameText, ScheduleIdValue, ScheduleStateText};

/// `…/{ledger}/schedules/{id}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct SchedulePath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The schedule's id.
    #[schemars(with = "ScheduleIdValue")]
    pub id: ScheduleId,
}

impl FromPath for SchedulePath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let id = path.read("id", errors);
        Some(Self { ledger: ledger?, id: id? })
    }
}

impl FromText for ScheduleId {
    fn from_text(text: &str) -> Result<Self, Message> {
        let number = EntryNumber::from_text(text);
        number.map(|number| Self(number.0)).map_err(|_| "must be a schedule's number: 0, 1, 2, …".into())
    }
}

impl FromText for ScheduleState {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text).ok_or_else(|| "must be active, paused, completed or cancelled".into())
    }
}

/// Which schedules to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListSchedulesQuery {
    /// Those in this state only.
    #[schemars(with = "Option<ScheduleStateText>")]
    pub state: Option<ScheduleState>,
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<ScheduleId>,
}

impl FromQuery for ListSchedulesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { state: query.optional("state", errors), page: PageRequest::take(query, errors) }
    }
}

/// Which runs of a schedule to list.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ListRunsQuery {
    /// Which page.
    #[schemars(flatten, with = "PageParameters")]
    pub page: PageRequest<Timestamp>,
}

impl FromQuery for ListRunsQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { page: PageRequest::take(query, errors) }
    }
}

impl Position for ScheduleId {
    fn write(&self, cursor: &mut Vec<u8>) {
        EntryNumber(self.0).write(cursor);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        EntryNumber::read(bytes).map(|number| Self(number.0))
    }
}

impl Position for Timestamp {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.micros().to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_micros(i64::from_be_bytes(bytes.try_into().ok()?))
    }
}
