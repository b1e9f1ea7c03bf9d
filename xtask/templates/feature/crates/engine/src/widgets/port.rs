//! What the engine asks of a store for gadgets. A store keeps them and never judges.

use async_trait::async_trait;
use identity::AuditEvent;
use ledger::LedgerName;

use super::widget::{Widget, WidgetId};
use crate::access::WriteAccessError;
use crate::idempotency::{IdempotencyKey, KeyedRequest};
use crate::port::ReadError;

/// A place that keeps gadgets durably, beside the ledgers that they belong to.
#[async_trait]
pub trait WidgetStore: Send + Sync {
    /// Creates a gadget and records that, both or neither. What it says is durable when this returns.
    ///
    /// # Errors
    /// [`WriteAccessError`].
    async fn create_widget(
        &self,
        ledger: &LedgerName,
        new: &KeptWidget,
        event: &AuditEvent,
    ) -> Result<WidgetCreation, WriteAccessError>;

    /// Reads one gadget.
    ///
    /// # Errors
    /// [`ReadError::LedgerNotFound`], [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn widget(&self, ledger: &LedgerName, id: &WidgetId) -> Result<Option<Widget>, ReadError>;

    /// Reads the gadget that was created under a key; none where no ledger of the name is there.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`], [`ReadError::Corrupt`].
    async fn widget_under(
        &self,
        ledger: &LedgerName,
        key: &IdempotencyKey,
    ) -> Result<Option<KeptWidget>, ReadError>;
}

/// A gadget with the request that it was created by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWidget {
    /// The gadget.
    pub widget: Widget,
    /// The caller's key and what it stands for.
    pub request: Option<KeyedRequest>,
}

/// What came of creating a gadget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WidgetCreation {
    /// It is there now.
    Created,
    /// Nothing is written: there is no such ledger.
    LedgerNotFound,
    /// Nothing is written: the ledger has one of this key, or of this id.
    InUse,
}
