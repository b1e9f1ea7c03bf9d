//! Gadgets in memory, in the plainest way: a list.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::widgets::{KeptWidget, Widget, WidgetCreation, WidgetId, WidgetStore};
use identity::AuditEvent;
use ledger::LedgerName;

use crate::store::MemoryStore;

/// All of them, each with its ledger.
#[derive(Default)]
pub(crate) struct KeptWidgets(Vec<(LedgerName, KeptWidget)>);

impl KeptWidgets {
    fn of<'a>(&'a self, ledger: &'a LedgerName) -> impl Iterator<Item = &'a KeptWidget> {
        self.0.iter().filter(move |(its, _)| its == ledger).map(|(_, kept)| kept)
    }
}

#[async_trait]
impl WidgetStore for MemoryStore {
    async fn create_widget(
        &self,
        ledger: &LedgerName,
        new: &KeptWidget,
        event: &AuditEvent,
    ) -> Result<WidgetCreation, WriteAccessError> {
        let ledger_is_there = self.database.find(ledger).is_some();
        self.on_access(|kept| {
            let is_like = |known: &KeptWidget| {
                let key = |kept: &KeptWidget| kept.request.as_ref().map(|request| request.key.clone());
                known.widget.id == new.widget.id || key(known).is_some_and(|its| key(new) == Some(its))
            };
            if !ledger_is_there {
                return WidgetCreation::LedgerNotFound;
            }
            if kept.features.widgets.of(ledger).any(is_like) {
                return WidgetCreation::InUse;
            }
            kept.features.widgets.0.push((ledger.clone(), new.clone()));
            kept.trail.push(event.clone());
            WidgetCreation::Created
        })
    }

    async fn widget(&self, ledger: &LedgerName, id: &WidgetId) -> Result<Option<Widget>, ReadError> {
        let ledger_is_there = self.database.find(ledger).is_some();
        let found = self.of_access(|kept| {
            kept.features
                .widgets
                .of(ledger)
                .find(|known| known.widget.id == *id)
                .map(|known| known.widget.clone())
        })?;
        if ledger_is_there { Ok(found) } else { Err(ReadError::LedgerNotFound) }
    }

    async fn widget_under(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptWidget>, ReadError> {
        self.of_access(|kept| {
            let is_under = |known: &&KeptWidget| known.request.as_ref().is_some_and(|its| its.key == *key);
            kept.features.widgets.of(ledger).find(is_under).cloned()
        })
    }
}
