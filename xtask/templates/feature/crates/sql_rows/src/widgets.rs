//! Gadgets as rows, and back: what both databases keep in the same columns.

use engine::widgets::{KeptWidget, Widget, WidgetId, WidgetName};
use identity::Actor;

use crate::failure::Corruption;
use crate::rows::Reader;

/// A row of `widgets`.
pub struct WidgetRow {
    /// Its public name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// When it was created.
    pub created_at: i64,
    /// Who created it.
    pub created_by: String,
    /// The key that it was asked for with.
    pub idempotency_key: Option<String>,
    /// What the key stands for.
    pub request_fingerprint: Option<Vec<u8>>,
}

impl WidgetRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn widget(self) -> Result<KeptWidget, Corruption> {
        let place = || format!("the gadget {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        let widget = Widget {
            id: WidgetId::parse(&self.id).map_err(|_| bad("its id is not one"))?,
            name: WidgetName::parse(&self.name).map_err(|_| bad("its name is not one"))?,
            created_at: reader.time(self.created_at)?,
            created_by: Actor::parse(&self.created_by).ok_or_else(|| bad("who created it is nobody"))?,
        };
        let request = reader.request(self.idempotency_key.clone(), self.request_fingerprint.clone())?;
        Ok(KeptWidget { widget, request })
    }
}
