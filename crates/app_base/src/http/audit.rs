//! How requests name who did what: actors and actions of the audit trail.

use identity::{Action, Actor};

use super::text::{FromText, Message};

impl FromText for Actor {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::parse(text)
            .ok_or_else(|| "must name somebody as records do, as in key:0PWjmK8zyWjb or operator".into())
    }
}

impl FromText for Action {
    fn from_text(text: &str) -> Result<Self, Message> {
        Self::named(text).ok_or_else(|| "must be an action as records have it, as in key.created".into())
    }
}
