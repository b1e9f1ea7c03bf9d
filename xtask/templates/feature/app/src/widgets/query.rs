//! Which gadgets are asked for.

use engine::widgets::WidgetId;
use ledger::LedgerName;
use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::path::{FromPath, PathReader};
use crate::http::values::LedgerNameText;
use crate::http::widgets::WidgetIdText;

/// `…/{ledger}/widgets/{id}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct WidgetPath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The gadget's id.
    #[schemars(with = "WidgetIdText")]
    pub id: WidgetId,
}

impl FromPath for WidgetPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let id = path.read("id", errors);
        Some(Self { ledger: ledger?, id: id? })
    }
}
