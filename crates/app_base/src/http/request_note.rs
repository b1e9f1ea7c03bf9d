//! What the audit trail says of a request: who did what, from which address, or was refused.

use std::net::IpAddr;

use engine::Engine;
use engine::access::AuthenticationError;
use identity::{Action, Actor, AuditEvent, UserId};
use pavex::http::Method;
use pavex::request::RequestHead;

use super::access_error::AccessError;
use super::problem::Problem;
use crate::telemetry::RequestContext;

/// What the audit trail says of a request.
#[derive(Clone)]
pub struct RequestNote {
    context: RequestContext,
    method: Method,
}

impl RequestNote {
    /// Takes down what it says of a request.
    pub fn of(head: &RequestHead, context: &RequestContext) -> Self {
        Self { context: *context, method: head.method.clone() }
    }

    /// Returns the address that it comes from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.context.peer.0.map(|address| address.ip())
    }

    /// Describes something that was done by it.
    #[must_use]
    pub fn event(&self, engine: &Engine, actor: Actor, action: Action, subject: String) -> AuditEvent {
        AuditEvent {
            at: engine.now(),
            actor,
            action,
            subject,
            address: self.address(),
            request_id: Some(self.context.request_id.to_string()),
            entry: None,
            count: 1,
        }
    }

    /// Notes that it was not let through.
    pub fn note(&self, engine: &Engine, actor: Actor, error: &AccessError) {
        // That the store does not answer is nobody's attempt.
        if matches!(error, AccessError::Refused(AuthenticationError::Read(_))) {
            return;
        }
        let code = Problem::from(error).code();
        match error {
            AccessError::Lacking(scope) => self.refused(engine, actor, &format!("{code}, {scope}")),
            _ => self.refused(engine, actor, code),
        }
    }

    /// Notes that somebody who is not known was refused, by a code, and which user they wanted to come in as. What they
    /// wrote instead of a user's address is in no record: it may be a password.
    pub fn note_code(&self, engine: &Engine, code: &str, whom: Option<&UserId>) {
        match whom {
            Some(user) => self.refused(engine, Actor::Unknown, &format!("{code}, user:{user}")),
            None => self.refused(engine, Actor::Unknown, code),
        }
    }

    /// Notes that somebody was refused, and why. The path stands as its pattern, so that what is alike is told together.
    pub fn refused(&self, engine: &Engine, actor: Actor, why: &str) {
        let (method, route) = (&self.method, self.context.route.unwrap_or_default());
        let subject = format!("{method} {route}: {why}");
        engine.note_refusal(self.event(engine, actor, Action::Refused, subject));
    }
}
