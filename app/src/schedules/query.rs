//! Which schedules and runs are asked for: by the path, by state.

use engine::schedules::{ScheduleId, ScheduleState};
use ledger::{LedgerName, Timestamp};
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::pagination::{PageParameters, PageRequest};
use crate::http::path::{FromPath, PathReader};
use crate::http::query::{FromQuery, QueryReader};
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
