//! What requests and replies about gadgets look like.

use engine::widgets::{NewWidget, Widget, WidgetName};
use ledger::LedgerName;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::values::{LedgerNameText, TimeText};
use crate::http::widgets::{WidgetIdText, WidgetNameText};

/// A gadget to create.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "name": "first" }]))]
pub struct CreateWidgetRequest {
    /// What people call it.
    #[schemars(with = "WidgetNameText")]
    pub name: WidgetName,
}

impl FromJson for CreateWidgetRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut name = Slot::default();
        value.members(errors, |key, value, errors| match key {
            "name" => name.read(value, errors),
            _ => refuse_unknown(value, &["name"], errors),
        })?;
        Some(Self { name: name.required(value, "name", errors)? })
    }
}

impl From<CreateWidgetRequest> for NewWidget {
    fn from(CreateWidgetRequest { name }: CreateWidgetRequest) -> Self {
        Self { name }
    }
}

/// A gadget of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Widget")]
pub struct WidgetView {
    /// Its id, which never changes.
    pub id: WidgetIdText,
    /// The ledger that it belongs to.
    pub ledger: LedgerNameText,
    /// What people call it.
    pub name: WidgetNameText,
    /// When it was created.
    pub created_at: TimeText,
    /// Who created it: `key:…`, `user:…`, or whoever else may.
    pub created_by: String,
}

impl WidgetView {
    /// Shows a gadget of a ledger.
    #[must_use]
    pub fn of(ledger: LedgerName, widget: Widget) -> Self {
        let Widget { id, name, created_at, created_by } = widget;
        Self {
            id: WidgetIdText(id),
            ledger: LedgerNameText(ledger),
            name: WidgetNameText(name),
            created_at: TimeText(created_at),
            created_by: created_by.to_string(),
        }
    }
}
