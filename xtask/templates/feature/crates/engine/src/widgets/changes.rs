//! How gadgets come to be: each request once, however often it is sent.

use identity::{Action, AuditEvent};
use ledger::LedgerName;

use super::port::{KeptWidget, WidgetCreation};
use super::widget::{NewWidget, Widget, WidgetId};
use crate::Engine;
use crate::access::{WriteAccessError, random_name};
use crate::idempotency::{Fields, IdempotencyKey, KeyedRequest};
use crate::port::ReadError;

/// How often creating is tried, where the key turns out to be in use although it was not there a moment before.
const ATTEMPTS: usize = 3;

/// What came of creating a gadget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedWidget {
    /// The gadget.
    pub widget: Widget,
    /// Whether the same request had created it before.
    pub replayed: bool,
}

/// Why a gadget was not created or found.
#[derive(Debug, thiserror::Error)]
pub enum WidgetError {
    /// There is no such ledger.
    #[error("there is no such ledger")]
    LedgerNotFound,
    /// There is no such gadget.
    #[error("there is no such gadget")]
    NotFound,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// There is no randomness to be had.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// It was written, or it was not: asking again with the same key is safe.
    #[error(transparent)]
    Write(#[from] WriteAccessError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Engine {
    /// Creates a gadget.
    ///
    /// # Errors
    /// [`WidgetError`], but for [`WidgetError::NotFound`].
    pub async fn create_widget(
        &self,
        ledger: &LedgerName,
        NewWidget { name }: NewWidget,
        key: Option<IdempotencyKey>,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<CreatedWidget, WidgetError> {
        let mut asked = Fields::new("widget");
        asked.text(name.as_str());
        let fingerprint = asked.finish();
        let request = key.map(|key| KeyedRequest { key, fingerprint });
        let id = random_name().map_err(WidgetError::Random)?;
        let event = event(Action::WidgetCreated, format!("{ledger} {id}"));
        let id = WidgetId::parse(&id).expect("a random name is of the form of an id");
        let widget = Widget { id, name, created_at: self.now(), created_by: event.actor.clone() };
        let new = KeptWidget { widget, request };
        for _ in 0..ATTEMPTS {
            if let Some(request) = &new.request
                && let Some(found) = self.store().widgets().widget_under(ledger, &request.key).await?
            {
                let is_the_same = found.request.as_ref() == Some(request);
                let replayed = CreatedWidget { widget: found.widget, replayed: true };
                return if is_the_same { Ok(replayed) } else { Err(WidgetError::KeyReused) };
            }
            match self.store().widgets().create_widget(ledger, &new, &event).await? {
                WidgetCreation::Created => return Ok(CreatedWidget { widget: new.widget, replayed: false }),
                WidgetCreation::LedgerNotFound => return Err(WidgetError::LedgerNotFound),
                WidgetCreation::InUse => {}
            }
        }
        Err(WriteAccessError("the key is in use, and nothing is there under it".into()).into())
    }

    /// Reads one gadget.
    ///
    /// # Errors
    /// [`WidgetError::NotFound`], [`WidgetError::Read`].
    pub async fn widget(&self, ledger: &LedgerName, id: &WidgetId) -> Result<Widget, WidgetError> {
        self.store().widgets().widget(ledger, id).await?.ok_or(WidgetError::NotFound)
    }
}
