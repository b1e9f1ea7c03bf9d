//! Gadgets: what they are, what a store is asked for them, and how they come to be.

mod changes;
mod port;
mod widget;

pub use changes::{CreatedWidget, WidgetError};
pub use port::{KeptWidget, WidgetCreation, WidgetStore};
pub use widget::{NewWidget, Widget, WidgetId, WidgetName, WidgetTextError};
